// What a walk has visited it visits once, and every walk starts with nothing visited, however many there were.
#include "graph/visited_stamps.hpp"

#include "check.hpp"

using namespace nearfile::graph;

TEST(marks_are_of_one_walk) {
    VisitedStamps stamps(10);
    // More walks than there are numbers for.
    for (int walk = 0; walk < 70'000; ++walk) {
        stamps.start();
        for (ItemId item = 0; item < 10; ++item) CHECK(!stamps.expanded(item));
        CHECK(stamps.visit(3) && !stamps.visit(3) && stamps.visit(9));
        CHECK(!stamps.expanded(3));
        stamps.set_expanded(3);
        CHECK(stamps.expanded(3) && !stamps.expanded(9) && !stamps.visit(3) && stamps.expanded(3));
    }
}
