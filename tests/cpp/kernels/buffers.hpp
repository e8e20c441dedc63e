// What the tests of kernels read from: random numbers, and buffers that end where the contract lets reading end, so
// that AddressSanitizer sees a read past it. NEARFILE_TEST_REDUCED=1 takes a few dims instead of all: for emulators
// (tools/emulate/).
#pragma once

#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "kernels/kernels.hpp"

namespace nearfile::test {

struct Random {
    std::uint64_t state = 0x9e3779b97f4a7c15U;
    std::uint32_t next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<std::uint32_t>(state >> 32);
    }
    std::uint32_t below(std::uint32_t limit) { return next() % limit; }
};

inline bool reduced() {
    const char* value = std::getenv("NEARFILE_TEST_REDUCED");
    return value && *value && *value != '0';
}

inline std::vector<std::size_t> sizes(std::size_t dense_until, std::initializer_list<std::size_t> large) {
    std::vector<std::size_t> all;
    if (reduced()) {
        for (std::size_t size :
             {1, 2, 3, 7, 8, 9, 15, 16, 17, 25, 31, 32, 33, 47, 50, 63, 64, 65, 96, 127, 128, 129, 200, 257})
            if (size <= dense_until) all.push_back(size);
    } else {
        for (std::size_t size = 1; size <= dense_until; ++size) all.push_back(size);
    }
    all.insert(all.end(), large);
    return all;
}

// `n` rows that start `offset` bytes into a heap block ending exactly `overread` bytes after the last row. What is not
// a row, between, before and after, is filled with 0xff (for floats, NaN) or, to see whether it matters, something
// else.
template <class Element>
struct Rows {
    std::size_t dim, n, offset, stride, n_bytes;
    std::unique_ptr<unsigned char[]> block;

    Rows(std::size_t row_dim, std::size_t n_rows, std::size_t first, std::size_t padding, std::size_t overread)
        : dim(row_dim),
          n(n_rows),
          offset(first),
          stride(row_dim * sizeof(Element) + padding),
          n_bytes(first + (n_rows - 1) * stride + row_dim * sizeof(Element) + overread),
          block(new unsigned char[n_bytes]) {
        std::memset(block.get(), 0xff, n_bytes);
    }

    const Element* data() const { return reinterpret_cast<const Element*>(block.get() + offset); }
    Element get(std::size_t row, std::size_t i) const {
        Element value;
        std::memcpy(&value, block.get() + offset + row * stride + i * sizeof(Element), sizeof value);
        return value;
    }
    void set(std::size_t row, std::size_t i, Element value) {
        std::memcpy(block.get() + offset + row * stride + i * sizeof(Element), &value, sizeof value);
    }

    // The same rows with other bytes around them.
    Rows with_other_surroundings(Random& random) const {
        Rows copy(dim, n, offset, stride - dim * sizeof(Element),
                  n_bytes - offset - (n - 1) * stride - dim * sizeof(Element));
        for (std::size_t b = 0; b < n_bytes; ++b) copy.block[b] = static_cast<unsigned char>(random.next());
        for (std::size_t row = 0; row < n; ++row)
            for (std::size_t i = 0; i < dim; ++i) copy.set(row, i, get(row, i));
        return copy;
    }
};

template <class Out>
bool same_bits(const std::vector<Out>& a, const std::vector<Out>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Out)) == 0);
}

// A query on the heap that ends with its last element.
template <class Element>
std::unique_ptr<Element[]> exact_query(std::size_t n) {
    return std::unique_ptr<Element[]>(new Element[n]);
}

// An 8-bit query: zero up to the next multiple of 64, and ending there.
template <class Element>
std::unique_ptr<Element[]> padded_query(std::size_t dim) {
    return std::unique_ptr<Element[]>(new Element[(dim + 63) / 64 * 64]());
}

inline std::vector<int> range(int first, int last) {
    std::vector<int> values;
    for (int value = first; value <= last; ++value) values.push_back(value);
    return values;
}

}  // namespace nearfile::test
