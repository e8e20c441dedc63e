// The reference of kernels that read vectors as they are kept.
#include <cstring>

#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

constexpr std::size_t n_sums = 32;

float with_bits(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// ---- how a vector is kept: value i of a row

struct Row {
    const unsigned char* values;
    const unsigned char* lower;

    template <class Element>
    Element value(std::size_t i) const {
        Element element;
        std::memcpy(&element, values + i * sizeof element, sizeof element);
        return element;
    }
    std::uint16_t low(std::size_t i) const {
        std::uint16_t half;
        std::memcpy(&half, lower + i * sizeof half, sizeof half);
        return half;
    }
};

struct Single {
    static float of(const Row& row, std::size_t i) { return row.value<float>(i); }
};
struct Half {
    static float of(const Row& row, std::size_t i) {
        const auto half = row.value<std::uint16_t>(i);
        float single;
        scalar_kernels.half_to_float(&half, 1, &single);
        return single;
    }
};
struct Byte {
    static float of(const Row& row, std::size_t i) { return row.value<std::uint8_t>(i); }
};
struct Upper {
    static float of(const Row& row, std::size_t i) {
        return with_bits(static_cast<std::uint32_t>(row.value<std::uint16_t>(i)) << 16);
    }
};
struct Parts {
    static float of(const Row& row, std::size_t i) {
        return with_bits(static_cast<std::uint32_t>(row.value<std::uint16_t>(i)) << 16 | row.low(i));
    }
};

// ---- what is added up

float dot_term(float q, float x) {
    return q * x;
}

float squared_term(float q, float x) {
    const float difference = q - x;
    return difference * difference;
}

float absolute(float value) {
    return value < 0 ? -value : value;
}

float absolute_term(float q, float x) {
    return absolute(q - x);
}

float magnitude_term(float q, float x) {
    return absolute(q * x);
}

template <class Kept, float (*term)(float, float)>
void vector_batch(const float* query, const VectorRows& rows, const ItemId* ids, std::size_t count, std::size_t dim,
                  float* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::size_t at = ids ? ids[j] : j;
        const Row row{static_cast<const unsigned char*>(rows.values) + at * rows.stride,
                      rows.lower ? static_cast<const unsigned char*>(rows.lower) + at * rows.stride : nullptr};
        const float scale = rows.scales ? rows.scales[at] * rows.scale : rows.scale;
        float sums[n_sums] = {};
        for (std::size_t i = 0; i < dim; ++i) sums[i % n_sums] += term(query[i], scale * Kept::of(row, i));
        for (std::size_t half = n_sums / 2; half > 0; half /= 2)
            for (std::size_t s = 0; s < half; ++s) sums[s] += sums[s + half];
        out[j] = sums[0];
    }
}

template <class Kept>
constexpr VectorKernelSet set_of = {vector_batch<Kept, dot_term>, vector_batch<Kept, squared_term>,
                                    vector_batch<Kept, absolute_term>, vector_batch<Kept, magnitude_term>};

}  // namespace

constinit const VectorKernels scalar_vectors = {set_of<Single>, set_of<Half>, set_of<Byte>, set_of<Upper>,
                                                set_of<Parts>};

}  // namespace nearfile::kernels
