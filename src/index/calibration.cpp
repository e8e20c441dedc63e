#include "index/calibration.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "index/left_out.hpp"
#include "index/scratch.hpp"
#include "index/search.hpp"
#include "index/stages.hpp"
#include "index/truth.hpp"

namespace nearfile::index {
namespace {

constexpr std::uint32_t n_items_asked = 512;
constexpr std::array<std::uint32_t, 3> ks = {1, 10, 100};
constexpr std::uint32_t most_k = 100;
constexpr float enough = 0.997f;
constexpr float least_led_to = 0.9f;
constexpr std::uint32_t most_effort = 4096;

class Calibrator {
public:
    Calibrator(const Index::State& state, const CalibrationQueries& queries, unsigned threads, const StageWatch& watch)
        : state_(state),
          queries_(queries),
          threads_(threads),
          watch_(watch),
          count_(state.description.count),
          n_queries_(queries.values.size() / state.description.dim),
          truth_(nearest_distances(state, queries, most_k, threads, watch)) {
        for (const std::uint32_t item : queries.items) left_out_.emplace_back(state, item);
    }

    Calibration run() {
        Calibration calibration;
        for (const std::uint32_t k : ks) measure(k, calibration.points);
        calibration.nearest = nearest();
        return calibration;
    }

private:
    void measure(std::uint32_t k, std::vector<CalibrationPoint>& points) {
        float best = 0;
        const std::uint32_t exact = scanned_from(count_);
        for (std::uint32_t effort = std::max(10u, k); effort <= most_effort; effort += std::max(2u, effort / 4)) {
            if (effort >= exact) return points.push_back({k, std::max(k, exact), 1.0f});
            best = std::max(best, recall(k, effort));
            points.push_back({k, effort, best});
            if (best >= enough) return;
        }
    }

    std::array<float, 5> nearest() const {
        std::vector<float> sorted;
        for (std::size_t q = 0; q < n_queries_; ++q) {
            const std::size_t dim = state_.description.dim;
            sorted.push_back(likeness(state_, std::span(queries_.values).subspan(q * dim, dim), truth_[q].front()));
        }
        std::sort(sorted.begin(), sorted.end());
        std::array<float, 5> some{};
        constexpr std::array<std::size_t, 5> hundredths = {1, 25, 50, 75, 99};
        for (std::size_t i = 0; i < some.size(); ++i) some[i] = sorted[hundredths[i] * (sorted.size() - 1) / 100];
        return some;
    }

    float recall(std::uint32_t k, std::uint32_t effort) {
        constexpr std::size_t queries_a_task = 16;
        std::vector<std::uint32_t> found(n_queries_);
        std::atomic<bool> stop{false};
        run_stage(
            "calibration", (n_queries_ + queries_a_task - 1) / queries_a_task, threads_,
            [&](std::size_t task) {
                BorrowedScratch scratch(state_);
                std::vector<Neighbor> out(k);
                const std::size_t end = std::min(n_queries_, (task + 1) * queries_a_task);
                for (std::size_t q = task * queries_a_task; q < end; ++q) {
                    found[q] = hits(q, effort, *scratch, out);
                }
            },
            watch_, stop);
        std::uint64_t all = 0;
        for (const std::uint32_t each : found) all += each;
        return static_cast<float>(static_cast<double>(all) / (static_cast<double>(n_queries_) * k));
    }

    // How many of a walk's answers are among the nearest; ties count as found.
    std::uint32_t hits(std::size_t q, std::uint32_t effort, Scratch& scratch, std::span<Neighbor> out) {
        const std::size_t dim = state_.description.dim;
        const auto values = std::span(queries_.values).subspan(q * dim, dim);
        SearchOptions options;
        options.effort = effort;
        if (left_out_.empty()) {
            search(state_, values, options, scratch, out);
        } else {
            search_without(state_, values, options, left_out_[q], scratch, out);
        }
        const float farthest = truth_[q][out.size() - 1];
        const float tolerated = farthest + std::fabs(farthest) * 1e-6f;
        std::uint32_t n = 0;
        for (const Neighbor& each : out) {
            const float distance = state_.description.metric == Metric::dot ? -each.distance : each.distance;
            n += distance <= tolerated ? 1 : 0;
        }
        return n;
    }

    const Index::State& state_;
    const CalibrationQueries& queries_;
    const unsigned threads_;
    const StageWatch& watch_;
    const std::uint32_t count_;
    const std::size_t n_queries_;
    const std::vector<std::vector<float>> truth_;  // distances of the most_k nearest
    std::vector<LeftOut> left_out_;                // where queries are items
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
    // A walk that does not lead to most of the answers even so: all items.
    if (curve.back().recall < least_led_to) return static_cast<double>(max_count);
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

CalibrationQueries items_as_queries(const Index::State& state) {
    const std::uint32_t count = state.description.count;
    const std::size_t dim = state.description.dim;
    CalibrationQueries queries;
    if (!state.graph || count <= least_walked) return queries;
    queries.values.resize(n_items_asked * dim);
    for (std::uint32_t q = 0; q < n_items_asked; ++q) {
        queries.items.push_back(static_cast<std::uint32_t>((std::uint64_t{q} * 2 + 1) * count / (2 * n_items_asked)));
        vector_of(state, queries.items.back(), std::span(queries.values).subspan(q * dim, dim));
    }
    return queries;
}

Calibration calibrate(const Index::State& state, const CalibrationQueries& queries, unsigned threads,
                      const StageWatch& watch) {
    if (!state.graph || state.description.count <= least_walked || queries.values.empty()) return {};
    return Calibrator(state, queries, threads, watch).run();
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
