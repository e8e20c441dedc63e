// What a builder collects of columns: each as arrays of one type that grow from call to call.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "nearfile/attributes.hpp"

namespace nearfile::attributes {

class CollectedColumns {
public:
    // Whether `rows` more may be added with these columns: the first call settles which there are.
    base::Result<void> check(std::span<const Column> columns, std::uint64_t rows) const;

    // Room for what was checked, so that append() cannot fail. Throws std::bad_alloc; nothing was added then.
    void reserve(std::span<const Column> columns, std::uint64_t rows);
    void append(std::span<const Column> columns, std::uint64_t rows) noexcept;

    const std::vector<Column>& columns() const noexcept { return columns_; }

private:
    bool settled_ = false;
    std::uint64_t rows_ = 0;
    std::vector<Column> columns_;  // in the order of the first call
    std::vector<Column> first_;    // what reserve() made of the first call, until append()
};

}  // namespace nearfile::attributes
