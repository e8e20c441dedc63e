// Searches of segments: each is asked for its nearest, and of all these the nearest are the answer.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "api/checks.hpp"
#include "api/filter_state.hpp"
#include "api/segments_state.hpp"
#include "base/parallel.hpp"
#include "nearfile/segments.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "search/filtered.hpp"
#include "search/search.hpp"

namespace nearfile {
namespace {

using opened::raise;

struct Answer {
    float distance;    // smaller is nearer
    std::int64_t tie;  // what is called less comes first
    SegmentRow place;
};

bool nearer(const Answer& a, const Answer& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.tie < b.tie);
}

// What one segment was asked for, and what it gave.
struct Asked {
    std::uint32_t segment;
    std::size_t k;
    std::size_t admitted;  // how many it could give
    Answer last;
};

// Which part of the k nearest to expect in a segment.
struct Share {
    std::uint32_t segment;
    double share;
};

// One query, asked of one segment after the other.
class Question {
public:
    Question(const Segments::State& state, std::span<const float> query, const SearchOptions& options,
             const SegmentsFilter* filter, std::span<const std::uint64_t> exclude, std::span<const float> shares)
        : state_(state), query_(query), options_(options), filter_(filter), exclude_(exclude), shares_(shares) {}

    // The k nearest of what is admitted.
    std::span<const Answer> answer(std::size_t k);

private:
    const Filter* filter_in(std::uint32_t segment) const noexcept {
        return filter_ != nullptr ? &filter_->parts()[segment] : state_.live_in(segment);
    }
    std::size_t admitted_in(std::uint32_t segment) const noexcept {
        return filter_ != nullptr ? filter_->parts()[segment].size() : state_.n_live[segment];
    }
    std::vector<Share> shares() const;
    void ask(Asked& asked);
    void ask_again(Asked& asked);

