#include "search/joint.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "search/effort.hpp"
#include "search/filtered.hpp"
#include "search/graph_walk.hpp"
#include "search/joint_walk.hpp"
#include "search/reranker.hpp"
#include "search/scan.hpp"
#include "search/search.hpp"

namespace nearfile::search {
namespace {

// A part that has a share of what the largest one has may miss more of it: misses of few weigh little, and the first
// steps of a walk find the most. So much more as the share is smaller to this power; and so much of what all parts
// may then miss together the others make up for (the rest is found beyond what calibrations count on, because walks go
// on to what is within the limit).
constexpr double power_of_share = 0.5;
constexpr double made_up_for = 0.4;
constexpr double most_missed = 0.5;

// Another part than the largest one walks first where its entry points are nearer by so much: squared distances by
// half.
constexpr float much_nearer = 0.5f;

// What a candidate of a forest costs, in nanoseconds as effort.hpp has them.
constexpr double candidate = 20;

// What parts of either structure take of what was asked for.
SearchOptions options_for(const Index::State& state, const SearchOptions& options) noexcept {
    SearchOptions own = options;
    if (state.graph) {
        own.search_k = 0;
    } else {
        own.effort = 0;
        own.recall = 0;
        // One tree finds little. Such segments wait for a graph to be made of them, and are looked at whole meanwhile.
        own.exact = options.exact || (options.search_k == 0 && state.description.n_trees == 1);
    }
    return own;
}

// Of a part that does not walk: whether all of it is looked at, not what a forest leads to.
bool looks_at_all_of(const Index::State& state, const SearchOptions& options, std::size_t k) {
    if (state.graph || looks_at_all(state, options, k)) return true;
    const auto wanted = static_cast<double>(candidates_wanted(options, k, state.description.dim));
    return options.search_k == 0 && item_of_a_scan(state) * state.description.count <= wanted * candidate;
}

// What is no share is none.
double share_of(const JointQuery& query, std::size_t part) noexcept {
    return query.shares[part] > 0 ? std::min<double>(query.shares[part], 1) : 0;
}

}  // namespace

// How far a part goes: as it would by itself, and whatever the others have found.
struct Joint::Efforts {
    std::uint32_t own;
    std::uint32_t beyond;
};

// What one part is asked in the present search.
struct Joint::Asked {
    std::optional<BorrowedScratch> scratch;
    std::optional<Admission> admission;
    FilteredPlan plan;  // where not everything is admitted
    std::size_t k = 0;  // what it could give
    std::optional<JointWalk> walk;
};

// Gives back what a search has borrowed, however it ends.
struct Joint::Release {
    std::span<Asked> all;
    ~Release() {
        for (Asked& each : all) {
            each.walk.reset();
            each.admission.reset();
            each.scratch.reset();
        }
    }
};

Joint::Joint(std::span<const JointPart> parts)
    : parts_(parts),
      allowed_(parts.size()),
      efforts_(std::make_unique<Efforts[]>(parts.size())),
      asked_(std::make_unique<Asked[]>(parts.size())) {}
Joint::~Joint() = default;

std::span<Joint::Asked> Joint::asked() noexcept {
    return {asked_.get(), parts_.size()};
}

std::size_t Joint::admitted_in(std::size_t part) const noexcept {
    return allowed_[part] != nullptr ? allowed_[part]->count() : parts_[part].state->description.count;
}

// Kept from search to search where nothing is different.
void Joint::plan(const JointQuery& query, const SearchOptions& options, std::size_t k) {
    next_plan_.k = k;
    next_plan_.effort = options.effort;
    next_plan_.recall = options.recall;
    next_plan_.exact = options.exact;
    next_plan_.by_shares = !query.shares.empty();
    next_plan_.admitted.resize(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) next_plan_.admitted[i] = admitted_in(i);
    if (next_plan_ == plan_ && !plan_.by_shares) return;
    std::swap(plan_, next_plan_);
    double all = 0;
    for (const std::size_t n : plan_.admitted) all += static_cast<double>(n);
    shares_.resize(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const auto n = static_cast<double>(plan_.admitted[i]);
        shares_[i] = n == 0 ? 0 : plan_.by_shares ? share_of(query, i) : n / all;
    }
    plan_efforts();
}

void Joint::plan_efforts() {
    const auto k = static_cast<double>(plan_.k);
    const double most = *std::ranges::max_element(shares_);
    const auto weight = [&](double share) { return std::pow(share / most, -power_of_share); };
    double missed = 0;  // in parts of what was asked for
    for (const double share : shares_) missed += share > 0 ? share * weight(share) : 0;
    const double made_up = 1 + made_up_for * (missed - 1);
    const bool by_recall = plan_.effort == 0 || plan_.recall > 0;
    const double recall = plan_.recall > 0 ? plan_.recall : default_recall;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Index::State& state = *parts_[i].state;
        const double share = shares_[i];
        efforts_[i] = {every_item, every_item};
        if (!(share > 0) || !state.graph || plan_.exact || state.description.count <= least_walked) continue;
        const double own_k = std::ceil(k * share);
        std::uint32_t own = plan_.effort;
        auto beyond = static_cast<std::uint32_t>(std::ceil(plan_.effort * own_k / k));
        if (by_recall) {
            const double few = 1 - std::min((1 - recall) * weight(share) / made_up, most_missed);
            const auto effort = [&](double of, double found) {
                return effort_for(state.calibration, static_cast<std::uint32_t>(of), static_cast<float>(found));
            };
            // More than was asked for, where walks give it.
            std::uint32_t wanted = effort(k, std::max(few, recall));
            if (wanted == every_item) wanted = effort(k, recall);
            own = std::max(own, wanted);
            beyond = std::max(beyond, effort(own_k, few));
        }
        if (own < scanned_from(state)) efforts_[i] = {own, std::clamp(beyond, 1u, own)};
    }
}

