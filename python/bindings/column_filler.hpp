// Fills a Column value by value, in the layout that the core takes.
#pragma once

#include <cstdint>
#include <nearfile/attributes.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace nearfile::python {

// What there is to know of a column before its values.
struct ColumnHead {
    ColumnType type = ColumnType::int64;
    std::uint32_t ticks_per_second = 0;
    std::string time_zone = {};

    bool operator==(const ColumnHead&) const = default;
};

class ColumnFiller {
public:
    ColumnFiller(std::string name, const ColumnHead& head);

    // A row, by the column's type.
    void add_integer(std::int64_t value) {
        column_.integers.push_back(value);
        end_row(false);
    }
    void add_number(double value) {
        column_.numbers.push_back(value);
        end_row(false);
    }
    void add_text(std::string_view value) {
        add_to_list(value);
        end_row(false);
    }
    void add_missing();

    // Of a column of lists: any number of strings, then the end of their row.
    void add_to_list(std::string_view value) {
        column_.text.append(value);
        column_.text_starts.push_back(column_.text.size());
    }
    void end_list() { end_row(false); }

    std::uint64_t rows() const noexcept { return rows_; }
    const std::string& name() const noexcept { return column_.name; }
    Column take() { return std::move(column_); }

private:
    void end_row(bool missing);

    Column column_;
    std::uint64_t rows_ = 0;
};

}  // namespace nearfile::python
