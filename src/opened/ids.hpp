// Names of items: rows, 64-bit integers or strings, looked up both ways straight from the map.
//
// Stored are the ids in row order and, unless they ascend already, the rows in the order of their ids, for binary
// search.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "nearfile/types.hpp"

namespace nearfile::opened {

// A view into the map (or into a builder's memory). Damaged offsets give empty ids, never a read outside.
struct IdTable {
    IdKind kind = IdKind::row;
    std::uint32_t count = 0;
    std::span<const std::int64_t> numbers;       // int64
    std::span<const std::uint64_t> text_starts;  // string: count + 1 offsets into text
    std::span<const char> text;
    std::span<const std::uint32_t> order;  // rows by ascending id; empty where rows ascend

    std::int64_t number(std::uint32_t row) const noexcept {
        return kind == IdKind::int64 ? numbers[row] : static_cast<std::int64_t>(row);
    }
    std::string_view string(std::uint32_t row) const noexcept;
    std::optional<std::uint32_t> find(std::int64_t id) const noexcept;
    std::optional<std::uint32_t> find(std::string_view id) const noexcept;
};

// What a builder collects.
class IdList {
public:
    IdKind kind = IdKind::row;
    std::vector<std::int64_t> numbers;
    std::vector<std::uint64_t> text_starts;
    std::string text;

    IdTable table(std::uint32_t count) const noexcept;
};

// The rows in ascending order of their ids, empty where they ascend already. Strings compare byte by byte. Two equal
// ids are an error that names the id and its rows.
base::Result<std::vector<std::uint32_t>> sort_ids(const IdTable& ids);

}  // namespace nearfile::opened
