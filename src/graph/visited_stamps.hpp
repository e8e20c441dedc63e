// Which items a walk has visited and which it has expanded: a number an item, with a new meaning for every walk, so
// that nothing has to be cleared. For walks without end over a graph that is built; a search, which is one walk over
// many items that lie far apart, has `Visited`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "graph/distances.hpp"

namespace nearfile::graph {

class VisitedStamps {
public:
    explicit VisitedStamps(std::uint32_t count) : stamps_(count) {}

    void start() {
        if (visited_ >= std::numeric_limits<std::uint16_t>::max() - 3) {
            stamps_.assign(stamps_.size(), 0);
            visited_ = 0;
        }
        visited_ = static_cast<std::uint16_t>(visited_ + 2);
    }

    // False where it was visited before. Without a branch: that is a coin flip to the processor.
    bool visit(ItemId item) noexcept {
        std::uint16_t& stamp = stamps_[item];
        const bool fresh = stamp < visited_;
        stamp = fresh ? visited_ : stamp;
        return fresh;
    }

    bool expanded(ItemId item) const noexcept { return stamps_[item] > visited_; }
    void set_expanded(ItemId item) noexcept { stamps_[item] = static_cast<std::uint16_t>(visited_ + 1); }

private:
    std::vector<std::uint16_t> stamps_;
    std::uint16_t visited_ = 0;
};

}  // namespace nearfile::graph
