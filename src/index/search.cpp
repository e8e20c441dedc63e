#include "index/search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "index/calibration.hpp"
#include "index/left_out.hpp"
#include "index/steering.hpp"

namespace nearfile::index {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// A default that finds nine of ten nearest neighbours on usual data: docs/algorithms/forest.md.
constexpr std::uint64_t default_candidates_least = 5000;
constexpr std::uint64_t default_candidates_per_neighbor = 200;

std::uint64_t candidates_wanted(const SearchOptions& options, std::size_t k, std::size_t dim) {
    // Coding the query and passing the planes costs more than scoring so many, so fewer would save nothing.
    const std::uint64_t least = std::max<std::uint64_t>(k, dim / 4);
    if (options.search_k != 0) return std::max(options.search_k, least);
    return std::max({default_candidates_least, default_candidates_per_neighbor * k, least});
}

constexpr std::uint32_t default_width = 64;  // where there is no calibration
constexpr float default_recall = 0.95f;

// How many vertices a walk keeps in view.
std::size_t width_wanted(const Index::State& state, const SearchOptions& options, std::size_t k) {
    std::uint32_t effort = options.effort;
    if (effort == 0 || options.recall > 0) {
        const float recall = options.recall > 0 ? options.recall : default_recall;
        effort = std::max(effort, effort_for(state.calibration, static_cast<std::uint32_t>(k), recall, default_width));
    }
    return std::max<std::size_t>(effort, k);
}

// How many a walk remembers beyond those it goes on to. Where it sees a projection its order says little, and measuring
// a few more costs less than walking on.
std::size_t spare(const Index::State& state) {
    return state.space.kind() == SpaceKind::projection ? 20 : 4;
}

// How many of the walk's best are measured better than its codes do.
std::size_t settled(const Index::State& state, std::size_t width, std::size_t k) {
    return state.space.kind() == SpaceKind::projection ? width + spare(state)
                                                       : k + std::max<std::size_t>(20, width / 4);
}

// A walk that starts in the leaf of the first tree that the query falls into. What it met stays in its frontier.
void walk_from_leaf(const Index::State& state, std::size_t width, LeftOut* left_out, Scratch& scratch) {
    Scorer& scorer = scratch.scorer;
    auto& seeds = scratch.candidates;
    seeds.clear();
    scorer.seeds(seeds);
    const auto walk = [&](auto& steering, std::size_t kept) {
        const std::size_t degree = state.graph->degree;
        if (left_out == nullptr) {
            graph::walk(steering, seeds, {}, width, kept, degree, scratch.walk);
            return;
        }
        SteeringWithout without(steering, *left_out);
        const std::array<graph::RowId, 1> item = {left_out->item()};
        graph::walk(without, seeds, item, width, kept, degree, scratch.walk);
    };
    if (scratch.tables) {
        SketchSteering steering(state, *scratch.tables);
        steering.set_query(scorer);
        walk(steering, width + spare(state));
    } else {
        scorer.prepare_codes();
        CodeSteering steering(state, scorer);
        walk(steering, width);
    }
}

class Search {
public:
    Search(const Index::State& state, Scratch& scratch, std::size_t k) : state_(state), scratch_(scratch), k_(k) {
        scratch_.uppers.clear();
        scratch_.survivors.clear();
        scratch_.nearest.clear();
    }

    // The best that a walk has met; false where they are fewer than k.
    bool consider_met(std::size_t width) {
        const graph::Frontier& met = scratch_.walk.frontier;
        const std::size_t n = std::min(met.size(), settled(state_, width, k_));
        if (n < k_) return false;
        auto& candidates = scratch_.candidates;
        candidates.clear();
        for (std::size_t i = 0; i < n; ++i) candidates.push_back(met[i].item);
        // Behind 4-bit codes few are left: measuring them costs less than bounds would save.
        if (scratch_.tables) {
            measure(candidates);
        } else {
            consider(candidates);
        }
        return true;
    }

    // Keep the candidates whose lower bound is not above the k-th smallest upper bound.
    void consider(std::span<const codes::RowId> candidates) {
        scratch_.scorer.prepare_codes();
        for (std::size_t i = 0; i < candidates.size(); i += codes::batch) {
            const auto some = candidates.subspan(i, std::min(codes::batch, candidates.size() - i));
            scratch_.scorer.bounds(some.data(), 0, some.size(), bounds());
            for (std::size_t j = 0; j < some.size(); ++j) keep(some[j], j);
        }
    }

    void consider_all() {
        const std::uint32_t count = state_.description.count;
        if (!scratch_.scorer.has_codes()) {
            std::array<codes::RowId, Scorer::exact_batch> some;
            for (std::uint32_t item = 0; item < count;) {
                std::size_t n = 0;
                while (n < some.size() && item < count) some[n++] = item++;
                measure({some.data(), n});
            }
            return;
        }
        scratch_.scorer.prepare_codes();
        for (std::uint32_t first = 0; first < count; first += codes::batch) {
            const auto some = static_cast<std::uint32_t>(std::min<std::size_t>(codes::batch, count - first));
            scratch_.scorer.bounds(nullptr, first, some, bounds());
            for (std::uint32_t j = 0; j < some; ++j) keep(first + j, j);
        }
    }

