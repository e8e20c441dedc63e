#include "build/calibration.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>

#include "base/random.hpp"
#include "build/ground_truth.hpp"
#include "build/leave_one_out.hpp"
#include "build/stages.hpp"
#include "opened/seed_parts.hpp"
#include "search/effort.hpp"
#include "search/scratch.hpp"
#include "search/search.hpp"

namespace nearfile::build {
namespace {

constexpr std::uint32_t n_items_asked = 512;
constexpr std::uint32_t most_k = 100;

// More effort is no help where it is doubled and finds so little more; nor where, if every doubling found as much more
// as the last one did, walks would not find most before looking at every item costs less.
constexpr float least_gain = 0.002f;
constexpr float hopeless = 0.9f;
constexpr std::uint32_t least_effort = 2;
constexpr std::uint32_t usual_effort = 4096;
constexpr std::uint32_t most_effort = 16384;

// Where so many of the queries have as near an item beyond the k nearest, ties make items easier to answer than what
// lies between them.
constexpr double many_ties = 0.1;
constexpr std::size_t tie_at = 10;

constexpr std::size_t least_telling = 64;

// Some queries, what answers them, and what walks find of it.
class Panel {
public:
    Panel(const Index::State& state, const CalibrationQueries& queries, unsigned threads, const StageWatch& watch)
        : state_(state),
          queries_(queries),
          threads_(threads),
          watch_(watch),
          n_queries_(queries.values.size() / state.description.dim),
          truth_(nearest_distances(state, queries, most_k, threads, watch)) {
        for (const std::uint32_t item : queries.items) leave_one_out_.emplace_back(state, item);
    }

    const std::vector<std::vector<float>>& truth() const noexcept { return truth_; }

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

    CalibrationPoint walks(std::uint32_t k, std::uint32_t effort) {
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
        double sum = 0;
        double squares = 0;
        const std::vector<std::size_t> telling = telling_queries(k);
        for (const std::size_t q : telling) {
            const double share = static_cast<double>(found[q]) / k;
            sum += share;
            squares += share * share;
        }
        const auto n = static_cast<double>(telling.size());
        const double variance = std::max(0.0, squares / n - (sum / n) * (sum / n));
        return {k, effort, static_cast<float>(sum / n), static_cast<float>(std::sqrt(variance / n))};
    }

private:
    // All but those whose k nearest are at no distance: any of their duplicates will do, which real queries need not
    // have. All where these are too many.
    std::vector<std::size_t> telling_queries(std::uint32_t k) const {
        std::vector<std::size_t> telling;
        for (std::size_t q = 0; q < n_queries_; ++q) {
            if (state_.description.metric == Metric::dot || truth_[q][k - 1] > 0) telling.push_back(q);
        }
        if (telling.size() < std::min(least_telling, n_queries_)) {
            telling.resize(n_queries_);
            std::iota(telling.begin(), telling.end(), std::size_t{0});
        }
        return telling;
    }

