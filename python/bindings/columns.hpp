// Columns of attributes between Python and the core: what a builder is given, and what an index gives back.
#pragma once

#include <cstdint>
#include <memory>
#include <nearfile/attributes.hpp>
#include <utility>
#include <vector>

namespace nearfile::python {

class Columns {
public:
    const std::vector<Column>& all() const noexcept { return *columns_; }

    // Those that were given out share the memory until more are added.
    std::shared_ptr<const std::vector<Column>> shared() const noexcept { return columns_; }

    void add(Column column) {
        if (columns_.use_count() > 1) columns_ = std::make_shared<std::vector<Column>>(*columns_);
        columns_->push_back(std::move(column));
    }

private:
    std::shared_ptr<std::vector<Column>> columns_ = std::make_shared<std::vector<Column>>();
};

// Rows `start` to `start + count` of columns that have as many, for a builder that takes them in blocks.
std::vector<Column> slice(const std::vector<Column>& columns, std::uint64_t start, std::uint64_t count);

// How many rows its arrays are of.
std::uint64_t rows_of(const Column& column) noexcept;

}  // namespace nearfile::python