// Gets a part ready, and its walk where it walks.
void Joint::begin(std::size_t part, const JointQuery& query, const SearchOptions& options) {
    Asked& asked = asked_[part];
    const JointPart& of = parts_[part];
    const Index::State& state = *of.state;
    Scratch& scratch = *asked.scratch.emplace(state);
    scratch.scorer.set_query(query.values);
    if (query.seen != nullptr && part == query.seen_in) scratch.scorer.restore_seen(*query.seen);
    auto& excluded = scratch.excluded_items;
    excluded.clear();
    for (const std::uint64_t row : query.exclude) {
        if (row - of.start >= state.description.count) continue;
        excluded.push_back(state.item_of(static_cast<std::uint32_t>(row - of.start)));
    }
    asked.k = std::min(plan_.k, plan_.admitted[part]);
    Efforts efforts = efforts_[part];
    std::size_t measured = efforts.own == every_item ? 0 : reranked(state, efforts.own, asked.k);
    if (allowed_[part] != nullptr || !excluded.empty()) {
        asked.admission.emplace(allowed_[part], excluded, state.description.count, scratch.excluded);
        asked.k = std::min<std::size_t>(plan_.k, asked.admission->count());
        if (asked.k == 0) return;
        asked.plan = plan_of(state, options_for(state, options), *asked.admission, asked.k, scratch.scorer);
        if (efforts.own == every_item || asked.plan.way != FilteredPlan::Way::walk) return;
        // As much farther as a filter makes a walk go.
        const double farther = static_cast<double>(asked.plan.effort) / efforts.own;
        efforts = {asked.plan.effort, static_cast<std::uint32_t>(std::ceil(efforts.beyond * farther))};
        measured = asked.plan.measured;
    }
    if (efforts.own == every_item) return;
    asked.walk.emplace(state, scratch, asked.admission ? &*asked.admission : nullptr,
                       JointEffort{efforts.own, efforts.beyond, measured}, asked.k);
}

