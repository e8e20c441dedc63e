// One tree, straight down: the leaf that a query falls into, as a range of items. For trees whose leaves hold the items
// in order.
#pragma once

#include <cstddef>
#include <span>

#include "forest/forest.hpp"
#include "forest/gather.hpp"

namespace nearfile::forest {

// Where the file is damaged, the range is empty or some other one below count.
Range descend(const kernels::Kernels& kernels, const PlaneForest& forest, const PlaneQuery& query);
Range descend(const BitForest& forest, std::span<const std::uint64_t> query);

}  // namespace nearfile::forest
