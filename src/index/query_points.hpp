// Queries as a build sees them: real ones, and those that are made up of items.
#pragma once

#include <span>
#include <vector>

#include "graph/adjacency.hpp"
#include "graph/query_lists.hpp"
#include "index/choosing.hpp"
#include "index/points.hpp"

namespace nearfile::index {

// Row rows[i] of `queries` becomes point i; `more` points are left for others.
PointCodes code_queries(const kernels::Kernels& kernels, Metric metric, const Rows& queries,
                        std::span<const std::uint32_t> rows, const Space& space, std::span<const float> center,
                        std::uint32_t more);

// Points first, first + 1, ... become sums of items: graph/query_lists.hpp says of which.
void make_up_queries(const graph::Adjacency& near, const PointCodes& items, std::uint64_t seed, std::uint32_t first,
                     PointCodes& queries, unsigned threads, const StageWatch& watch);

// To calibrate with: queries as users ask them, of length one, `count` times dim values. They are sums of other items
// than those that made edges, and as hard to answer as real ones. `order` says which rows the items are.
std::vector<float> made_up_values(const kernels::Kernels& kernels, const graph::Adjacency& near, const Rows& rows,
                                  std::span<const std::uint32_t> order, std::span<const float> center,
                                  const codes::TrainedWhitening& whitening, std::uint64_t seed, std::uint32_t count);

// Of queries from items, in one space: squared Euclidean distances, or negative inner products.
class PointQueries final : public graph::QueryDistances {
public:
    PointQueries(const kernels::Kernels& kernels, const PointCodes& items, const PointCodes& queries, bool product)
        : kernels_(kernels), items_(items), queries_(queries), product_(product) {}
    std::uint32_t count() const noexcept override { return items_.count(); }
    void from(std::uint32_t query, std::span<const graph::RowId> to, float* out) const override;

private:
    const kernels::Kernels& kernels_;
    const PointCodes& items_;
    const PointCodes& queries_;
    bool product_;
};

// Of codes whose differences are summed, as CodeDistances.
class CodeQueries final : public graph::QueryDistances {
public:
    // `queries` are laid out like items.
    CodeQueries(const CodeDistances& items, const std::byte* queries) : items_(items), queries_(queries) {}
    std::uint32_t count() const noexcept override { return items_.count(); }
    void from(std::uint32_t query, std::span<const graph::RowId> to, float* out) const override {
        items_.from_code(queries_ + query * items_.stride(), to, out);
    }

private:
    const CodeDistances& items_;
    const std::byte* queries_;
};

// The codes of rows[0], rows[1], ... of `queries`, for CodeQueries: as those of items, of which `coded` holds the
// center and the scale.
base::AlignedBuffer code_query_bytes(const Rows& queries, std::span<const std::uint32_t> rows, const Coded& coded);

}  // namespace nearfile::index
