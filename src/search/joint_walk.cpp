#include "search/joint_walk.hpp"

#include <cmath>

#include "search/graph_walk.hpp"

namespace nearfile::search {
namespace {

// Codes of 4 bits tell distances with an error of some hundredths, codes of 8 bits better: what is a little beyond the
// limit by them may be within.
constexpr float slack_of_nibbles = 0.1f;
constexpr float slack_of_codes = 0.02f;

// Whether a walk measures squares, of directions where only these count.
bool measures_squares(const Index::State& state) noexcept {
    return state.graph->has_nibbles() && state.description.metric != Metric::dot;
}

float by_codes(const Index::State& state, float distance) noexcept {
    float measured = distance;
    if (measures_squares(state)) {
        measured = state.description.metric == Metric::cosine ? 2 * distance : distance * distance;
    }
    const float slack = state.graph->has_nibbles() ? slack_of_nibbles : slack_of_codes;
    return measured + slack * std::fabs(measured);
}

}  // namespace

template <class Computer>
void JointWalk::begin(const Computer& computer, const JointEffort& effort, std::size_t kept) {
    if (admission_ != nullptr) {
        way_.emplace<Filtered<Computer>>(*this, computer, effort);
    } else {
        way_.emplace<Free<Computer>>(*this, computer, effort, kept);
    }
}

JointWalk::JointWalk(const Index::State& state, Scratch& scratch, const Admission* admission, const JointEffort& effort,
                     std::size_t k)
    : state_(state), scratch_(scratch), admission_(admission), most_measured_(effort.measured) {
    if (admission_ != nullptr) scratch_.admitted.reset(effort.measured);
    Scorer& scorer = scratch_.scorer;
    scratch_.candidates.clear();
    scorer.entry_points(scratch_.candidates);
    const std::size_t kept_now = kept(state, effort.effort, k);
    if (scratch_.tables) {
        SketchDistanceComputer computer(state, *scratch_.tables, std::max<std::size_t>(effort.effort, k),
                                        fetched_ahead(state, k));
        computer.set_query(scorer);
        begin(computer, effort, kept_now);
    } else if (state.graph->has_nibbles()) {
        NibbleDistanceComputer computer(state, fetched_ahead(state, k));
        computer.set_query(scorer);
        begin(computer, effort, kept_now);
    } else {
        scorer.prepare_codes();
        begin(CodeDistanceComputer(state, scorer), effort, kept_now);
    }
}

void JointWalk::set_limit(float distance) noexcept {
    limit_ = by_codes(state_, distance);
    scratch_.walk.frontier.set_limit(limit_);
}

bool JointWalk::step() {
    return std::visit(
        [](auto& way) {
            if constexpr (std::is_same_v<std::decay_t<decltype(way)>, std::monostate>) {
                return false;
            } else {
                return way.walk.step();
            }
        },
        way_);
}

float JointWalk::nearest() const noexcept {
    const graph::Frontier& frontier = scratch_.walk.frontier;
    if (frontier.size() == 0) return std::numeric_limits<float>::infinity();
    const float distance = frontier[0].distance;
    if (measures_squares(state_) || state_.description.metric == Metric::dot) return distance;
    return state_.description.metric == Metric::cosine ? 2 * distance : distance * distance;
}

std::size_t JointWalk::n_measured() const noexcept {
    const graph::Frontier& all = found();
    std::size_t n = 0;
    while (n < all.size() && n < most_measured_ && all[n].distance <= limit_) ++n;
    return n;
}

}  // namespace nearfile::search
