// Which items a walk has met and which it has been at: a number an item, with a new meaning for every walk, so that
// nothing has to be cleared. For walks without end over a graph that is built; a search, which is one walk over many
// items that lie far apart, has `Visited`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "graph/distances.hpp"

namespace nearfile::graph {

class Marks {
public:
    explicit Marks(std::uint32_t count) : marks_(count) {}

    void start() {
        if (met_ >= std::numeric_limits<std::uint16_t>::max() - 3) {
            marks_.assign(marks_.size(), 0);
            met_ = 0;
        }
        met_ = static_cast<std::uint16_t>(met_ + 2);
    }

    // False where it was met before. Without a branch: that is a coin flip to the processor.
    bool meet(RowId item) noexcept {
        std::uint16_t& mark = marks_[item];
        const bool fresh = mark < met_;
        mark = fresh ? met_ : mark;
        return fresh;
    }

    bool been(RowId item) const noexcept { return marks_[item] > met_; }
    void set_been(RowId item) noexcept { marks_[item] = static_cast<std::uint16_t>(met_ + 1); }

private:
    std::vector<std::uint16_t> marks_;
    std::uint16_t met_ = 0;
};

}  // namespace nearfile::graph
