#include "opened/verify.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "attributes/verify.hpp"
#include "base/once.hpp"
#include "opened/access.hpp"
#include "opened/errors.hpp"

namespace nearfile::opened {

void raise_damaged(const Index::State& state, SectionKind section, const std::string& what) {
    raise_damaged(state.path,
                  "section " + std::string(section_name(static_cast<std::uint32_t>(section))) + ": " + what);
}

namespace {

// Every tree must lead to every item exactly once, without a circle.
template <class SplitType>
void verify_forest(const Index::State& state, const forest::Leaves& leaves, std::span<const SplitType> splits) {
    std::vector<bool> seen(leaves.count);
    std::vector<bool> reached(splits.size());
    std::vector<forest::NodeRef> stack;
    for (const forest::NodeRef root : leaves.roots) {
        std::uint64_t items = 0;
        seen.assign(leaves.count, false);
        stack.assign(1, root);
        while (!stack.empty()) {
            const forest::NodeRef ref = stack.back();
            stack.pop_back();
            if (!forest::is_leaf(ref)) {
                if (ref >= splits.size() || reached[ref])
                    raise_damaged(state, SectionKind::splits, "nodes do not form trees");
                reached[ref] = true;
                stack.push_back(splits[ref].below);
                stack.push_back(splits[ref].above);
                continue;
            }
            if (state.graph) {
                const forest::Range range = leaves.range(ref);
                for (std::size_t i = 0; i < range.size; ++i) {
                    if (seen[range.first + i]) raise_damaged(state, SectionKind::leaf_starts, "leaves overlap");
                    seen[range.first + i] = true;
                }
                items += range.size;
                continue;
            }
            for (const forest::ItemId& each : leaves.leaf(ref)) {
                const forest::ItemId id = base::read_once(each);
                if (id >= leaves.count || seen[id]) {
                    raise_damaged(state, SectionKind::leaf_items,
                                  "a tree has an item twice or one that does not exist");
                }
                seen[id] = true;
                ++items;
            }
        }
        if (items != leaves.count) raise_damaged(state, SectionKind::leaf_items, "a tree does not have every item");
    }
}

void verify_ids(const Index::State& state) {
    const IdTable& ids = state.ids;
    if (ids.kind == IdKind::string && ids.count > 0) {
        if (ids.text_starts.front() != 0 || ids.text_starts.back() != ids.text.size()) {
            raise_damaged(state, SectionKind::id_text_starts, "the offsets do not cover the text");
        }
        for (std::uint32_t row = 0; row < ids.count; ++row) {
            if (ids.text_starts[row] > ids.text_starts[row + 1]) {
                raise_damaged(state, SectionKind::id_text_starts, "the offsets do not ascend");
            }
        }
    }
    if (ids.kind == IdKind::row) return;
    // Strictly ascending in order means a permutation of distinct ids.
    std::uint32_t before = 0;
    for (std::uint32_t rank = 0; rank < ids.count; ++rank) {
        const std::uint32_t row = ids.order.empty() ? rank : base::read_once(ids.order[rank]);
        if (row >= ids.count) raise_damaged(state, SectionKind::id_order, "a row that does not exist");
        const bool ascends =
            ids.kind == IdKind::int64 ? ids.numbers[before] < ids.numbers[row] : ids.string(before) < ids.string(row);
        if (rank > 0 && !ascends) raise_damaged(state, SectionKind::id_order, "the ids do not ascend");
        before = row;
    }
}

void verify_neighbors(const Index::State& state, graph::ItemId item, std::span<graph::ItemId> places) {
    const GraphView& graph = *state.graph;
    const std::uint32_t count = state.description.count;
    if (graph.sorted) {
        const std::size_t n = graph.sorted->read(graph.vertex(item), places.data());
        const auto found = places.first(n);
        if (graph.sorted->n_set(graph.vertex(item)) > n || !std::ranges::is_sorted(found) ||
            (n > 0 && found.back() >= count)) {
            raise_damaged(state, SectionKind::sorted_vertices,
                          "neighbours that do not ascend, or too many, or one that does not exist");
        }
        return;
    }
    for (std::size_t place = 0; place < graph.degree; ++place) {
        const graph::ItemId neighbor = graph.neighbor(item, place);
        if (neighbor >= count && neighbor != no_neighbor(count)) {
            raise_damaged(state, SectionKind::vertices, "a neighbour that does not exist");
        }
    }
}

void verify_graph(const Index::State& state) {
    const auto factor = state.container.section(static_cast<std::uint32_t>(SectionKind::whitening));
    for (std::size_t at = 0; at + sizeof(float) <= factor.size(); at += sizeof(float)) {
        float value;
        std::memcpy(&value, factor.data() + at, sizeof value);
        if (!std::isfinite(value)) raise_damaged(state, SectionKind::whitening, "a value that is not finite");
    }
    const GraphView& graph = *state.graph;
    const std::uint32_t count = state.description.count;
    std::vector<graph::ItemId> places(graph.degree);
    for (std::uint32_t item = 0; item < count; ++item) {
        const std::uint32_t row = base::read_once(graph.row_of_item[item]);
        if (row >= count || graph.item_of_row[row] != item) {
            raise_damaged(state, SectionKind::item_of_row, "row_of_item and item_of_row do not belong together");
        }
        verify_neighbors(state, item, places);
    }
}

// Pages come in order, with what lies behind them.
class ReadingAll {
public:
    explicit ReadingAll(const Index::State& state) : state_(state) { expect_reading(state_); }
    ~ReadingAll() { expect_searches(state_); }
    ReadingAll(const ReadingAll&) = delete;
    ReadingAll& operator=(const ReadingAll&) = delete;

private:
    const Index::State& state_;
};

}  // namespace

void verify(const Index::State& state) {
    const ReadingAll reading(state);
    std::uint32_t section = 0;
    const auto checksums = state.container.verify(&section);
    if (!checksums.ok()) {
        if (section == 0) raise(checksums.error());
        raise_damaged(state, static_cast<SectionKind>(section), checksums.error().message);
    }
    if (state.description.metric == Metric::hamming) {
        verify_forest(state, state.bit_forest.leaves, state.bit_forest.splits);
    } else {
        verify_forest(state, state.planes.leaves, state.planes.splits);
    }
    if (state.graph) verify_graph(state);
    verify_ids(state);
    const auto columns = attributes::verify(state.columns);
    if (!columns.ok()) raise_damaged(state, SectionKind::column_values, columns.error().message);
}

}  // namespace nearfile::opened
