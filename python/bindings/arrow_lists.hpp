// Where the lists of Arrow's arrays lie among their elements.
#pragma once

#include <cstdint>
#include <string>

#include "arrow_buffers.hpp"

namespace nearfile::python {

struct Extent {
    std::int64_t start;
    std::int64_t end;
};

// Of row i, by offsets, by offsets and sizes, or by one size of all. What it says is checked by whoever asks.
template <class Offset>
class OffsetLists {
public:
    OffsetLists(const ArrowArray& array, const std::string& column) : offsets_(array, 1, column) {}
    Extent operator[](std::int64_t i) const { return {offsets_[i], offsets_[i + 1]}; }

private:
    ArrowBuffer<Offset> offsets_;
};

template <class Offset>
class ViewLists {
public:
    ViewLists(const ArrowArray& array, const std::string& column)
        : offsets_(array, 1, column), sizes_(array, 2, column) {}
    Extent operator[](std::int64_t i) const {
        const std::int64_t start = offsets_[i];
        const std::int64_t size = sizes_[i];
        // Sums that could overflow are of no list.
        const bool sane = start >= 0 && start <= most_arrow_rows && size >= 0 && size <= most_arrow_rows;
        return sane ? Extent{start, start + size} : Extent{-1, -1};
    }

private:
    ArrowBuffer<Offset> offsets_;
    ArrowBuffer<Offset> sizes_;
};

class FixedLists {
public:
    FixedLists(const ArrowArray& array, std::int64_t size) : size_(size), offset_(array.offset) {}
    Extent operator[](std::int64_t i) const {
        // Products that could overflow are of no list.
        const bool sane = size_ == 0 || offset_ + i < most_arrow_rows / size_;
        return sane ? Extent{(offset_ + i) * size_, (offset_ + i + 1) * size_} : Extent{-1, -1};
    }

private:
    std::int64_t size_;
    std::int64_t offset_;
};

}  // namespace nearfile::python
