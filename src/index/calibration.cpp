#include "index/calibration.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "index/scratch.hpp"
#include "index/search.hpp"
#include "index/stages.hpp"

namespace nearfile::index {
namespace {

constexpr std::uint32_t n_queries = 512;
constexpr std::array<std::uint32_t, 3> ks = {1, 10, 100};
constexpr std::uint32_t most_k = 100;
constexpr float enough = 0.997f;
constexpr std::uint32_t most_effort = 4096;
constexpr std::uint32_t items_a_task = 16384;

class Calibrator {
public:
    Calibrator(const Index::State& state, unsigned threads, const StageWatch& watch)
        : state_(state), threads_(threads), watch_(watch), count_(state.description.count) {}

    std::vector<CalibrationPoint> run() {
        for (std::uint32_t q = 0; q < n_queries; ++q) {
            items_.push_back(static_cast<std::uint32_t>((std::uint64_t{q} * 2 + 1) * count_ / (2 * n_queries)));
        }
        find_truth();
        std::vector<CalibrationPoint> points;
        for (const std::uint32_t k : ks) measure(k, points);
        return points;
    }

private:
    // The distances of the nearest to each query, ascending; ties count as found, so distances are all it takes.
    void find_truth() {
        const std::uint32_t n_tasks = (count_ + items_a_task - 1) / items_a_task;
        std::vector<std::vector<float>> nearest(static_cast<std::size_t>(n_tasks) * n_queries);
        std::atomic<bool> stop{false};
        run_stage(
            "truth", n_tasks, threads_,
            [&](std::size_t task) {
                const auto begin = static_cast<std::uint32_t>(task * items_a_task);
                nearest_in(begin, std::min(count_, begin + items_a_task),
                           std::span(nearest).subspan(task * n_queries, n_queries));
            },
            watch_, stop);
        truth_.resize(n_queries);
        for (std::uint32_t q = 0; q < n_queries; ++q) {
            for (std::uint32_t task = 0; task < n_tasks; ++task) {
                const auto& some = nearest[static_cast<std::size_t>(task) * n_queries + q];
                truth_[q].insert(truth_[q].end(), some.begin(), some.end());
            }
            std::sort(truth_[q].begin(), truth_[q].end());
            truth_[q].resize(most_k);
        }
    }

    // A few items against all queries, so that they are read and decoded once.
    void nearest_in(std::uint32_t begin, std::uint32_t end, std::span<std::vector<float>> nearest) const {
        std::vector<std::unique_ptr<BorrowedScratch>> scratch;
        for (std::uint32_t q = 0; q < n_queries; ++q) {
            scratch.push_back(std::make_unique<BorrowedScratch>(state_));
            set_query(q, **scratch.back());
        }
        constexpr std::size_t batch = Scorer::exact_batch;
        const bool bits = state_.bits.has_value();
        Scorer::DecodedRows rows{std::vector<float>(bits ? 0 : batch * state_.description.dim), {}, 0};
        std::array<float, batch> distances;
        std::array<std::uint32_t, batch> ids;
        for (std::uint32_t first = begin; first < end; first += batch) {
            const auto n = std::min<std::size_t>(batch, end - first);
            for (std::size_t i = 0; i < n; ++i) ids[i] = first + static_cast<std::uint32_t>(i);
            if (!bits) (**scratch.front()).scorer.decode(ids.data(), n, rows);
            for (std::uint32_t q = 0; q < n_queries; ++q) {
                Scorer& scorer = (**scratch[q]).scorer;
                if (bits) {
                    scorer.exact(ids.data(), n, distances.data());
                } else {
                    scorer.measure(rows, distances.data());
                }
                for (std::size_t i = 0; i < n; ++i) {
                    if (ids[i] != items_[q]) keep(distances[i], nearest[q]);
                }
            }
        }
    }

    static void keep(float distance, std::vector<float>& heap) {
        if (heap.size() == most_k) {
            if (!(distance < heap.front())) return;
            std::pop_heap(heap.begin(), heap.end());
            heap.back() = distance;
        } else {
            heap.push_back(distance);
        }
        std::push_heap(heap.begin(), heap.end());
    }

    void set_query(std::uint32_t q, Scratch& scratch) const {
        std::vector<float> values(state_.description.dim);
        vector_of(state_, items_[q], values);
        scratch.scorer.set_query(values);
    }

