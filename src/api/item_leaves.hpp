// The leaves that the trees of an index have an item in, and the ways there.
#pragma once

#include <vector>

#include "nearfile/inspection.hpp"
#include "opened/state.hpp"
#include "search/scorer.hpp"

namespace nearfile::api {

// `scorer` has the item's vector for its query. Throws Error(bad_file) where a tree does not have the item.
std::vector<Inspection::Leaf> leaves_of(const Index::State& state, std::uint32_t item, search::Scorer& scorer);

}  // namespace nearfile::api