    const Segments::State& state_;
    std::span<const float> query_;
    const SearchOptions& options_;
    const SegmentsFilter* filter_;
    std::span<const std::uint64_t> exclude_;
    std::span<const float> shares_;
    std::vector<Answer> answers_;
};

// So many of the k nearest are in a part that has a share of all items, where items are spread at random: in all but
// one of some hundred queries no more.
std::size_t expected_of(std::size_t k, double share) noexcept {
    constexpr double deviations = 3;
    const double mean = static_cast<double>(k) * share;
    return static_cast<std::size_t>(mean + deviations * std::sqrt(mean * (1 - share))) + 1;
}

// What segments of either structure take of what was asked for.
SearchOptions options_for(const Index::State& state, const SearchOptions& options) noexcept {
    SearchOptions own = options;
    if (state.graph) own.search_k = 0;
    if (!state.graph) own.effort = 0;
    if (!state.graph) own.recall = 0;
    // One tree finds little. Such segments wait for a graph to be made of them, and are looked at whole meanwhile.
    if (!state.graph && options.search_k == 0 && state.description.n_trees == 1) own.exact = true;
    return own;
}

void Question::ask(Asked& asked) {
    const Index::State& index = state_.indexes[asked.segment].state();
    search::BorrowedScratch borrowed(index);
    search::Scratch& scratch = *borrowed;
    const std::uint64_t start = state_.starts[asked.segment];
    auto& excluded = scratch.excluded_items;
    excluded.clear();
    for (const std::uint64_t row : exclude_) {
        if (row - start < index.description.count)
            excluded.push_back(index.item_of(static_cast<std::uint32_t>(row - start)));
    }
    const SearchOptions options = options_for(index, options_);
    const Filter* filter = filter_in(asked.segment);
    if (filter == nullptr && excluded.empty()) {
        scratch.answer.resize(asked.k);
        search::search(index, query_, options, scratch, scratch.answer, nullptr, false);
    } else {
        const search::Admission admission(filter != nullptr ? &api::eligible_of(*filter) : nullptr, excluded,
                                          index.description.count, scratch.excluded);
        scratch.answer.resize(std::min<std::size_t>(asked.k, admission.count()));
        search::search_admitted(index, query_, options, admission, scratch, scratch.answer);
    }
    const bool negated = state_.metric == Metric::dot;
    for (const Neighbor& each : scratch.answer) {
        const SegmentRow place{asked.segment, each.row};
        answers_.push_back({negated ? -each.distance : each.distance, state_.id_of(place), place});
    }
    if (!scratch.answer.empty()) asked.last = answers_.back();
}

// Of all segments that admit anything, the largest first.
std::vector<Share> Question::shares() const {
    const auto size = static_cast<double>(filter_ != nullptr ? filter_->size() : state_.size);
    std::vector<Share> all;
    for (const std::uint32_t segment : state_.largest_first) {
        const std::size_t admitted = admitted_in(segment);
        if (admitted == 0) continue;
        const double given = shares_.empty() ? static_cast<double>(admitted) / size : shares_[segment];
        all.push_back({segment, given > 0 ? std::min(given, 1.0) : 0});
    }
    if (!shares_.empty()) std::ranges::stable_sort(all, std::ranges::greater{}, &Share::share);
    return all;
}

void Question::ask_again(Asked& asked) {
    std::erase_if(answers_, [&](const Answer& each) { return each.place.segment == asked.segment; });
    ask(asked);
}

std::span<const Answer> Question::answer(std::size_t k) {
    answers_.clear();
    std::vector<Asked> all;
    for (const auto [segment, share] : shares()) {
        // One without a share is asked only where others have too few.
        if (share == 0 && answers_.size() >= k) break;
        const std::size_t admitted = admitted_in(segment);
        const std::size_t expected = share == 0 ? k : expected_of(k, share);
        all.push_back({segment, std::min({k, admitted, options_.exact ? k : expected}), admitted, {}});
        ask(all.back());
    }
    std::ranges::sort(answers_, nearer);
    // Where all that a segment was asked for is among the nearest, it may have more of them.
    for (Asked& asked : all) {
        if (asked.k >= std::min(k, asked.admitted)) continue;
        if (answers_.size() > k && nearer(answers_[k - 1], asked.last)) continue;
        asked.k = std::min(k, asked.admitted);
        ask_again(asked);
        std::ranges::sort(answers_, nearer);
    }
    return std::span(answers_).first(std::min(k, answers_.size()));
}

std::span<const std::uint64_t> excluded_of(const SegmentsAdmission& admission, std::size_t query) {
    if (admission.exclude_starts.empty()) return admission.exclude;
    const std::size_t start = admission.exclude_starts[query];
    return admission.exclude.subspan(start, admission.exclude_starts[query + 1] - start);
}

// `put(query, answers)`, from any thread.
template <class Put>
void answer_batch(const Segments::State& state, std::span<const float> queries, const SearchOptions& options,
                  const SegmentsAdmission& admission, std::span<const float> shares, std::size_t k, const Put& put) {
    if (state.dim == 0) return;
    const std::size_t n = queries.size() / state.dim;
    const unsigned threads = n <= 8 ? 1 : base::resolve_threads(options.threads);
    base::parallel_for(n, threads, [&](std::size_t q) {
        const SegmentsFilter* filter = admission.filters.empty() ? admission.filter : admission.filters[q];
        const std::size_t n_shares = shares.empty() ? 0 : state.n_segments();
        Question question(state, queries.subspan(q * state.dim, state.dim), options, filter, excluded_of(admission, q),
                          shares.subspan(q * n_shares, n_shares));
        put(q, question.answer(k));
    });
}

void check_batch(const Segments::State& state, std::span<const float> queries, const SearchOptions& options,
                 const SegmentsAdmission& admission, std::span<const float> shares) {
    if (options.k == 0) raise(ErrorCode::invalid_argument, "k must be at least 1; got 0");
    if (!(options.recall >= 0 && options.recall <= 1)) {
        raise(ErrorCode::invalid_argument,
              "recall must be above 0 and at most 1; got " + std::to_string(options.recall));
    }
    if (options.filter != nullptr || !options.filters.empty() || !options.exclude.empty()) {
        raise(
            ErrorCode::invalid_argument,
            "filters and exclusions of segments come by a SegmentsAdmission; those of SearchOptions are of one index");
    }
    if (state.dim == 0) return;
    if (queries.size() % state.dim != 0) {
        raise(ErrorCode::invalid_argument, "queries must have rows of " + std::to_string(state.dim) +
                                               " values, the segments' dimension; got " +
                                               std::to_string(queries.size()) + " values in all");
    }
    const std::size_t n_shares = queries.size() / state.dim * state.n_segments();
    if (!shares.empty() && shares.size() != n_shares) {
        raise(ErrorCode::invalid_argument, "shares must be one for each segment and query, " +
                                               std::to_string(n_shares) + "; got " + std::to_string(shares.size()));
    }
    api::check_admission(state, admission, queries.size() / state.dim);
    api::check_values(queries, state.dim, state.metric == Metric::hamming, "query");
}

float users_distance(const Segments::State& state, float distance) noexcept {
    return state.metric == Metric::dot ? -distance : distance;
}

}  // namespace

