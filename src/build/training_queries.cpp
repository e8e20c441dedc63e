#include "build/training_queries.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "codes/bits.hpp"
#include "codes/normalise.hpp"
#include "codes/uniform.hpp"

namespace nearfile::build {
namespace {

constexpr std::size_t batch = 256;

}  // namespace

QuantizedVectors quantize_queries(const kernels::Kernels& kernels, Metric metric, const Rows& queries,
                                  std::span<const std::uint32_t> rows, const opened::Space& space,
                                  std::span<const float> center, std::uint32_t more) {
    QuantizedVectors quantized(space.dim(), static_cast<std::uint32_t>(rows.size()) + more);
    std::vector<float> values(queries.dim());
    std::vector<float> seen(space.dim());
    codes::ScaledQuery whole(queries.dim());
    codes::ScaledQuery encoded(space.dim());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        load_row(kernels, metric, queries, rows[i], values);
        if (metric != Metric::dot) {
            for (std::size_t j = 0; j < center.size(); ++j) values[j] -= center[j];
        }
        whole.set(kernels, values);
        space.apply_to_query(kernels, values, whole, seen);
        encoded.set(kernels, seen);
        quantized.set(static_cast<std::uint32_t>(i), encoded);
    }
    return quantized;
}

void make_up_queries(const kernels::Kernels& kernels, const graph::Adjacency& near, const QuantizedVectors& items,
                     std::uint64_t seed, std::uint32_t first, QuantizedVectors& queries, unsigned threads,
                     const StageWatch& watch) {
    run_blocks(
        "queries", queries.count() - first, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<graph::ItemId> parts;
            std::vector<float> part(items.dim);
            std::vector<float> sum(items.dim);
            codes::ScaledQuery encoded(items.dim);
            for (std::uint32_t query = begin; query < end; ++query) {
                graph::choose_parts(near, seed, query, parts);
                std::fill(sum.begin(), sum.end(), 0.0f);
                for (const graph::ItemId item : parts) {
                    items.decode(item, part);
                    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
                }
                encoded.set(kernels, sum);
                queries.set(first + query, encoded);
            }
        },
        watch, items_a_task);
}

std::vector<float> made_up_values(const kernels::Kernels& kernels, const graph::Adjacency& near, const Rows& rows,
                                  std::span<const std::uint32_t> order, std::span<const float> center,
                                  const codes::TrainedWhitening& whitening, std::uint64_t seed, std::uint32_t count) {
    const std::size_t dim = rows.dim();
    std::vector<float> queries(count * dim);
    std::vector<graph::ItemId> parts;
    std::vector<float> sum(dim);
    std::vector<float> seen(dim);
    std::vector<float> scratch(dim);
    for (std::uint32_t query = 0; query < count; ++query) {
        graph::choose_mixed_parts(near, seed, query, parts);
        std::fill(sum.begin(), sum.end(), 0.0f);
        for (const graph::ItemId item : parts) {
            const auto values = rows.floats(order[item], scratch);
            for (std::size_t i = 0; i < dim; ++i) sum[i] += values[i] - center[i];
        }
        const std::span<float> out(queries.data() + query * dim, dim);
        if (whitening.inverse.empty()) {
            std::copy(sum.begin(), sum.end(), out.begin());
        } else {
            codes::whiten_item(whitening.inverse, sum, seen);
            codes::query_seen_as(whitening.inverse, seen, out);
        }
        codes::normalise(kernels, out);
    }
    return queries;
}

void QuantizedQueryDistances::from(std::uint32_t query, std::span<const graph::ItemId> to, float* out) const {
    const PaddedCode code(queries_, query);
    const float scale = (product_ ? 1.0f : 2.0f) * queries_.tail(query).scale;
    const float norm = product_ ? 0.0f : queries_.tail(query).squared_norm;
    std::array<std::int32_t, batch> products;
    for (std::size_t start = 0; start < to.size(); start += batch) {
        const std::size_t n = std::min(batch, to.size() - start);
        kernels_.dot_i8(code.data(), items_.code(0), items_.stride, to.data() + start, n, items_.dim, products.data());
        for (std::size_t j = 0; j < n; ++j) {
            const graph::ItemId item = to[start + j];
            const float along = scale * items_.own_scale(item) * static_cast<float>(products[j]);
            out[start + j] = product_ ? -along : norm + items_.tail(item).squared_norm - along;
        }
    }
}

base::AlignedBuffer encode_queries(const Rows& queries, std::span<const std::uint32_t> rows, const Encoded& encoded) {
    if (queries.bits()) {
        const std::size_t stride = codes::words_of(queries.dim()) * sizeof(std::uint64_t);
        base::AlignedBuffer codes = base::allocate(rows.size() * stride);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::memcpy(codes.data() + i * stride, queries.words(rows[i]).data(), stride);
        }
        return codes;
    }
    const codes::UniformLayout layout(queries.dim(), encoded.kind == opened::CodeKind::uniform_exact);
    std::vector<float> offsets;
    if (!layout.exact) {
        offsets = encoded.center;
        for (float& offset : offsets) offset -= 128.0f * encoded.scale;
    }
    // What lies outside of the items' range is as much farther from all of them.
    base::AlignedBuffer codes = base::allocate(rows.size() * layout.stride);
    std::vector<float> scratch(queries.dim());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        codes::encode_uniform(queries.floats(rows[i], scratch), {offsets, encoded.scale}, layout,
                              codes.data() + i * layout.stride);
    }
    return codes;
}

}  // namespace nearfile::build
