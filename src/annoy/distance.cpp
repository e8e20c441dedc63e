#include "annoy/distance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace nearfile::annoy {
namespace {

using kernels::ItemId;

// Annoy's formula, in its precisions, so that a vector is at exactly 0 from itself.
float angular_order(float product, float squared_norm_a, float squared_norm_b) noexcept {
    const float squared_norms = squared_norm_a * squared_norm_b;
    if (!(squared_norms > 0)) return 2;  // a zero vector, or no number
    const float norms = std::sqrt(squared_norms);
    return static_cast<float>(2.0 - 2.0 * static_cast<double>(product) / static_cast<double>(norms));
}

}  // namespace

Query::Query(const kernels::Kernels& kernels, const Nodes& nodes, std::span<const float> values)
    : kernels_(kernels), nodes_(nodes), values_(values) {
    if (is_bits()) {
        words_.resize(nodes.layout().words, 0);
        aligned_.resize(nodes.layout().words);
        for (std::size_t d = 0; d < values.size(); ++d) {
            if (values[d] > 0.5f) words_[d / 64] |= std::uint64_t{1} << (d % 64);
        }
    } else if (nodes.layout().name == AnnoyLayout::angular) {
        squared_norm_ = inner_product(values.data());
    }
}

float Query::inner_product(const float* vector) const noexcept {
    float product;
    kernels_.dot_f32(values_.data(), vector, 0, nullptr, 1, values_.size(), &product);
    return product;
}

float Query::margin(NodeId split) const noexcept {
    if (is_bits()) {
        // Vectors have their first bit lowest in a word, splits count from the highest.
        const std::uint64_t bit = nodes_.split_bit(split);
        const std::size_t word = static_cast<std::size_t>(bit / 64) % words_.size();
        return (words_[word] >> (63 - bit % 64) & 1) != 0 ? 1.0f : 0.0f;
    }
    const float product = inner_product(nodes_.floats(split));
    switch (nodes_.layout().name) {
        case AnnoyLayout::euclidean:
        case AnnoyLayout::manhattan:
            return nodes_.extra(split) + product;
        case AnnoyLayout::dot:
            // Not the margin of the plane: a mistake of these versions, which the answers depend on.
            return product + nodes_.extra(split) * nodes_.extra(split);
        default:
            return product;
    }
}

void Query::order_by(std::span<const ItemId> items, std::span<float> out) const noexcept {
    if (is_bits()) return bits_order_by(items, out);
    const std::size_t stride = nodes_.layout().node_bytes;
    const std::size_t dim = values_.size();
    switch (nodes_.layout().name) {
        case AnnoyLayout::euclidean:
            kernels_.squared_l2_f32(values_.data(), nodes_.floats(), stride, items.data(), items.size(), dim,
                                    out.data());
            return;
        case AnnoyLayout::manhattan:
            kernels_.l1_f32(values_.data(), nodes_.floats(), stride, items.data(), items.size(), dim, out.data());
            return;
        case AnnoyLayout::angular:
            return angular_order_by(items, out);
        default:
            kernels_.dot_f32(values_.data(), nodes_.floats(), stride, items.data(), items.size(), dim, out.data());
            for (float& value : out) value = -value;
    }
}

// The norms that newer files store were added in another order than ours, and the difference would be all that is left
// of the distance of near vectors. So every vector is read twice, the second time out of the nearest cache.
void Query::angular_order_by(std::span<const ItemId> items, std::span<float> out) const noexcept {
    const std::size_t stride = nodes_.layout().node_bytes;
    const std::size_t dim = values_.size();
    constexpr std::size_t bytes_at_once = 16384;
    const std::size_t at_once = std::clamp<std::size_t>(bytes_at_once / stride, 4, 64);
    for (std::size_t first = 0; first < items.size(); first += at_once) {
        const std::size_t n = std::min(at_once, items.size() - first);
        const std::span<const ItemId> next = items.subspan(first + n, std::min(at_once, items.size() - first - n));
        for (const ItemId item : next) nodes_.prefetch(static_cast<NodeId>(item), nodes_.vector_lines());
        kernels_.dot_f32(values_.data(), nodes_.floats(), stride, items.data() + first, n, dim, out.data() + first);
        for (std::size_t i = first; i < first + n; ++i) {
            const float* vector = nodes_.floats(static_cast<NodeId>(items[i]));
            float squared_norm;
            kernels_.dot_f32(vector, vector, 0, nullptr, 1, dim, &squared_norm);
            out[i] = angular_order(out[i], squared_norm, squared_norm_);
        }
    }
}

void Query::bits_order_by(std::span<const ItemId> items, std::span<float> out) const noexcept {
    const std::size_t words = words_.size();
    std::array<std::uint32_t, 256> counts;
    for (std::size_t i = 0; i < items.size();) {
        const std::size_t n = nodes_.words_aligned() ? std::min(counts.size(), items.size() - i) : 1;
        if (nodes_.words_aligned()) {
            const auto* rows = reinterpret_cast<const std::uint64_t*>(nodes_.words());
            kernels_.hamming(words_.data(), rows, nodes_.layout().node_bytes, items.data() + i, n, words,
                             counts.data());
        } else {
            std::memcpy(aligned_.data(), nodes_.words(static_cast<NodeId>(items[i])), words * sizeof(std::uint64_t));
            kernels_.hamming(words_.data(), aligned_.data(), 0, nullptr, 1, words, counts.data());
        }
        for (std::size_t j = 0; j < n; ++j) out[i + j] = static_cast<float>(counts[j]);
        i += n;
    }
}

float Query::returned(float order) const noexcept {
    switch (nodes_.layout().name) {
        case AnnoyLayout::angular:
            // Rounding must not lead beyond what directions can be apart.
            return std::sqrt(std::clamp(order, 0.0f, 4.0f));
        case AnnoyLayout::euclidean:
            return std::sqrt(std::max(order, 0.0f));
        case AnnoyLayout::dot:
        case AnnoyLayout::dot_main:
            return 0.0f - order;  // which is never -0
        default:
            return order;
    }
}

void read_vector(const Nodes& nodes, NodeId item, std::span<float> out) noexcept {
    if (nodes.descendants(item) != 1) {
        std::fill(out.begin(), out.end(), 0.0f);
    } else if (nodes.layout().words == 0) {
        std::memcpy(out.data(), nodes.floats(item), out.size() * sizeof(float));
    } else {
        const std::byte* bytes = nodes.words(item);
        for (std::size_t d = 0; d < out.size(); ++d) {
            out[d] = std::to_integer<unsigned>(bytes[d / 8] >> (d % 8)) % 2 != 0 ? 1.0f : 0.0f;
        }
    }
}

}  // namespace nearfile::annoy