    // How many of a walk's answers are among the nearest; ties count as found.
    std::uint32_t hits(std::size_t q, std::uint32_t effort, search::Scratch& scratch, std::span<Neighbor> out) {
        const std::size_t dim = state_.description.dim;
        const auto values = std::span(queries_.values).subspan(q * dim, dim);
        const SearchOptions options{.effort = effort};
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
    const std::size_t n_queries_;
    const std::vector<std::vector<float>> truth_;  // the distances of the most_k nearest
    std::vector<LeaveOneOut> leave_one_out_;       // where queries are items
};

// What the queries that walks find the least for say of an effort.
CalibrationPoint hardest(std::span<Panel> panels, std::uint32_t k, std::uint32_t effort) {
    CalibrationPoint least = panels.front().walks(k, effort);
    for (Panel& panel : panels.subspan(1)) {
        const CalibrationPoint point = panel.walks(k, effort);
        if (point.recall - point.standard_error < least.recall - least.standard_error) least = point;
    }
    return least;
}

// From few in view, which is what easy data takes, on in steps of a quarter, until walks have found nearly all, until
// looking at all items costs no more, or until more effort is no help.
void measure(const Index::State& state, std::span<Panel> panels, std::uint32_t k,
             std::vector<CalibrationPoint>& points) {
    const std::uint32_t scanned = search::scanned_from(state);
    float best = 0;
    float best_at_half = 0;
    std::uint32_t half = 0;
    for (std::uint32_t effort = std::max(least_effort, k / 5); effort < std::min(scanned, most_effort);
         effort += std::max(1u, effort / 4)) {
        CalibrationPoint point = hardest(panels, k, effort);
        best = std::max(best, point.recall);
        point.recall = best;
        points.push_back(point);
        if (best >= search::curve_end) return;
        if (effort < 2 * half) continue;
        const float gain = best - best_at_half;
        int doublings_left = 0;  // and what is left of one
        for (std::uint64_t doubled = effort; doubled < scanned; doubled *= 2) ++doublings_left;
        if (half > 0 && best + gain * static_cast<float>(doublings_left) < hopeless) return;
        if (effort >= usual_effort && gain < least_gain) return;
        half = effort;
        best_at_half = best;
    }
}

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

namespace {

bool has_many_ties(std::span<const std::vector<float>> truth) {
    std::size_t asked = 0;
    std::size_t tied = 0;
    for (const auto& distances : truth) {
        if (distances[tie_at - 1] == 0) continue;  // its duplicates
        ++asked;
        tied += distances[tie_at - 1] == distances[tie_at] ? 1 : 0;
    }
    return static_cast<double>(tied) > many_ties * static_cast<double>(asked);
}

// Each item drawn towards a few of its neighbours, by random shares: queries that lie between items, where ties are
// rare.
CalibrationQueries between_items(const Index::State& state, std::span<const std::uint32_t> items) {
    constexpr int drawn_to = 3;
    const std::size_t dim = state.description.dim;
    const std::uint64_t seed = opened::derive_seed(state.description.seed, opened::SeedPart::calibration_queries);
    CalibrationQueries queries;
    queries.values.resize(items.size() * dim);
    std::vector<float> item(dim);
    std::vector<float> neighbor(dim);
    std::vector<graph::ItemId> neighbors;
    for (std::size_t q = 0; q < items.size(); ++q) {
        const auto out = std::span(queries.values).subspan(q * dim, dim);
        base::Random random(base::derive_seed(seed, q));
        opened::vector_of(state, items[q], item);
        std::ranges::copy(item, out.begin());
        neighbors_of(state, items[q], neighbors);
        for (int i = 0; i < drawn_to && !neighbors.empty(); ++i) {
            const auto at = random.below(static_cast<std::uint32_t>(neighbors.size()));
            opened::vector_of(state, neighbors[at], neighbor);
            const float share = static_cast<float>(random.below(1024)) / 2048.0f;
            for (std::size_t d = 0; d < dim; ++d) out[d] += share * (neighbor[d] - item[d]);
        }
    }
    return queries;
}

}  // namespace

Calibration calibrate(const Index::State& state, const CalibrationQueries& queries, unsigned threads,
                      const StageWatch& watch) {
    if (!state.graph || state.description.count <= search::least_walked || queries.values.empty()) return {};
    std::deque<CalibrationQueries> others;  // panels refer to them
    std::vector<Panel> panels;
    panels.emplace_back(state, queries, threads, watch);
    const bool bits = state.description.metric == Metric::hamming;  // there is nothing between bits
    if (queries.made_up) {
        // Whatever users ask for, what is like an item is something that they ask for too.
        panels.emplace_back(state, others.emplace_back(items_as_queries(state)), threads, watch);
    } else if (!queries.items.empty() && !bits && has_many_ties(panels.front().truth())) {
        panels.emplace_back(state, others.emplace_back(between_items(state, queries.items)), threads, watch);
    }
    Calibration calibration;
    for (const std::uint32_t k : search::calibrated_ks) measure(state, panels, k, calibration.points);
    calibration.nearest = panels.front().nearest();
    return calibration;
}

}  // namespace nearfile::build
