// What a search may be asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nearfile/filter.hpp"
#include "nearfile/index.hpp"

namespace nearfile::api {

// These throw Error: not_found, or invalid_argument that says what was expected.
void check_row(const Index::State& state, std::uint32_t row);
void check_filter(const Index::State& state, const Filter& filter);
// One for all queries or one for each, and none of another index.
void check_filters(const Index::State& state, const Filter* filter, std::span<const Filter* const> filters,
                   std::size_t n_queries);
void check_options(const Index::State& state, const SearchOptions& options);

// `room`: for how many neighbours the output is, which must be `width` a query.
void check_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                 std::size_t width, std::size_t room);

}  // namespace nearfile::api