// All walks are where they begin.
void Joint::put_in_order(std::span<const float> shares) {
    turns_.clear();
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (!asked_[i].walk) continue;
        asked_[i].walk->step();
        turns_.push_back({shares.empty() ? asked_[i].walk->nearest() : -shares[i], i});
    }
    if (!shares.empty()) {
        // The less is left for a part, the sooner its walk ends.
        std::ranges::stable_sort(turns_, {}, &Turn::nearest);
        return;
    }
    if (turns_.empty()) return;
    const float near = turns_.front().nearest;
    const float much = near - much_nearer * std::fabs(near);
    for (Turn& each : turns_) {
        if (!(each.nearest < much)) each.nearest = near;
    }
    std::ranges::stable_sort(turns_, {}, &Turn::nearest);
}

// To the end, and what it found is measured.
void Joint::walk(std::size_t part) {
    Asked& asked = asked_[part];
    const float limit = answers_.limit();
    if (limit < std::numeric_limits<float>::infinity()) asked.walk->set_limit(limit);
    while (asked.walk->step()) {
    }
    Scratch& scratch = **asked.scratch;
    Reranker reranker(*parts_[part].state, scratch, asked.k, limit);
    reranker.take_best(asked.walk->found(), asked.walk->n_measured());
    scratch.answer.resize(asked.k);
    answers_.merge(parts_[part], part, std::span(scratch.answer).first(reranker.rerank(scratch.answer)));
}

// A part that does not walk: everything that may be nearer than the nearest so far, or what a forest has of it.
void Joint::look(std::size_t part, const SearchOptions& options) {
    Asked& asked = asked_[part];
    const Index::State& state = *parts_[part].state;
    const SearchOptions own = options_for(state, options);
    Scratch& scratch = **asked.scratch;
    Reranker reranker(state, scratch, asked.k, answers_.limit());
    if (asked.admission) {
        find_admitted(state, asked.plan, *asked.admission, asked.k, scratch, reranker);
    } else if (looks_at_all_of(state, own, asked.k)) {
        scan(state, std::span(&reranker, 1));
    } else {
        scratch.scorer.gather(candidates_wanted(own, asked.k, state.description.dim), {}, scratch.gather,
                              scratch.candidates);
        reranker.filter_by_bounds(scratch.candidates);
    }
    scratch.answer.resize(asked.k);
    answers_.merge(parts_[part], part, std::span(scratch.answer).first(reranker.rerank(scratch.answer)));
}

// Each by itself: where all together came upon fewer than there are.
void Joint::ask_alone(const JointQuery& query, const SearchOptions& options) {
    answers_.reset(plan_.k);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        Asked& asked = asked_[i];
        if (!asked.scratch || asked.k == 0) continue;
        const Index::State& state = *parts_[i].state;
        Scratch& scratch = **asked.scratch;
        const SearchOptions own = options_for(state, options);
        scratch.answer.resize(asked.k);
        if (asked.admission) {
            search_admitted(state, query.values, own, *asked.admission, scratch, scratch.answer);
        } else {
            search::search(state, query.values, own, scratch, scratch.answer, nullptr, false);
        }
        answers_.merge(parts_[i], i, scratch.answer);
    }
}

std::span<const JointAnswer> Joint::search(const JointQuery& query, const SearchOptions& options, std::size_t k) {
    answers_.reset(k);
    if (k == 0) return {};
    const Release release{asked()};
    plan(query, options, k);
    const auto left_out = [&](std::size_t part) { return !query.shares.empty() && share_of(query, part) == 0; };
    std::size_t there = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (plan_.admitted[i] == 0) continue;
        if (!left_out(i)) begin(i, query, options);
        there += asked_[i].admission ? asked_[i].admission->count() : plan_.admitted[i];
    }
    put_in_order(query.shares);
    for (const Turn& each : turns_) walk(each.part);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (asked_[i].scratch && !asked_[i].walk && asked_[i].k > 0) look(i, options);
    }
    if (answers_.all().size() < std::min(k, there)) {
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            if (left_out(i) && plan_.admitted[i] > 0) begin(i, query, options);
        }
        ask_alone(query, options);
    }
    return answers_.all();
}

}  // namespace nearfile::search
