// Everything that a file has of one item. Offsets are those of the views that searches read, so that nothing here says
// a second time how a file is laid out. Whatever the file says is checked before it is used.
#include <algorithm>
#include <cstring>

#include "api/extent.hpp"
#include "api/item_leaves.hpp"
#include "base/once.hpp"
#include "codes/normalise.hpp"
#include "nearfile/index.hpp"
#include "opened/verify.hpp"
#include "search/scratch.hpp"

namespace nearfile {
namespace {

using opened::SectionKind;

template <class T>
T read(const std::byte* at) noexcept {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

class Inspector {
public:
    Inspector(const Index& index, const Index::State& state, std::uint32_t row, std::vector<float> values)
        : index_(index), state_(state), count_(state.description.count) {
        found_.row = row;
        found_.item = item_of(row);
        found_.values = std::move(values);
    }

    Inspection run() {
        search::BorrowedScratch scratch(state_);
        search::Scorer& scorer = (*scratch).scorer;
        scorer.set_query(found_.values);
        prepare_exact();
        take_ids();
        take_code();
        take_vector();
        found_.leaves = api::leaves_of(state_, found_.item, scorer);  // the scorer sees the space from here on
        if (state_.graph) take_vertex();
        if (state_.graph && state_.graph->has_nibbles()) take_nibbles(scorer);
        if (!state_.graph) take_leaf_items();
        std::ranges::sort(found_.extents, {}, &Extent::offset);
        return std::move(found_);
    }

private:
    Extent extent(const void* at, std::size_t bytes) const noexcept { return api::extent_of(state_, at, bytes); }
    // Of this item alone.
    Extent own(const void* at, std::size_t bytes) { return found_.extents.emplace_back(extent(at, bytes)); }

    std::uint32_t item_of(std::uint32_t row) {
        if (!state_.graph) return row;
        const opened::GraphView& graph = *state_.graph;
        const std::uint32_t item = base::read_once(graph.item_of_row[row]);
        if (item >= count_ || graph.row_of_item[item] != row) {
            opened::raise_damaged(state_, SectionKind::item_of_row,
                                  "row_of_item and item_of_row do not belong together");
        }
        own(&graph.item_of_row[row], sizeof item);
        own(&graph.row_of_item[item], sizeof item);
        return item;
    }

    void take_ids() {
        const opened::IdTable& ids = state_.ids;
        const std::uint32_t row = found_.row;
        if (ids.kind == IdKind::int64) own(&ids.numbers[row], sizeof(std::int64_t));
        if (ids.kind == IdKind::string) {
            const std::uint64_t start = base::read_once(ids.text_starts[row]);
            const std::uint64_t end = base::read_once(ids.text_starts[row + 1]);
            if (start > end || end > ids.text.size()) {
                opened::raise_damaged(state_, SectionKind::id_text_starts, "the offsets do not ascend within the text");
            }
            own(&ids.text_starts[row], sizeof start);
            if (end > start) own(ids.text.data() + start, end - start);
        }
        if (ids.kind == IdKind::row || ids.order.empty()) return;
        const bool numbers = ids.kind == IdKind::int64;
        const auto place = std::ranges::partition_point(ids.order, [&](const std::uint32_t& entry) {
            const std::uint32_t other = base::read_once(entry);
            if (other >= count_) return false;
            return numbers ? ids.number(other) < ids.number(row) : ids.string(other) < ids.string(row);
        });
        if (place == ids.order.end() || *place != row) {
            opened::raise_damaged(state_, SectionKind::id_order, "row " + std::to_string(row) + " is not in its place");
        }
        own(&*place, sizeof row);
    }

    // What was coded: the vector, or what is left of it at length one and less the center.
    void prepare_exact() {
        coded_ = found_.values;
        const bool directed = !state_.normalised() || codes::normalise(*state_.kernels, coded_);
        has_exact_ = directed && (state_.vectors || state_.bits);
        if (!state_.scaled) return;
        for (std::size_t i = 0; i < state_.center.size(); ++i) coded_[i] -= state_.center[i];
    }

    void take_code() {
        if (state_.description.code_kind == opened::CodeKind::none) return;
        if (state_.split) return take_split_code();
        const auto rows = state_.container.section(static_cast<std::uint32_t>(SectionKind::codes));
        const std::size_t stride = rows.size() / count_;
        const std::byte* row = rows.data() + found_.item * stride;
        Inspection::Code& code = found_.code.emplace();
        code.extent = own(row, stride);
        code.decoded.resize(found_.values.size());
        if (has_exact_) code.exact = coded_;
        if (state_.bits) {
            code.decoded = found_.values;
            code.code.assign(found_.values.begin(), found_.values.end());
            return;
        }
        for (std::size_t i = 0; i < found_.values.size(); ++i) {
            code.code.push_back(state_.scaled ? read<std::int8_t>(row + i) : read<std::uint8_t>(row + i));
        }
        if (state_.scaled) {
            state_.scaled->decode(found_.item, code.decoded);
            const codes::ScaledTail tail = state_.scaled->tail(found_.item);
            code.scale = tail.scale;
            code.squared_norm = tail.squared_norm;
            code.error = tail.error;
            return;
        }
        state_.uniform->decode(found_.item, code.decoded);
        code.scale = state_.uniform->scale().scale;
        const codes::UniformLayout& layout = state_.uniform->layout();
        if (!layout.exact) code.error = read<float>(row + layout.tail);
    }

    // What both halves are together; where the upper ones are, the nibbles tell.
    void take_split_code() {
        const codes::SplitCodes& split = *state_.split;
        Inspection::Code& code = found_.code.emplace();
        code.extent = own(split.lower_row(found_.item), split.layout().stride);
        std::vector<std::int8_t> whole(found_.values.size());
        split.code(found_.item, whole.data());
        code.code.assign(whole.begin(), whole.end());
        code.decoded.resize(whole.size());
        split.decode(found_.item, code.decoded);
        const codes::ScaledTail tail = split.tail(found_.item, state_.normalised());
        code.scale = tail.scale;
        code.squared_norm = tail.squared_norm;
    }

    void take_vector() {
        if (state_.bits || state_.description.code_kind == opened::CodeKind::uniform_exact) {
            found_.vector = found_.code->extent;
        } else if (state_.vectors) {
            const codes::ExactVectors& vectors = *state_.vectors;
            found_.vector = own(vectors.row(found_.item), vectors.stride());
            if (vectors.are_in_parts()) found_.vector_lower = own(vectors.lower_row(found_.item), vectors.stride());
        }
        if (!state_.inverse_lengths.empty()) own(&state_.inverse_lengths[found_.item], sizeof(float));
    }

    // What stands in each; of those that are sorted, what they say.
    std::vector<std::uint32_t> neighbors_in_places() const {
        const opened::GraphView& graph = *state_.graph;
        std::vector<std::uint32_t> places(graph.degree);
        if (graph.sorted) {
            places.resize(graph.sorted->read(graph.vertex(found_.item), places.data()));
        } else {
            for (std::size_t place = 0; place < places.size(); ++place) {
                places[place] = base::read_once(graph.neighbor(found_.item, place));
            }
        }
        return places;
    }

    void take_vertex() {
        const opened::GraphView& graph = *state_.graph;
        const std::byte* row = graph.vertex(found_.item);
        Inspection::Vertex& vertex = found_.vertex.emplace();
        vertex.extent = own(row, graph.stride);
        vertex.places = static_cast<std::uint32_t>(graph.degree);
        vertex.id_bytes = graph.sorted ? 0 : static_cast<std::uint32_t>(graph.id_bytes);
        codes::SketchScales scales{};
        if (graph.sketches) {
            const codes::SketchLayout& layout = *graph.sketches;
            if (layout.kind == codes::SketchKind::squared_distance) {
                vertex.additives = extent(row + layout.additive, layout.degree);
            }
            vertex.factors = extent(row + layout.factor, layout.degree);
            vertex.signs = extent(row, layout.degree * layout.pairs);
            vertex.numbers = extent(row + layout.ids, layout.degree * layout.id_bytes);
            scales = layout.scales_of(row);
        } else {
            vertex.numbers = vertex.extent;
        }
        const SectionKind section = graph.sorted ? SectionKind::sorted_vertices : SectionKind::vertices;
        const std::vector<std::uint32_t> places = neighbors_in_places();
        for (std::uint32_t place = 0; place < places.size(); ++place) {
            const std::uint32_t neighbor = places[place];
            if (neighbor == opened::no_neighbor(count_)) continue;
            if (neighbor >= count_) opened::raise_damaged(state_, section, "a neighbour that does not exist");
            const std::uint32_t other = base::read_once(graph.row_of_item[neighbor]);
            if (other >= count_) opened::raise_damaged(state_, SectionKind::row_of_item, "a row that does not exist");
            Inspection::Edge& edge = vertex.edges.emplace_back();
            edge.place = place;
            edge.row = other;
            edge.distance = index_.distance(found_.row, other);
            if (!graph.sketches) continue;
            edge.factor =
                scales.factor_step * static_cast<float>(read<std::uint8_t>(row + graph.sketches->factor + place));
            if (!vertex.additives) continue;
            const int root = read<std::uint8_t>(row + graph.sketches->additive + place);
            edge.additive = scales.least_additive + scales.additive_step * static_cast<float>(root * root);
        }
    }

    void take_nibbles(const search::Scorer& scorer) {
        const codes::NibbleLayout& layout = state_.graph->nibble_layout;
        const std::byte* row = state_.graph->nibbles.data() + found_.item * layout.stride;
        Inspection::Code& code = found_.nibbles.emplace();
        code.extent = own(row, layout.stride);
        const codes::NibbleTail& at = state_.graph->nibble_tails[found_.item];
        own(&at, sizeof at);
        const auto tail = read<codes::NibbleTail>(reinterpret_cast<const std::byte*>(&at));
        const float factor = tail.factor;
        code.factor = factor;
        code.squared_norm = tail.squared_norm;
        for (std::size_t i = 0; i < layout.dim; ++i) {
            const auto pair = read<std::uint8_t>(row + i / 64 * 32 + i % 32);
            const int level = i % 64 < 32 ? pair & 15 : pair >> 4;
            code.code.push_back(level);
            code.decoded.push_back(factor * (static_cast<float>(level) - 7.5f));
        }
        const auto seen = scorer.seen_values();
        if (has_exact_ && state_.description.metric != Metric::dot) code.exact.assign(seen.begin(), seen.end());
    }

    // The entry of the item in its leaf of each tree.
    void take_leaf_items() {
        const forest::Leaves& leaves = state_.bits ? state_.bit_forest.leaves : state_.planes.leaves;
        for (const Inspection::Leaf& leaf : found_.leaves) {
            const auto items = leaves.leaf(leaf.number);
            const auto at = std::ranges::find(items, found_.item);
            if (at != items.end()) own(&*at, sizeof found_.item);
        }
    }

    const Index& index_;
    const Index::State& state_;
    const std::uint32_t count_;
    Inspection found_{};
    std::vector<float> coded_;
    bool has_exact_ = false;
};

}  // namespace

Inspection Index::inspect(std::uint32_t row) const {
    std::vector<float> values(dim());
    vector(row, values);
    return Inspector(*this, *state_, row, std::move(values)).run();
}

}  // namespace nearfile
