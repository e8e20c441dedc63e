// The columns of an open index: views of mapped bytes, made once and never changed.
//
// Opening checks the directory, which is copied, and that every array is as long as it must be. What the arrays say is
// checked where it is used: the file may be damaged, and may change while it is mapped. verify() reads everything.
//
// Threading: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attributes/bitmap.hpp"
#include "attributes/layout.hpp"
#include "base/once.hpp"
#include "base/result.hpp"
#include "nearfile/attributes.hpp"

namespace nearfile::attributes {

// Whole numbers of 1, 2, 4 or 8 bytes.
class Integers {
public:
    Integers() = default;
    Integers(std::span<const std::byte> bytes, std::size_t width) : bytes_(bytes), width_(width) {}

    std::size_t size() const noexcept { return bytes_.size() / width_; }
    std::size_t width() const noexcept { return width_; }
    template <class T>
    const T* as() const noexcept {
        return reinterpret_cast<const T*>(bytes_.data());
    }
    std::uint64_t operator[](std::size_t i) const noexcept {
        switch (width_) {
            case 1:
                return base::read_once(as<std::uint8_t>()[i]);
            case 2:
                return base::read_once(as<std::uint16_t>()[i]);
            case 4:
                return base::read_once(as<std::uint32_t>()[i]);
            default:
                return base::read_once(as<std::uint64_t>()[i]);
        }
    }

private:
    std::span<const std::byte> bytes_;
    std::size_t width_ = 1;
};

struct ColumnView {
    ColumnInfo info;
    std::uint32_t count = 0;  // of items

    const std::uint64_t* present = nullptr;  // a bitmap; null where no value is missing
    // One of these two: bits of a column of bool, or values of eight bytes with the minimum and maximum of each block.
    const std::uint64_t* bits = nullptr;
    std::span<const std::byte> values;
    std::span<const std::byte> minima;
    std::span<const std::byte> maxima;

    // Of string and strings: the code of each item's string, or of all strings in the items' lists.
    Integers codes;
    std::span<const std::uint32_t> list_starts;     // of strings: in codes, and their number
    std::span<const std::uint32_t> posting_starts;  // of each code in postings, and their number
    std::span<const std::uint32_t> postings;        // items, ascending for each code
    Integers text_starts;                           // of each code in text, and its length
    std::span<const char> text;

    template <class T>
    static const T* as(std::span<const std::byte> bytes) noexcept {
        return reinterpret_cast<const T*>(bytes.data());
    }

    struct Range {
        std::size_t first = 0;
        std::size_t size = 0;
    };

    bool has_value(std::uint32_t item) const noexcept { return present == nullptr || bit_at(present, item); }
    // Empty where the code or what the file says of it cannot be.
    std::string_view string(std::uint64_t code) const noexcept;
    // Where in codes the list of an item is; empty where what the file says cannot be.
    Range list(std::uint32_t item) const noexcept;
    // The items that have one of the codes from `first` to `last`, the same; of several codes one after another.
    std::span<const std::uint32_t> items_of(std::uint32_t first, std::uint32_t last) const noexcept;
};

class Columns {
public:
    Columns() = default;

    // The bytes of the two sections; `values` starts at a multiple of 64. The error says what does not hold.
    static base::Result<Columns> open(std::span<const std::byte> directory, std::span<const std::byte> values,
                                      std::uint32_t count);

    std::uint32_t count() const noexcept { return count_; }
    const std::vector<ColumnView>& views() const noexcept { return views_; }
    // Null where there is none of this name.
    const ColumnView* find(std::string_view name) const noexcept;
    std::vector<ColumnInfo> infos() const;

    // The values of these items, one after another, in the order of the columns.
    std::vector<Column> values_of(std::span<const std::uint32_t> items) const;

private:
    std::uint32_t count_ = 0;
    std::vector<ColumnView> views_;
    std::vector<std::uint32_t> by_name_;  // numbers of views in the order of their names
};

}  // namespace nearfile::attributes
