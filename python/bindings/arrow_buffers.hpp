// The buffers of Arrow's arrays, read wherever they lie, and what is said of those that cannot be.
#pragma once

#include <cstdint>
#include <cstring>
#include <nearfile/error.hpp>
#include <string>

#include "arrow_abi.hpp"

namespace nearfile::python {

// More rows, of all that is read at once, are a mistake of whoever made the array.
inline constexpr std::int64_t most_arrow_rows = std::int64_t{1} << 40;

[[noreturn]] inline void refuse_column(const std::string& column, const std::string& message) {
    throw Error(ErrorCode::invalid_argument, "column '" + column + "': " + message);
}

[[noreturn]] inline void refuse_damaged(const std::string& column, const std::string& what) {
    refuse_column(column, "expected an Arrow array that is whole, got one with " + what);
}

// A buffer of values of one width; row 0 is the first after the array's offset.
template <class T>
class ArrowBuffer {
public:
    ArrowBuffer(const ArrowArray& array, int buffer, const std::string& column)
        : data_(static_cast<const char*>(array.buffers[buffer])), offset_(array.offset) {
        if (data_ == nullptr && array.length > 0) {
            refuse_damaged(column, "rows and nothing in buffer " + std::to_string(buffer));
        }
    }

    const char* place(std::int64_t i) const { return data_ + (offset_ + i) * static_cast<std::int64_t>(sizeof(T)); }

    T operator[](std::int64_t i) const {
        T value;
        std::memcpy(&value, place(i), sizeof value);
        return value;
    }

private:
    const char* data_;
    std::int64_t offset_;
};

// A buffer of bits, which may be absent: all of them are 1 then.
class ArrowBits {
public:
    ArrowBits(const ArrowArray& array, int buffer)
        : bytes_(static_cast<const std::uint8_t*>(array.buffers[buffer])), offset_(array.offset) {}

    bool operator[](std::int64_t i) const {
        return bytes_ == nullptr || (bytes_[(offset_ + i) / 8] >> (offset_ + i) % 8 & 1) != 0;
    }
    bool is_absent() const { return bytes_ == nullptr; }

private:
    const std::uint8_t* bytes_;
    std::int64_t offset_;
};

}  // namespace nearfile::python
