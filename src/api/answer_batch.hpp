// A checked batch of queries, shared among threads.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "nearfile/index.hpp"
#include "nearfile/types.hpp"

namespace nearfile::api {

// Given the nearest of each query, from any thread: k of them, or min(k, what its filter allows).
using Put = std::function<void(std::size_t query, std::span<const Neighbor> nearest)>;

// `k` is at most the number of items.
void answer_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                  std::size_t k, const Put& put);

}  // namespace nearfile::api
