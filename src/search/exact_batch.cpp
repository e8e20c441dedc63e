// What rules an item out. Let q' and x' be what the codes of query and item stand for, e and f the lengths of what was
// lost, T the k-th smallest distance so far, and r the relative rounding of an exact distance. The exact distance is
// above T where
//
//     (|q' - x'| - e - f) (1 - r) > T        that is, with A = T / (1 - r) + e, where
//     (|x'|^2 - f^2) - 2 A f - 2 <q', x'> > A^2 - |q'|^2
//
// and for inner products, whose distance is the negative one, where
//
//     -<q', x'> - (e + r (|q'| + e)) (|x'| + f) - |q'| f > T.
//
// Both are `along * term - beside * error - product > limit`, term and error being the item's (code_chunk.cpp) and the
// rest the query's. Each has room for the rounding of single precision: a few units in 10^6 of every square. A limit
// that is no number rules nothing out.
#include "search/exact_batch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <vector>

#include "base/parallel.hpp"
#include "codes/normalise.hpp"
#include "search/code_chunk.hpp"
#include "search/nearest.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {
namespace {

// So many take turns with a block of items, and share the codes' way from memory.
constexpr std::size_t queries_a_task = 8;
constexpr std::size_t queries_a_product = 4;  // of dot_i8_block

constexpr float rules_nothing_out = std::numeric_limits<float>::quiet_NaN();

struct Limits {
    float along;
    float beside;
    float factor;  // of code products with the item's scale
    float limit;
};

// A query of a pass, but for its code.
struct Asked {
    codes::ScaledTail tail;
    bool has_direction;
    Nearest nearest;
};

Limits limits_of(const Index::State& state, const Asked& asked) {
    const float threshold = asked.nearest.threshold();
    const codes::ScaledTail& tail = asked.tail;
    const double rounding = codes::rounding_allowance(state.description.dim);
    const double length = std::sqrt(static_cast<double>(tail.squared_norm)) + tail.error;
    const double error = tail.error + length * 1.2e-7;
    constexpr double longest = 1e18;
    if (state.description.metric == Metric::dot) {
        const double along = error + (rounding + 2e-6) * (length + error);
        const double limit = threshold + std::fabs(threshold) * 1e-6 + 1e-37;
        return {static_cast<float>(-along * (1 + 1e-5)), static_cast<float>(length * (1 + 1e-5)), tail.scale,
                length < longest ? static_cast<float>(limit) : rules_nothing_out};
    }
    double farthest = threshold;
    if (state.description.metric == Metric::cosine) farthest = std::sqrt(2.0 * threshold) * (1 + 1e-6);
    // No directions are said to be farther apart than 2, whatever rounding makes of them.
    const bool all = !asked.has_direction || (state.normalised() && farthest > 1.9999);
    const double reach = farthest / (1 - rounding) + error;
    const double limit = reach * reach * (1 + 4e-6) - tail.squared_norm * (1 - 2e-6) + 1e-30;
    return {1.0f, static_cast<float>(2 * reach * (1 + 1e-6)), 2.0f * tail.scale,
            !all && length < longest && reach < longest ? static_cast<float>(limit) : rules_nothing_out};
}

// The items of a block that the products with a query do not rule out; returns how many.
std::size_t select(const CodeChunk::Block& block, const Limits& limits, const std::int32_t* __restrict products,
                   codes::ItemId* __restrict out) noexcept {
    std::array<std::int32_t, CodeChunk::block> left;
    std::int32_t n_left = 0;
    for (std::size_t j = 0; j < block.count; ++j) {
        const float product = limits.factor * (block.scales[j] * static_cast<float>(products[j]));
        const float value = limits.along * block.terms[j] - limits.beside * block.errors[j] - product;
        left[j] = value > limits.limit ? 0 : 1;
        n_left += left[j];
    }
    if (n_left == 0) return 0;  // nearly always
    std::size_t n = 0;
    for (std::size_t j = 0; j < block.count; ++j) {
        out[n] = block.first + static_cast<codes::ItemId>(j);
        n += left[j] != 0 ? 1 : 0;
    }
    return n;
}

class Pass {
public:
    Pass(const Index::State& state, CodeChunk& chunk, std::span<const float> queries, std::size_t k,
         std::span<Neighbor> out)
        : state_(state),
          chunk_(chunk),
          queries_(queries),
          dim_(state.description.dim),
          codes_(queries.size() / dim_ * chunk.stride() + kernels::code_overread) {
        if (!codes_.ok()) throw std::bad_alloc();
        std::vector<float> values(dim_);
        const std::size_t n = queries.size() / dim_;
        asked_.reserve(n);
        for (std::size_t q = 0; q < n; ++q) {
            std::ranges::copy(query(q), values.begin());
            const bool has_direction = !state.normalised() || codes::normalise(*state.kernels, values);
            const codes::ScaledTail tail = chunk.encode_query(values, code(q));
            asked_.push_back({tail, has_direction, Nearest(state, out.subspan(q * k, k))});
        }
    }

