// Searches of segments: each is asked for its nearest, and of all these the nearest are the answer.
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/answer_batch.hpp"
#include "api/checks.hpp"
#include "api/filter_state.hpp"
#include "api/segments_state.hpp"
#include "base/parallel.hpp"
#include "nearfile/segments.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "search/joint.hpp"
#include "search/leaf_order.hpp"
#include "search/search.hpp"

namespace nearfile {
namespace {

using opened::raise;

std::span<const std::uint64_t> excluded_of(const SegmentsAdmission& admission, std::size_t query) {
    if (admission.exclude_starts.empty()) return admission.exclude;
    const std::size_t start = admission.exclude_starts[query];
    return admission.exclude.subspan(start, admission.exclude_starts[query + 1] - start);
}

// Working memory of searches, borrowed from the segments.
class BorrowedJoint {
public:
    explicit BorrowedJoint(const Segments::State& state) : state_(state), joint_(state.joints.take()) {
        if (!joint_) joint_ = std::make_unique<search::Joint>(state.parts);
    }
    ~BorrowedJoint() { state_.joints.give(std::move(joint_)); }
    BorrowedJoint(const BorrowedJoint&) = delete;
    BorrowedJoint& operator=(const BorrowedJoint&) = delete;

    // Where `filter` is null everything that is live is allowed.
    search::Joint& with(const SegmentsFilter* filter) {
        auto& joint = static_cast<search::Joint&>(*joint_);
        for (std::size_t i = 0; i < state_.parts.size(); ++i) {
            const std::uint32_t segment = state_.largest_first[i];
            const Filter* own = filter != nullptr ? &filter->parts()[segment] : state_.live_in(segment);
            joint.allowed()[i] = own != nullptr ? &api::eligible_of(*own) : nullptr;
        }
        return joint;
    }

private:
    const Segments::State& state_;
    std::unique_ptr<opened::LentMemory> joint_;  // a search::Joint: nothing else is given
};

// Given the answers of each query, from any thread.
using PutAnswers = std::function<void(std::size_t query, std::span<const search::JointAnswer> answers)>;

struct Batch {
    std::span<const float> queries;
    const SearchOptions& options;
    const SegmentsAdmission& admission;
    std::size_t k;
    unsigned threads;
    std::span<const float> shares;  // of each query one for each segment, or none

