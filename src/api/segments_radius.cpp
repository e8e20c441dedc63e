// What is within a radius, of all segments together.
#include <algorithm>
#include <vector>

#include "api/segments_state.hpp"
#include "nearfile/segments.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile {
namespace {

// What one segment finds, with its own filters.
RaggedNeighbors within(const Segments::State& state, std::uint32_t segment, std::span<const float> queries,
                       float radius, RadiusOptions options, const SegmentsAdmission& admission) {
    const Index& index = state.indexes[segment];
    if (index.state().graph) options.search_k = 0;
    if (!index.state().graph) options.recall = 0;
    options.filter = admission.filter != nullptr ? &admission.filter->parts()[segment] : state.live_in(segment);
    std::vector<const Filter*> own;
    for (const SegmentsFilter* each : admission.filters) own.push_back(&each->parts()[segment]);
    if (!own.empty()) options.filter = nullptr;
    options.filters = own;
    return index.search_radius_batch(queries, radius, options);
}

struct Placed {
    float distance;
    std::int64_t tie;
    std::uint64_t row;
};

}  // namespace

RaggedSegmentsNeighbors Segments::search_radius_batch(std::span<const float> queries, float radius,
                                                      const RadiusOptions& options,
                                                      const SegmentsAdmission& admission) const {
    if (!admission.exclude.empty()) {
        opened::raise(ErrorCode::invalid_argument,
                      "a search within a radius takes filters alone: exclude by ~filter_of_rows()");
    }
    const std::size_t n = dim() == 0 ? 0 : queries.size() / dim();
    api::check_admission(*state_, admission, n);
    // Each is asked, also where nothing of it is live: the first checks what was passed.
    std::vector<RaggedNeighbors> parts;
    for (std::uint32_t i = 0; i < n_segments(); ++i) {
        parts.push_back(within(*state_, i, queries, radius, options, admission));
    }
    const bool negated = metric() == Metric::dot;
    const std::size_t most = options.max_results != 0 ? options.max_results : static_cast<std::size_t>(-1);
    RaggedSegmentsNeighbors all;
    all.offsets.push_back(0);
    std::vector<Placed> found;
    for (std::size_t q = 0; q < n; ++q) {
        found.clear();
        for (std::uint32_t i = 0; i < n_segments(); ++i) {
            for (const Neighbor& each : parts[i][q]) {
                const float distance = negated ? -each.distance : each.distance;
                found.push_back({distance, state_->id_of({i, each.row}), state_->starts[i] + each.row});
            }
        }
        std::ranges::sort(found, [](const Placed& a, const Placed& b) {
            return a.distance < b.distance || (a.distance == b.distance && a.tie < b.tie);
        });
        if (found.size() > most) found.resize(most);
        for (const Placed& each : found) all.neighbors.push_back({each.row, negated ? -each.distance : each.distance});
        all.offsets.push_back(all.neighbors.size());
    }
    return all;
}

}  // namespace nearfile
