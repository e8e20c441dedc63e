#include "build/ground_truth.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <span>

#include "build/stages.hpp"
#include "search/scratch.hpp"

namespace nearfile::build {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// A few items against as many queries, while both are in cache.
constexpr std::size_t queries_a_task = 32;

// The smallest few of many.
class Smallest {
public:
    explicit Smallest(std::size_t most) : most_(most) {}

    // What is not below this gets in no more.
    float threshold() const noexcept { return threshold_; }

    void offer(float value) {
        if (!(value < threshold_)) return;
        if (values_.size() == most_) {
            std::pop_heap(values_.begin(), values_.end());
            values_.back() = value;
        } else {
            values_.push_back(value);
        }
        std::push_heap(values_.begin(), values_.end());
        if (values_.size() == most_) threshold_ = values_.front();
    }

    std::vector<float> sorted() && {
        std::sort_heap(values_.begin(), values_.end());
        return std::move(values_);
    }

private:
    std::size_t most_;
    std::vector<float> values_;  // a heap
    float threshold_ = infinity;
};

struct Query {
    Query(const Index::State& state, std::span<const float> values, std::size_t most)
        : scratch(std::make_unique<search::BorrowedScratch>(state)),
          scorer((**scratch).scorer),
          nearest(most),
          uppers(most) {
        scorer.set_query(values);
        if (scorer.has_codes()) scorer.prepare_codes();
    }

    std::unique_ptr<search::BorrowedScratch> scratch;
    search::Scorer& scorer;
    std::uint32_t item = std::numeric_limits<std::uint32_t>::max();  // that it is, if it is one
    Smallest nearest;
    Smallest uppers;  // of bounds
    std::vector<search::Survivor> survivors;
};

class Group {
public:
    Group(const Index::State& state, const CalibrationQueries& queries, std::size_t begin, std::size_t end,
          std::size_t most)
        : state_(state), count_(state.description.count) {
        const std::size_t dim = state.description.dim;
        for (std::size_t q = begin; q < end; ++q) {
            queries_.emplace_back(state, std::span(queries.values).subspan(q * dim, dim), most);
            if (!queries.items.empty()) queries_.back().item = queries.items[q];
        }
    }

    void run(std::span<std::vector<float>> out) {
        if (queries_.front().scorer.has_codes()) {
            by_codes();
        } else {
            by_vectors();
        }
        for (std::size_t q = 0; q < queries_.size(); ++q) out[q] = std::move(queries_[q].nearest).sorted();
    }

private:
    // Codes say which few have to be measured.
    void by_codes() {
        std::array<float, codes::batch> lower;
        std::array<float, codes::batch> upper;
        for (std::uint32_t first = 0; first < count_; first += codes::batch) {
            const auto n = std::min<std::size_t>(codes::batch, count_ - first);
            for (Query& query : queries_) {
                query.scorer.bounds(nullptr, first, n, {lower.data(), upper.data()});
                for (std::size_t j = 0; j < n; ++j) {
                    const auto item = first + static_cast<std::uint32_t>(j);
                    if (lower[j] > query.uppers.threshold() || item == query.item) continue;
                    query.survivors.push_back({lower[j], item});
                    query.uppers.offer(upper[j]);
                }
            }
        }
        for (Query& query : queries_) rerank(query);
    }

    static void rerank(Query& query) {
        std::erase_if(query.survivors,
                      [&](const search::Survivor& each) { return each.lower > query.uppers.threshold(); });
        std::array<codes::ItemId, search::Scorer::exact_batch> items;
        std::array<float, search::Scorer::exact_batch> distances;
        for (std::size_t start = 0; start < query.survivors.size(); start += items.size()) {
            const std::size_t n = std::min(items.size(), query.survivors.size() - start);
            for (std::size_t i = 0; i < n; ++i) items[i] = query.survivors[start + i].row;
            query.scorer.exact(items.data(), n, distances.data());
            for (std::size_t i = 0; i < n; ++i) query.nearest.offer(distances[i]);
        }
    }

    // Vectors are read and decoded once for all queries.
    void by_vectors() {
        constexpr std::size_t batch = search::Scorer::exact_batch;
        search::Scorer::DecodedRows rows{std::vector<float>(batch * state_.description.dim), {}, 0};
        std::array<codes::ItemId, batch> items;
        std::array<float, batch> distances;
        for (std::uint32_t first = 0; first < count_; first += batch) {
            const auto n = std::min<std::size_t>(batch, count_ - first);
            for (std::size_t i = 0; i < n; ++i) items[i] = first + static_cast<std::uint32_t>(i);
            queries_.front().scorer.decode(items.data(), n, rows);
            for (Query& query : queries_) {
                query.scorer.exact_distances(rows, distances.data());
                for (std::size_t i = 0; i < n; ++i) {
                    if (items[i] != query.item) query.nearest.offer(distances[i]);
                }
            }
        }
    }

    const Index::State& state_;
    const std::uint32_t count_;
    std::vector<Query> queries_;
};

}  // namespace

std::vector<std::vector<float>> nearest_distances(const Index::State& state, const CalibrationQueries& queries,
                                                  std::size_t most, unsigned threads, const StageWatch& watch) {
    const std::size_t n_queries = queries.values.size() / state.description.dim;
    std::vector<std::vector<float>> nearest(n_queries);
    std::atomic<bool> stop{false};
    run_stage(
        "truth", (n_queries + queries_a_task - 1) / queries_a_task, threads,
        [&](std::size_t task) {
            const std::size_t begin = task * queries_a_task;
            const std::size_t end = std::min(n_queries, begin + queries_a_task);
            Group(state, queries, begin, end, most).run(std::span(nearest).subspan(begin, end - begin));
        },
        watch, stop);
    return nearest;
}

}  // namespace nearfile::build
