// What values may be, of vectors and of queries alike.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nearfile::build {
class Rows;
}

namespace nearfile::api {

// Rows of `dim` values: finite and not longer than 4e18, or zeros and ones for bits. `noun` says in the error what a
// row is. Throws Error(invalid_argument) that names the value.
void check_values(std::span<const float> rows, std::uint32_t dim, bool bits, std::string_view noun);

// That half precision holds every value of rows that are not bits. Throws Error(invalid_argument) that names the value.
void check_halves(const build::Rows& rows);

}  // namespace nearfile::api