    std::size_t n_tasks() const noexcept { return (asked_.size() + queries_a_task - 1) / queries_a_task; }

    // Some of the queries against what is in the chunk.
    void scan(std::size_t task) {
        const std::size_t begin = task * queries_a_task;
        const std::size_t n = std::min(queries_a_task, asked_.size() - begin);
        std::array<std::optional<BorrowedScratch>, queries_a_task> scratches;  // for those that measure
        std::array<std::int32_t, queries_a_product * CodeChunk::block> products;
        std::array<codes::ItemId, CodeChunk::block> items;
        for (std::size_t slot = 0; slot < chunk_.n_blocks(); ++slot) {
            const CodeChunk::Block block = chunk_[slot];
            if (block.count == 0) continue;
            for (std::size_t first = 0; first < n; first += queries_a_product) {
                const std::size_t some = std::min(queries_a_product, n - first);
                state_.kernels->dot_i8_block(code(begin + first), some, block.codes, chunk_.stride(), block.count, dim_,
                                             products.data());
                for (std::size_t q = first; q < first + some; ++q) {
                    const std::int32_t* of_query = products.data() + (q - first) * block.count;
                    const std::size_t n_left = select(block, limits_[begin + q], of_query, items.data());
                    if (n_left > 0) measure(begin + q, scratches[q], std::span(items).first(n_left));
                }
            }
        }
    }

    void prepare() {
        limits_.resize(asked_.size());
        for (std::size_t q = 0; q < asked_.size(); ++q) limits_[q] = limits_of(state_, asked_[q]);
    }

    void finish() {
        for (Asked& each : asked_) each.nearest.finish();
    }

private:
    std::span<const float> query(std::size_t q) const noexcept { return queries_.subspan(q * dim_, dim_); }
    std::int8_t* code(std::size_t q) noexcept { return codes_.as<std::int8_t>().data() + q * chunk_.stride(); }

    void measure(std::size_t q, std::optional<BorrowedScratch>& scratch, std::span<const codes::ItemId> items) {
        if (!scratch) {
            scratch.emplace(state_);
            (**scratch).scorer.set_query(query(q));
        }
        Scorer& scorer = (**scratch).scorer;
        std::array<float, Scorer::exact_batch> distances;
        while (!items.empty()) {
            const auto some = items.first(std::min(Scorer::exact_batch, items.size()));
            items = items.subspan(some.size());
            scorer.exact(some.data(), some.size(), distances.data());
            for (std::size_t j = 0; j < some.size(); ++j) asked_[q].nearest.offer({some[j], distances[j]});
        }
        limits_[q] = limits_of(state_, asked_[q]);
    }

    const Index::State& state_;
    CodeChunk& chunk_;
    const std::span<const float> queries_;
    const std::size_t dim_;
    base::AlignedBuffer codes_;
    std::vector<Asked> asked_;
    std::vector<Limits> limits_;
};

}  // namespace

bool pays_exact_batch(const Index::State& state, std::size_t n_queries) noexcept {
    // Coding an item costs about as much as measuring it for so many queries; copying its code next to nothing.
    const std::size_t least = CodeChunk::has_codes(state) ? 16 : 32;
    return CodeChunk::serves(state) && n_queries >= least;
}

bool exact_batch(const Index::State& state, std::span<const float> queries, std::size_t k, unsigned threads,
                 std::span<Neighbor> out, const BatchWatch& watch) {
    CodeChunk chunk(state);
    Pass pass(state, chunk, queries, k, out);
    pass.prepare();
    for (std::size_t c = 0; c < chunk.n_chunks(); ++c) {
        base::parallel_for(chunk.n_blocks(), threads, [&](std::size_t slot) { chunk.load(c, slot); });
        base::parallel_for(pass.n_tasks(), threads, [&](std::size_t task) { pass.scan(task); });
        if (watch && !watch(c + 1, chunk.n_chunks())) return false;
    }
    pass.finish();
    return true;
}

}  // namespace nearfile::search
