// What an index has open, for tests of what lies below the public classes.
#pragma once

#include <algorithm>
#include <memory>

#include "api/graph_sample.hpp"
#include "opened/state.hpp"

namespace nearfile::sample {

inline std::shared_ptr<const Index::State> open(const Index& index) {
    base::AlignedBuffer bytes(index.bytes().size());
    std::copy(index.bytes().begin(), index.bytes().end(), bytes.data());
    return opened::open_state(std::move(bytes));
}

}  // namespace nearfile::sample
