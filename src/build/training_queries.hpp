// Queries as a build sees them: real ones, and those that are made up of items.
#pragma once

#include <span>
#include <vector>

#include "build/quantized.hpp"
#include "build/select_space.hpp"
#include "graph/adjacency.hpp"
#include "graph/query_lists.hpp"

namespace nearfile::build {

// Row rows[i] of `queries` becomes vector i; `more` are left for others.
QuantizedVectors quantize_queries(const kernels::Kernels& kernels, Metric metric, const Rows& queries,
                                  std::span<const std::uint32_t> rows, const opened::Space& space,
                                  std::span<const float> center, std::uint32_t more);

// Vectors first, first + 1, ... become sums of items: graph/query_lists.hpp says of which.
void make_up_queries(const kernels::Kernels& kernels, const graph::Adjacency& near, const QuantizedVectors& items,
                     std::uint64_t seed, std::uint32_t first, QuantizedVectors& queries, unsigned threads,
                     const StageWatch& watch);

// To calibrate with: queries as users ask them, of length one, `count` times dim values. They are sums of other items
// than those that made edges, and as hard to answer as real ones. `order` says which rows the items are.
std::vector<float> made_up_values(const kernels::Kernels& kernels, const graph::Adjacency& near, const Rows& rows,
                                  std::span<const std::uint32_t> order, std::span<const float> center,
                                  const codes::TrainedWhitening& whitening, std::uint64_t seed, std::uint32_t count);

// Of queries from items, in one space: squared Euclidean distances, or negative inner products.
class QuantizedQueryDistances final : public graph::QueryDistances {
public:
    QuantizedQueryDistances(const kernels::Kernels& kernels, const QuantizedVectors& items,
                            const QuantizedVectors& queries, bool product)
        : kernels_(kernels), items_(items), queries_(queries), product_(product) {}
    std::uint32_t count() const noexcept override { return items_.count(); }
    void from(std::uint32_t query, std::span<const graph::ItemId> to, float* out) const override;

private:
    const kernels::Kernels& kernels_;
    const QuantizedVectors& items_;
    const QuantizedVectors& queries_;
    bool product_;
};

// Of codes whose differences are summed, as CodeDistances.
class CodeQueryDistances final : public graph::QueryDistances {
public:
    // `queries` are laid out like items.
    CodeQueryDistances(const CodeDistances& items, const std::byte* queries) : items_(items), queries_(queries) {}
    std::uint32_t count() const noexcept override { return items_.count(); }
    void from(std::uint32_t query, std::span<const graph::ItemId> to, float* out) const override {
        items_.from_code(queries_ + query * items_.stride(), to, out);
    }

private:
    const CodeDistances& items_;
    const std::byte* queries_;
};

// The codes of rows[0], rows[1], ... of `queries`, for CodeQueryDistances: as those of items, of which `encoded` holds
// the center and the scale.
base::AlignedBuffer encode_queries(const Rows& queries, std::span<const std::uint32_t> rows, const Encoded& encoded);

}  // namespace nearfile::build