    void measure(std::uint32_t k, std::vector<CalibrationPoint>& points) const {
        float best = 0;
        std::vector<std::uint32_t> found(n_queries);
        for (std::uint32_t effort = std::max(10u, k); effort <= std::min(most_effort, count_ / 2);
             effort += std::max(2u, effort / 4)) {
            std::atomic<bool> stop{false};
            constexpr std::uint32_t queries_a_task = 16;
            run_stage(
                "calibration", n_queries / queries_a_task, threads_,
                [&](std::size_t task) {
                    BorrowedScratch scratch(state_);
                    std::vector<Neighbor> out(k);
                    for (std::uint32_t i = 0; i < queries_a_task; ++i) {
                        const auto q = static_cast<std::uint32_t>(task * queries_a_task + i);
                        found[q] = search_one(q, effort, *scratch, out);
                    }
                },
                watch_, stop);
            std::uint64_t hits = 0;
            for (const std::uint32_t each : found) hits += each;
            best = std::max(best, static_cast<float>(static_cast<double>(hits) / (static_cast<double>(n_queries) * k)));
            points.push_back({k, effort, best});
            if (best >= enough) break;
        }
    }

    std::uint32_t search_one(std::uint32_t q, std::uint32_t effort, Scratch& scratch, std::span<Neighbor> out) const {
        std::vector<float> values(state_.description.dim);
        vector_of(state_, items_[q], values);
        SearchOptions options;
        options.effort = effort;
        search_without(state_, values, options, items_[q], scratch, out);
        const float farthest = truth_[q][out.size() - 1];
        const float tolerated = farthest + std::fabs(farthest) * 1e-6f;
        std::uint32_t hits = 0;
        for (const Neighbor& each : out) {
            const float distance = state_.description.metric == Metric::dot ? -each.distance : each.distance;
            hits += distance <= tolerated ? 1 : 0;
        }
        return hits;
    }

    const Index::State& state_;
    const unsigned threads_;
    const StageWatch& watch_;
    const std::uint32_t count_;
    std::vector<std::uint32_t> items_;
    std::vector<std::vector<float>> truth_;
};

// On the curve of one k.
double effort_on(std::span<const CalibrationPoint> curve, float recall) {
    double before = curve.front().effort;
    float recall_before = 0;
    for (const CalibrationPoint& point : curve) {
        if (point.recall >= recall) {
            if (&point == curve.data()) return point.effort;
            const double share = (recall - recall_before) / std::max(1e-6f, point.recall - recall_before);
            return before + share * (point.effort - before);
        }
        before = point.effort;
        recall_before = point.recall;
    }
    // More than was ever measured: twice the largest effort.
    return 2.0 * curve.back().effort;
}

// Whatever a damaged file makes of it, a number of vertices.
std::uint32_t whole(double effort) {
    if (!(effort > 1)) return 1;
    return static_cast<std::uint32_t>(std::ceil(std::min(effort, 4e9)));
}

std::span<const CalibrationPoint> curve_of(std::span<const CalibrationPoint> curves, std::uint32_t k) {
    const auto is_k = [k](const CalibrationPoint& point) { return point.k == k; };
    const auto first = std::find_if(curves.begin(), curves.end(), is_k);
    const auto last = std::find_if_not(first, curves.end(), is_k);
    return {first, last};
}

}  // namespace

std::vector<CalibrationPoint> calibrate(const Index::State& state, unsigned threads, const StageWatch& watch) {
    if (!state.graph || state.description.count <= least_walked) return {};
    return Calibrator(state, threads, watch).run();
}

std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall,
                         std::uint32_t otherwise) {
    std::uint32_t lower = 0;
    std::uint32_t upper = 0;
    for (const std::uint32_t each : ks) {
        if (curve_of(curves, each).empty()) continue;
        if (each <= k) lower = each;
        if (each >= k && upper == 0) upper = each;
    }
    if (lower == 0 && upper == 0) return otherwise;
    // Beyond the curves, in proportion.
    if (upper == 0) return whole(effort_on(curve_of(curves, lower), recall) * k / lower);
    const double high = effort_on(curve_of(curves, upper), recall);
    if (lower == 0 || lower == upper) return whole(high);
    const double low = effort_on(curve_of(curves, lower), recall);
    const double share = std::log(static_cast<double>(k) / lower) / std::log(static_cast<double>(upper) / lower);
    return whole(low + share * (high - low));
}

}  // namespace nearfile::index
