// The distinct strings of a column in ascending order, byte by byte, and for each string which of them it is.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nearfile/attributes.hpp"

namespace nearfile::attributes {

struct Dictionary {
    std::vector<std::string_view> values;  // into the column's text
    std::vector<std::uint32_t> codes;      // of each string of the column; 0 where a row's value is missing
    std::uint64_t text_bytes = 0;
};

Dictionary dictionary_of(const Column& column);

}  // namespace nearfile::attributes
