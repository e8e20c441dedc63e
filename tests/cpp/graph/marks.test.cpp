// What a walk has met it meets once, and every walk starts with nothing met, however many there were.
#include "graph/marks.hpp"

#include "check.hpp"

using namespace nearfile::graph;

TEST(marks_are_of_one_walk) {
    Marks marks(10);
    // More walks than there are numbers for.
    for (int walk = 0; walk < 70'000; ++walk) {
        marks.start();
        for (RowId item = 0; item < 10; ++item) CHECK(!marks.been(item));
        CHECK(marks.meet(3) && !marks.meet(3) && marks.meet(9));
        CHECK(!marks.been(3));
        marks.set_been(3);
        CHECK(marks.been(3) && !marks.been(9) && !marks.meet(3) && marks.been(3));
    }
}
