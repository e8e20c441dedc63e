#include "build/calibration.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "build/ground_truth.hpp"
#include "build/leave_one_out.hpp"
#include "build/stages.hpp"
#include "search/effort.hpp"
#include "search/scratch.hpp"
#include "search/search.hpp"

namespace nearfile::build {
namespace {

constexpr std::uint32_t n_items_asked = 512;
constexpr std::uint32_t most_k = 100;
constexpr float enough = 0.997f;
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
        for (const std::uint32_t item : queries.items) leave_one_out_.emplace_back(state, item);
    }

    Calibration run() {
        Calibration calibration;
        for (const std::uint32_t k : search::calibrated_ks) measure(k, calibration.points);
        calibration.nearest = nearest();
        return calibration;
    }

private:
    void measure(std::uint32_t k, std::vector<CalibrationPoint>& points) {
        float best = 0;
        const std::uint32_t exact = search::scanned_from(count_);
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
            sorted.push_back(search::comparable_distance(state_, std::span(queries_.values).subspan(q * dim, dim),
                                                         truth_[q].front()));
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
                search::BorrowedScratch scratch(state_);
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
    std::uint32_t hits(std::size_t q, std::uint32_t effort, search::Scratch& scratch, std::span<Neighbor> out) {
        const std::size_t dim = state_.description.dim;
        const auto values = std::span(queries_.values).subspan(q * dim, dim);
        SearchOptions options;
        options.effort = effort;
        if (leave_one_out_.empty()) {
            search::search(state_, values, options, scratch, out);
        } else {
            search_without(state_, values, effort, leave_one_out_[q], scratch, out);
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
    std::vector<LeaveOneOut> leave_one_out_;       // where queries are items
};

}  // namespace

CalibrationQueries items_as_queries(const Index::State& state) {
    const std::uint32_t count = state.description.count;
    const std::size_t dim = state.description.dim;
    CalibrationQueries queries;
    if (!state.graph || count <= search::least_walked) return queries;
    queries.values.resize(n_items_asked * dim);
    for (std::uint32_t q = 0; q < n_items_asked; ++q) {
        queries.items.push_back(static_cast<std::uint32_t>((std::uint64_t{q} * 2 + 1) * count / (2 * n_items_asked)));
        opened::vector_of(state, queries.items.back(), std::span(queries.values).subspan(q * dim, dim));
    }
    return queries;
}

Calibration calibrate(const Index::State& state, const CalibrationQueries& queries, unsigned threads,
                      const StageWatch& watch) {
    if (!state.graph || state.description.count <= search::least_walked || queries.values.empty()) return {};
    return Calibrator(state, queries, threads, watch).run();
}

}  // namespace nearfile::build
