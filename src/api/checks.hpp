// What values may be, of vectors and of queries alike.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "nearfile/index.hpp"

namespace nearfile::build {
class Rows;
}

namespace nearfile::api {

// Rows of `dim` values: finite and not longer than 4e18, or zeros and ones for bits. `noun` says in the error what a
// row is. Throws Error(invalid_argument) that names the value.
void check_values(std::span<const float> rows, std::uint32_t dim, bool bits, std::string_view noun);

// That half precision holds every value of rows that are not bits. Throws Error(invalid_argument) that names the value.
void check_halves(const build::Rows& rows);

// What a build may be given to begin with, for `count` rows or for these. Throw Error(invalid_argument).
void check_candidates(std::span<const std::int64_t> candidates, std::uint32_t count, Structure structure);
void check_like(const Index::State& like, Metric metric, const build::Rows& rows, IdKind ids, Structure structure);

}  // namespace nearfile::api