std::size_t Segments::width(const SearchOptions& options, const SegmentsAdmission& admission) const {
    std::uint64_t most = size();
    if (admission.filter != nullptr) most = admission.filter->size();
    if (!admission.filters.empty()) most = 0;
    for (const SegmentsFilter* each : admission.filters) most = std::max(most, each != nullptr ? each->size() : 0);
    return static_cast<std::size_t>(std::min<std::uint64_t>(options.k, most));
}

std::vector<SegmentsNeighbor> Segments::search(std::span<const float> query, const SearchOptions& options,
                                               const SegmentsAdmission& admission,
                                               std::span<const float> shares) const {
    if (query.size() != dim() && n_segments() > 0) {
        raise(ErrorCode::invalid_argument, "a query must have " + std::to_string(dim()) +
                                               " values, the segments' dimension; got " + std::to_string(query.size()));
    }
    check_batch(*state_, query, options, admission, shares);
    std::vector<SegmentsNeighbor> found;
    answer_batch(*state_, query, options, admission, shares, width(options, admission),
                 [&](std::size_t, std::span<const Answer> answers) {
                     found.reserve(answers.size());
                     for (const Answer& each : answers) {
                         found.push_back({state_->starts[each.place.segment] + each.place.row,
                                          users_distance(*state_, each.distance)});
                     }
                 });
    return found;
}

void Segments::search_batch(std::span<const float> queries, const SearchOptions& options,
                            const SegmentsAdmission& admission, std::span<std::int64_t> ids,
                            std::span<float> distances, std::span<const float> shares) const {
    check_batch(*state_, queries, options, admission, shares);
    const std::size_t k = width(options, admission);
    const std::size_t room = dim() == 0 ? 0 : queries.size() / dim() * k;
    if (ids.size() != room || distances.size() != room) {
        raise(ErrorCode::invalid_argument, "the output must have room for " + std::to_string(room) +
                                               " ids and distances; got " + std::to_string(ids.size()) + " and " +
                                               std::to_string(distances.size()));
    }
    std::ranges::fill(ids, -1);
    std::ranges::fill(distances, no_neighbor.distance);
    answer_batch(*state_, queries, options, admission, shares, k, [&](std::size_t q, std::span<const Answer> answers) {
        for (std::size_t i = 0; i < answers.size(); ++i) {
            ids[q * k + i] = answers[i].tie;
            distances[q * k + i] = users_distance(*state_, answers[i].distance);
        }
    });
}

}  // namespace nearfile
