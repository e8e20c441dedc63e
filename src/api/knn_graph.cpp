// The public Index::knn_graph: how much its searches do is measured first, then every item is searched for.
#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>

#include "base/parallel.hpp"
#include "nearfile/index.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "search/effort.hpp"
#include "search/item_neighbors.hpp"

namespace nearfile {
namespace {

using opened::raise;

constexpr float default_recall = 0.97f;
constexpr std::size_t items_a_task = 64;

// So many at a time are compared with everything: what is kept of them takes some megabytes.
constexpr std::size_t items_a_pass = 4096;

void check(const Index& index, const KnnGraphOptions& options, std::size_t room_for_rows,
           std::size_t room_for_distances) {
    if (options.k == 0) raise(ErrorCode::invalid_argument, "k: expected at least 1, got 0");
    if (!(options.recall >= 0 && options.recall <= 1)) {
        raise(ErrorCode::invalid_argument,
              "recall: expected above 0 and at most 1, got " + std::to_string(options.recall));
    }
    const std::size_t room = std::size_t{index.size()} * std::min(options.k, index.size());
    if (room_for_rows != room || room_for_distances != room) {
        raise(ErrorCode::invalid_argument, "rows, distances: expected room for " + std::to_string(room) +
                                               " neighbours, min(k, size()) of every item, got " +
                                               std::to_string(room_for_rows) + " and " +
                                               std::to_string(room_for_distances));
    }
}

// The nearest of all items, in their rows.
class KnnGraph {
public:
    KnnGraph(const Index::State& state, const KnnGraphOptions& options, std::span<std::uint32_t> rows,
             std::span<float> distances)
        : state_(state),
          options_(options),
          threads_(base::resolve_threads(options.threads)),
          k_(std::min(options.k, state.description.count)),
          rows_(rows),
          distances_(distances) {}

    void find() {
        put_items();
        if (k_ < 2) return;
        search::Budget budget = search::every_item;
        if (!options_.exact) {
            const float recall = options_.recall > 0 ? options_.recall : default_recall;
            const auto watch = [this](std::size_t done, std::size_t total) { return tell("truth", done, total); };
            budget = search::budget_for_items(state_, others(), recall, threads_, watch);
        }
        if (stopped_) return stop();
        if (budget == search::every_item) {
            compare_all();
        } else {
            search_all(budget);
        }
        if (stopped_) stop();
    }

private:
    std::size_t others() const noexcept { return k_ - 1; }

    bool tell(std::string_view stage, std::size_t done, std::size_t total) {
        if (!stopped_ && options_.progress) stopped_ = !options_.progress(stage, done, total);
        return !stopped_;
    }

    [[noreturn]] static void stop() {
        raise(ErrorCode::cancelled, "the search for all neighbours was stopped before it was done");
    }

    // Every item is the nearest to itself; its inner product need not be the largest. (A damaged file may give one row
    // to two items, and none to a third.)
    void put_items() {
        std::ranges::fill(rows_, 0u);
        std::ranges::fill(distances_, std::numeric_limits<float>::infinity());
        const bool product = state_.description.metric == Metric::dot;
        std::vector<float> values(state_.description.dim);
        for (std::uint32_t item = 0; item < state_.description.count; ++item) {
            float distance = 0;
            if (product) {
                opened::vector_of(state_, item, values);
                state_.kernels->dot_f32(values.data(), values.data(), 0, nullptr, 1, values.size(), &distance);
            }
            const std::size_t at = state_.row_of(item) * k_;
            rows_[at] = state_.row_of(item);
            distances_[at] = distance;
        }
    }

    void put_others(codes::ItemId item, std::span<const Neighbor> found) {
        const std::size_t at = state_.row_of(item) * k_ + 1;
        for (std::size_t i = 0; i < found.size(); ++i) {
            rows_[at + i] = found[i].row;
            distances_[at + i] = found[i].distance;
        }
    }

    void search_all(search::Budget budget) {
        const std::size_t count = state_.description.count;
        std::atomic<bool> stop{false};
        base::parallel_for_watched(
            (count + items_a_task - 1) / items_a_task, threads_,
            [&](std::size_t task) {
                const std::size_t first = task * items_a_task;
                const std::size_t n = std::min(items_a_task, count - first);
                std::vector<Neighbor> found(n * others());
                search::item_neighbors(state_, static_cast<codes::ItemId>(first), n, others(), budget, found);
                for (std::size_t i = 0; i < n; ++i) {
                    put_others(static_cast<codes::ItemId>(first + i), std::span(found).subspan(i * others(), others()));
                }
            },
            [&](std::size_t done) { return tell("neighbors", std::min(done * items_a_task, count), count); }, stop);
    }

    void compare_all() {
        const std::size_t count = state_.description.count;
        std::vector<codes::ItemId> items;
        std::vector<Neighbor> found;
        for (std::size_t first = 0; first < count && !stopped_; first += items.size()) {
            items.resize(std::min(items_a_pass, count - first));
            std::iota(items.begin(), items.end(), static_cast<codes::ItemId>(first));
            found.resize(items.size() * others());
            const auto watch = [&](std::size_t done, std::size_t total) {
                return tell("neighbors", first + items.size() * done / total, count);
            };
            if (!search::item_neighbors_exactly(state_, items, others(), threads_, found, watch)) return;
            for (std::size_t i = 0; i < items.size(); ++i) {
                put_others(items[i], std::span(found).subspan(i * others(), others()));
            }
        }
    }

    const Index::State& state_;
    const KnnGraphOptions& options_;
    const unsigned threads_;
    const std::size_t k_;
    const std::span<std::uint32_t> rows_;
    const std::span<float> distances_;
    bool stopped_ = false;
};

}  // namespace

void Index::knn_graph(const KnnGraphOptions& options, std::span<std::uint32_t> rows, std::span<float> distances) const {
    check(*this, options, rows.size(), distances.size());
    KnnGraph(*state_, options, rows, distances).find();
}

}  // namespace nearfile
