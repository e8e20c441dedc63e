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
#include "search/graph_walk.hpp"
#include "search/reranker.hpp"
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

    // What walks of an effort found of each k: one walk a query, whatever is wanted of it.
    void walks(std::uint32_t effort, std::span<const std::uint32_t> ks, std::span<CalibrationPoint> points) {
        constexpr std::size_t queries_a_task = 16;
        std::vector<std::uint32_t> found(n_queries_ * ks.size());
        std::atomic<bool> stop{false};
        run_stage(
            "calibration", (n_queries_ + queries_a_task - 1) / queries_a_task, threads_,
            [&](std::size_t task) {
                search::BorrowedScratch scratch(state_);
                std::vector<Neighbor> out;
                const std::size_t end = std::min(n_queries_, (task + 1) * queries_a_task);
                for (std::size_t q = task * queries_a_task; q < end; ++q) {
                    walk(q, effort, ks.back(), *scratch);
                    for (std::size_t i = 0; i < ks.size(); ++i) {
                        out.resize(ks[i]);
                        found[q * ks.size() + i] = hits(q, effort, *scratch, out);
                    }
                }
            },
            watch_, stop);
        for (std::size_t i = 0; i < ks.size(); ++i) points[i] = point_of(ks, i, effort, found);
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

    // The mean over the queries of what each found of ks[i].
    CalibrationPoint point_of(std::span<const std::uint32_t> ks, std::size_t i, std::uint32_t effort,
                              std::span<const std::uint32_t> found) const {
        double sum = 0;
        double squares = 0;
        const std::vector<std::size_t> telling = telling_queries(ks[i]);
        for (const std::size_t q : telling) {
            const double share = static_cast<double>(found[q * ks.size() + i]) / ks[i];
            sum += share;
            squares += share * share;
        }
        const auto n = static_cast<double>(telling.size());
        const double variance = std::max(0.0, squares / n - (sum / n) * (sum / n));
        return {ks[i], effort, static_cast<float>(sum / n), static_cast<float>(std::sqrt(variance / n))};
    }

    // Remembers enough for k.
    void walk(std::size_t q, std::uint32_t effort, std::uint32_t k, search::Scratch& scratch) {
        const std::size_t dim = state_.description.dim;
        scratch.scorer.set_query(std::span(queries_.values).subspan(q * dim, dim));
        if (!leave_one_out_.empty()) return walk_without(state_, effort, k, leave_one_out_[q], scratch);
        search::walk_from_leaf(state_, effort, k, scratch, [&](auto& computer, const auto& entries, std::size_t kept) {
            graph::walk(computer, entries, {}, effort, kept, state_.graph->degree, scratch.walk);
        });
    }

    // How many of a walk's answers are among the nearest; ties count as found.
    std::uint32_t hits(std::size_t q, std::uint32_t effort, search::Scratch& scratch, std::span<Neighbor> out) const {
        const std::size_t k = out.size();
        search::Reranker reranker(state_, scratch, k);
        // As many as a search for k alone would remember.
        const std::size_t n_visited =
            std::min(search::measured(state_, effort, k, scratch), search::kept(state_, effort, k));
        if (!reranker.take_visited(n_visited)) {
            // A search would look at every item now; but for one that is left out there is no such search.
            return leave_one_out_.empty() ? static_cast<std::uint32_t>(k) : 0;
        }
        reranker.rerank(out);
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

// What the queries that walks find the least for say of an effort and of each k.
void hardest(std::span<Panel> panels, std::uint32_t effort, std::span<const std::uint32_t> ks,
             std::span<CalibrationPoint> least) {
    panels.front().walks(effort, ks, least);
    std::vector<CalibrationPoint> points(ks.size());
    for (Panel& panel : panels.subspan(1)) {
        panel.walks(effort, ks, points);
        for (std::size_t i = 0; i < ks.size(); ++i) {
            const auto sure = [](const CalibrationPoint& point) { return point.recall - point.standard_error; };
            if (sure(points[i]) < sure(least[i])) least[i] = points[i];
        }
    }
}

// One k's curve while it is measured: until walks have found nearly all, or until more effort is no help.
class Curve {
public:
    Curve(std::uint32_t k, std::uint32_t scanned) : k_(k), scanned_(scanned) {}

    std::uint32_t k() const noexcept { return k_; }
    bool wants(std::uint32_t effort) const noexcept { return !ended_ && effort >= k_ / 5; }
    bool ended() const noexcept { return ended_; }
    const std::vector<CalibrationPoint>& points() const noexcept { return points_; }

    void add(CalibrationPoint point) {
        const std::uint32_t effort = point.effort;
        best_ = std::max(best_, point.recall);
        point.recall = best_;
        points_.push_back(point);
        ended_ = best_ >= search::curve_end;
        if (ended_ || effort < 2 * half_) return;
        const float gain = best_ - best_at_half_;
        int doublings_left = 0;  // and what is left of one
        for (std::uint64_t doubled = effort; doubled < scanned_; doubled *= 2) ++doublings_left;
        const bool no_hope = half_ > 0 && best_ + gain * static_cast<float>(doublings_left) < hopeless;
        ended_ = no_hope || (effort >= usual_effort && gain < least_gain);
        half_ = effort;
        best_at_half_ = best_;
    }

private:
    std::uint32_t k_;
    std::uint32_t scanned_;
    std::vector<CalibrationPoint> points_;
    float best_ = 0;
    float best_at_half_ = 0;
    std::uint32_t half_ = 0;
    bool ended_ = false;
};

// Between two efforts recall is nearly in proportion.
std::uint32_t next_effort(std::uint32_t effort) noexcept {
    return effort + std::max(1u, effort * 2 / 5);
}

// Efforts for all k at once, from few in view, which is what easy data takes, until every curve has ended or looking at
// all items costs no more.
std::vector<CalibrationPoint> measure(const Index::State& state, std::span<Panel> panels) {
    const std::uint32_t scanned = search::scanned_from(state);
    std::vector<Curve> curves;
    for (const std::uint32_t k : search::calibrated_ks) curves.emplace_back(k, scanned);
    for (std::uint32_t effort = least_effort; effort < std::min(scanned, most_effort); effort = next_effort(effort)) {
        std::vector<std::uint32_t> ks;
        for (const Curve& curve : curves) {
            if (curve.wants(effort)) ks.push_back(curve.k());
        }
        if (std::ranges::all_of(curves, &Curve::ended)) break;
        if (ks.empty()) continue;
        std::vector<CalibrationPoint> found(ks.size());
        hardest(panels, effort, ks, found);
        for (const CalibrationPoint& point : found) std::ranges::find(curves, point.k, &Curve::k)->add(point);
    }
    std::vector<CalibrationPoint> points;
    for (const Curve& curve : curves) points.insert(points.end(), curve.points().begin(), curve.points().end());
    return points;
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
    calibration.points = measure(state, panels);
    calibration.nearest = panels.front().nearest();
    return calibration;
}

}  // namespace nearfile::build
