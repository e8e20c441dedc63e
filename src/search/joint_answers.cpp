#include "search/joint_answers.hpp"

namespace nearfile::search {
namespace {

bool nearer(const JointAnswer& a, const JointAnswer& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.tie < b.tie);
}

JointAnswer answer_of(const JointPart& of, std::size_t part, const Neighbor& found) noexcept {
    const bool text = of.state->description.id_kind == IdKind::string;
    const std::int64_t tie =
        text ? static_cast<std::int64_t>(of.start + found.row) : of.first_id + of.state->ids.number(found.row);
    const bool negated = of.state->description.metric == Metric::dot;
    return {negated ? -found.distance : found.distance, tie, static_cast<std::uint32_t>(part), found.row};
}

}  // namespace

void JointAnswers::merge(const JointPart& of, std::size_t part, std::span<const Neighbor> found) {
    merged_.clear();
    std::size_t next = 0;
    const auto put_before = [&](const JointAnswer* bound) {
        while (next < all_.size() && merged_.size() < k_ && (bound == nullptr || nearer(all_[next], *bound))) {
            merged_.push_back(all_[next++]);
        }
    };
    for (const Neighbor& each : found) {
        const JointAnswer answer = answer_of(of, part, each);
        put_before(&answer);
        if (merged_.size() == k_) break;
        merged_.push_back(answer);
    }
    put_before(nullptr);
    all_.swap(merged_);
}

}  // namespace nearfile::search