    // Measure the survivors exactly, the likeliest first, until none that is left can be among the nearest.
    void settle(std::span<Neighbor> out) {
        auto& survivors = scratch_.survivors;
        auto& nearest = scratch_.nearest;
        std::erase_if(survivors, [this](const Survivor& each) { return each.lower > bar_; });
        std::sort(survivors.begin(), survivors.end(), [](const Survivor& a, const Survivor& b) {
            return a.lower < b.lower || (a.lower == b.lower && a.row < b.row);
        });
        for (std::size_t i = 0; i < survivors.size(); i += Scorer::exact_batch) {
            if (nearest.size() == k_ && survivors[i].lower > nearest.front().distance) break;
            const std::size_t n = std::min(Scorer::exact_batch, survivors.size() - i);
            std::array<codes::RowId, Scorer::exact_batch> rows;
            for (std::size_t j = 0; j < n; ++j) rows[j] = survivors[i + j].row;
            measure({rows.data(), n});
        }
        std::sort_heap(nearest.begin(), nearest.end(), Nearer{state_});
        const bool negated = state_.description.metric == Metric::dot;
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = nearest[i];
            out[i].row = state_.row_of(out[i].row);
            if (negated) out[i].distance = -out[i].distance;
        }
    }

private:
    // Ties by smaller id.
    struct Nearer {
        const Index::State& state;
        bool operator()(const Neighbor& a, const Neighbor& b) const noexcept {
            if (a.distance != b.distance) return a.distance < b.distance;
            return state.ids.number(state.row_of(a.row)) < state.ids.number(state.row_of(b.row));
        }
    };

    codes::Bounds bounds() noexcept { return {lower_.data(), upper_.data()}; }

    void keep(codes::RowId row, std::size_t j) {
        if (lower_[j] > bar_) return;
        // In a damaged file bounds may be no numbers, or crossed: such a row is kept and measured.
        const float lower = std::isnan(lower_[j]) ? -infinity : lower_[j];
        const float upper = upper_[j] >= lower ? upper_[j] : infinity;
        scratch_.survivors.push_back({lower, row});
        auto& uppers = scratch_.uppers;
        if (uppers.size() == k_) {
            if (!(upper < bar_)) return;
            std::pop_heap(uppers.begin(), uppers.end());
            uppers.back() = upper;
        } else {
            uppers.push_back(upper);
        }
        std::push_heap(uppers.begin(), uppers.end());
        if (uppers.size() == k_) bar_ = uppers.front();
    }

    void measure(std::span<const codes::RowId> rows) {
        std::array<float, Scorer::exact_batch> distances;
        prefetch(rows.first(std::min(Scorer::exact_batch, rows.size())));
        while (!rows.empty()) {
            const auto some = rows.first(std::min(Scorer::exact_batch, rows.size()));
            rows = rows.subspan(some.size());
            prefetch(rows.first(std::min(Scorer::exact_batch, rows.size())));
            scratch_.scorer.exact(some.data(), some.size(), distances.data());
            for (std::size_t j = 0; j < some.size(); ++j) offer({some[j], distances[j]});
        }
    }
    void prefetch(std::span<const codes::RowId> rows) {
        for (const codes::RowId each : rows) scratch_.scorer.prefetch_exact(each);
    }

    void offer(const Neighbor& each) {
        auto& nearest = scratch_.nearest;
        const Nearer nearer{state_};
        if (nearest.size() < k_) {
            nearest.push_back(each);
        } else if (nearer(each, nearest.front())) {
            std::pop_heap(nearest.begin(), nearest.end(), nearer);
            nearest.back() = each;
        } else {
            return;
        }
        std::push_heap(nearest.begin(), nearest.end(), nearer);
    }

    const Index::State& state_;
    Scratch& scratch_;
    const std::size_t k_;
    float bar_ = infinity;  // the k-th smallest upper bound so far
    std::array<float, codes::batch> lower_;
    std::array<float, codes::batch> upper_;
};

}  // namespace

float likeness(const Index::State& state, std::span<const float> query, float distance) {
    if (state.description.metric != Metric::dot) return distance;
    float squares = 0;
    state.kernels->dot_f32(query.data(), query.data(), 0, nullptr, 1, query.size(), &squares);
    return squares > 0 ? distance / std::sqrt(squares) : 0.0f;
}

void search(const Index::State& state, std::span<const float> query, const SearchOptions& options, Scratch& scratch,
            std::span<Neighbor> out) {
    const std::size_t k = out.size();
    if (k == 0) return;
    scratch.scorer.set_query(query);
    Search search(state, scratch, k);
    if (state.graph) {
        const std::size_t width = width_wanted(state, options, k);
        const std::uint32_t count = state.description.count;
        const bool walks = !options.exact && count > least_walked && width < scanned_from(count);
        if (walks) walk_from_leaf(state, width, nullptr, scratch);
        if (!walks || !search.consider_met(width)) search.consider_all();
        search.settle(out);
        if (walks && state.live.watching()) {
            const float sign = state.description.metric == Metric::dot ? -1.0f : 1.0f;
            state.live.note(likeness(state, query, sign * out.front().distance));
        }
        return;
    }
    const std::uint64_t wanted = candidates_wanted(options, k, state.description.dim);
    if (options.exact || wanted >= state.description.count) {
        search.consider_all();
    } else {
        scratch.scorer.gather(wanted, scratch.gather, scratch.candidates);
        if (scratch.candidates.size() >= k) {
            search.consider(scratch.candidates);
        } else {
            search.consider_all();  // only a damaged forest has fewer
        }
    }
    search.settle(out);
}

void search_without(const Index::State& state, std::span<const float> query, const SearchOptions& options,
                    LeftOut& left_out, Scratch& scratch, std::span<Neighbor> out) {
    const std::size_t k = out.size();
    scratch.scorer.set_query(query);
    Search search(state, scratch, k);
    const std::size_t width = width_wanted(state, options, k);
    walk_from_leaf(state, width, &left_out, scratch);
    if (search.consider_met(width)) {
        search.settle(out);
    } else {
        std::fill(out.begin(), out.end(), Neighbor{0, infinity});
    }
}

}  // namespace nearfile::index