    // Those of a query in the order of parts.
    void shares_of(const Segments::State& state, std::size_t query, std::vector<float>& out) const {
        out.clear();
        if (shares.empty()) return;
        const auto own = shares.subspan(query * state.n_segments(), state.n_segments());
        for (std::size_t i = 0; i < state.parts.size(); ++i) out.push_back(own[state.largest_first[i]]);
    }
};

// So many queries at a time are ordered, or compared with everything.
constexpr std::size_t queries_a_pass = 4096;

bool admits_all(const SegmentsAdmission& admission) noexcept {
    return admission.filter == nullptr && admission.filters.empty() && admission.exclude.empty();
}

// Far are queries that no segment has anything near; those that were asked among everything tell.
void watch(const Segments::State& state, const Batch& batch, std::span<const float> query,
           std::span<const search::JointAnswer> answers) {
    if (!state.drift.watching() || answers.empty() || batch.options.exact || !admits_all(batch.admission)) return;
    state.drift.note(search::comparable_distance(*state.parts.front().state, query, answers.front().distance));
}

// Queries of a batch that begin in the same part: their values one after the other, and which of the batch they are.
struct Group {
    std::size_t part;
    std::span<const float> queries;
    std::span<const std::size_t> numbers;
};

// Those that begin near each other in the part one after the other.
void answer_group(const Segments::State& state, const Batch& batch, const Group& group, const PutAnswers& put) {
    const std::size_t n = group.numbers.size();
    const Index::State& part = *state.parts[group.part].state;
    std::optional<search::LeafOrder> order;
    if (n >= search::LeafOrder::least && search::LeafOrder::serves(part)) {
        order.emplace(part, group.queries, batch.threads);
    }
    const std::size_t a_task = std::clamp<std::size_t>(n / 64, 8, 32);
    base::parallel_for((n + a_task - 1) / a_task, batch.threads, [&](std::size_t task) {
        BorrowedJoint joint(state);
        std::vector<float> shares;
        for (std::size_t place = task * a_task; place < std::min(n, (task + 1) * a_task); ++place) {
            const std::size_t i = order ? (*order)[place] : place;
            const std::size_t q = group.numbers[i];
            const auto& filters = batch.admission.filters;
            const auto values = group.queries.subspan(i * state.dim, state.dim);
            const search::SeenQuery* seen = order ? &order->seen(static_cast<std::uint32_t>(i)) : nullptr;
            batch.shares_of(state, q, shares);
            const search::JointQuery query{values, excluded_of(batch.admission, q), seen, group.part, shares};
            const auto answers =
                joint.with(filters.empty() ? batch.admission.filter : filters[q]).search(query, batch.options, batch.k);
            if (q < opened::QueryDriftWatch::most_watched) watch(state, batch, values, answers);
            put(q, answers);
        }
    });
}

// By the part with the largest share, where shares are given; else by the largest part.
void answer_pass(const Segments::State& state, const Batch& batch, std::size_t first, std::size_t n,
                 const PutAnswers& put) {
    const auto queries = batch.queries.subspan(first * state.dim, n * state.dim);
    std::vector<std::vector<std::size_t>> numbers(batch.shares.empty() ? 1 : state.parts.size());
    std::vector<float> values;
    for (std::size_t i = 0; i < n; ++i) {
        batch.shares_of(state, first + i, values);
        const auto part = values.empty() ? 0 : std::ranges::max_element(values) - values.begin();
        numbers[static_cast<std::size_t>(part)].push_back(first + i);
    }
    for (std::size_t part = 0; part < numbers.size(); ++part) {
        if (numbers.size() == 1) {
            answer_group(state, batch, {part, queries, numbers[part]}, put);
            continue;
        }
        values.clear();
        for (const std::size_t q : numbers[part]) {
            const auto own = batch.queries.subspan(q * state.dim, state.dim);
            values.insert(values.end(), own.begin(), own.end());
        }
        answer_group(state, batch, {part, values, numbers[part]}, put);
    }
}

// Comparing many queries with everything is done segment by segment, by blocks.
void answer_pass_exactly(const Segments::State& state, const Batch& batch, std::size_t first, std::size_t n,
                         const PutAnswers& put) {
    const auto queries = batch.queries.subspan(first * state.dim, n * state.dim);
    std::vector<search::JointAnswers> answers(n);
    for (auto& each : answers) each.reset(batch.k);
    for (std::size_t i = 0; i < state.parts.size(); ++i) {
        const std::uint32_t segment = state.largest_first[i];
        const SearchOptions options{.exact = true, .threads = batch.threads, .filter = state.live_in(segment)};
        const std::size_t k = std::min<std::size_t>(batch.k, state.n_live[segment]);
        const auto merge = [&](std::size_t q, std::span<const Neighbor> found) {
            answers[q].merge(state.parts[i], i, found);
        };
        api::answer_batch(*state.parts[i].state, queries, options, k, std::ref(merge));
    }
    for (std::size_t i = 0; i < n; ++i) put(first + i, answers[i].all());
}

void answer_all(const Segments::State& state, const Batch& batch, const PutAnswers& put) {
    if (state.parts.empty() || batch.k == 0) return;
    const std::size_t n = batch.queries.size() / state.dim;
    const bool together = batch.options.exact && n > 1 && admits_all(batch.admission);
    const std::size_t a_pass = std::clamp<std::size_t>((std::size_t{1} << 21) / batch.k, 16, queries_a_pass);
    for (std::size_t first = 0; first < n; first += a_pass) {
        const std::size_t some = std::min(a_pass, n - first);
        if (together) {
            answer_pass_exactly(state, batch, first, some, put);
        } else {
            answer_pass(state, batch, first, some, put);
        }
    }
}

// How many cores there are is a question to the system that costs more than a search.
unsigned threads_for(const Segments::State& state, std::span<const float> queries, unsigned asked) {
    return queries.size() <= std::size_t{8} * state.dim ? 1 : base::resolve_threads(asked);
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
    const auto put = [&](std::size_t, std::span<const search::JointAnswer> answers) {
        found.reserve(answers.size());
        for (const search::JointAnswer& each : answers) {
            found.push_back({state_->parts[each.part].start + each.row, users_distance(*state_, each.distance)});
        }
    };
    answer_all(*state_, {query, options, admission, width(options, admission), 1, shares}, std::ref(put));
    return found;
}

void Segments::search_batch(std::span<const float> queries, const SearchOptions& options,
                            const SegmentsAdmission& admission, std::span<std::int64_t> ids, std::span<float> distances,
                            std::span<const float> shares) const {
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
    const auto put = [&](std::size_t q, std::span<const search::JointAnswer> answers) {
        for (std::size_t i = 0; i < answers.size(); ++i) {
            ids[q * k + i] = answers[i].tie;
            distances[q * k + i] = users_distance(*state_, answers[i].distance);
        }
    };
    const unsigned threads = threads_for(*state_, queries, options.threads);
    answer_all(*state_, {queries, options, admission, k, threads, shares}, std::ref(put));
}

}  // namespace nearfile
