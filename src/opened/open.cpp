// Opening: does the file hold what its description says, and is every section as long as it must be? Takes the same
// time for a file of any size. What the sections contain is checked where it is used, and by verify().
#include <cmath>
#include <cstring>

#include "base/random.hpp"
#include "file/memory_allowed.hpp"
#include "opened/access.hpp"
#include "opened/errors.hpp"
#include "opened/kernel_choice.hpp"
#include "opened/seed_parts.hpp"
#include "opened/state.hpp"

namespace nearfile::opened {
namespace {

class Opener {
public:
    explicit Opener(Index::State& state) : state_(state), description_(state.description) {}

    void run() {
        std::memcpy(&description_, state_.container.description().data(), sizeof description_);
        check_description();
        const std::uint64_t count = description_.count;
        const std::uint64_t dim = description_.dim;
        open_center(dim);
        open_codes(count, dim);
        open_space(count, dim);
        open_forest(count, dim);
        if (description_.structure == Structure::graph) open_graph(count);
        if (description_.code_kind == CodeKind::split) open_split_codes(count, dim);
        open_ids(count);
        open_columns();
    }

private:
    [[noreturn]] void bad(const std::string& what) const { raise_damaged(state_.path, what); }

    void in_range(std::uint64_t value, std::uint64_t low, std::uint64_t high, const char* name) const {
        if (value < low || value > high) {
            bad(std::string(name) + " is " + std::to_string(value) + ", expected " + std::to_string(low) + " to " +
                std::to_string(high));
        }
    }

    void check_description() const {
        in_range(static_cast<std::uint32_t>(description_.metric), 0, 5, "the metric");
        in_range(static_cast<std::uint32_t>(description_.structure), 0, 1, "the structure");
        in_range(description_.dim, 1, max_dim, "the dimension");
        in_range(description_.count, 0, max_count, "the number of items");
        in_range(static_cast<std::uint32_t>(description_.value_type), 0, 3, "the value type");
        in_range(static_cast<std::uint32_t>(description_.id_kind), 0, 2, "the kind of id");
        in_range(description_.n_trees, 1, max_trees, "the number of trees");
        in_range(description_.n_trees_asked, 0, max_trees, "the number of trees asked for");
        in_range(description_.leaf_size, 1, max_count, "the leaf size");
        const bool bits = description_.metric == Metric::hamming;
        in_range(static_cast<std::uint32_t>(description_.space), 0, 3, "the space of planes");
        const bool projected = description_.space == SpaceKind::projection;
        if (projected && !bits) {
            check_projection();
        } else {
            const std::uint64_t plane_dim = bits ? 0 : description_.dim;
            in_range(description_.plane_dim, plane_dim, plane_dim, "the dimension of planes");
        }
        check_graph_description();
        const CodeKind code = description_.code_kind;
        const bool graph = description_.structure == Structure::graph;
        bool fits = bits == (code == CodeKind::bits) && bits == (description_.value_type == ValueType::bit);
        if (code == CodeKind::uniform || code == CodeKind::uniform_exact) {
            const bool takes_uniform = description_.metric == Metric::manhattan ||
                                       (description_.metric == Metric::euclidean && code == CodeKind::uniform_exact);
            const bool bytes = description_.value_type == ValueType::uint8;
            fits = fits && takes_uniform && (code == CodeKind::uniform || bytes) &&
                   std::isfinite(description_.code_scale) && description_.code_scale > 0;
        } else {
            const bool known = code == CodeKind::scaled || (graph && (code == CodeKind::none || splits()));
            fits = fits && (bits || known) && description_.metric != Metric::manhattan;
        }
        if (!fits) bad("the metric, the value type and the kind of code do not go together");
    }

    // Rows of the graph without sketches.
    bool sorted() const noexcept {
        return state_.container.has(static_cast<std::uint32_t>(SectionKind::sorted_vertices));
    }

    // They are all that is kept, as the walk sees it.
    bool splits() const noexcept {
        return description_.code_kind == CodeKind::split && description_.metric != Metric::dot &&
               description_.keep == Keep::none && description_.space == SpaceKind::rotation &&
               description_.walk_dim == description_.dim && description_.count > 0;
    }

    // A forest has one number of directions, a graph what its data wanted, in whole blocks of 4-bit codes.
    void check_projection() const {
        const bool graph = description_.structure == Structure::graph;
        const std::uint64_t fewest = graph ? codes::direction_group : codes::projected_dim;
        const std::uint64_t most = graph ? std::uint64_t{description_.dim} - 1 : codes::projected_dim;
        in_range(description_.plane_dim, fewest, most, "the dimension of planes");
        if (description_.plane_dim % codes::direction_group != 0) bad("its projection is not to whole blocks");
    }

    void check_graph_description() const {
        const bool graph = description_.structure == Structure::graph;
        if (description_.space == SpaceKind::whitened &&
            (!graph || description_.metric != Metric::dot || description_.dim > max_whitened_dim)) {
            bad("its space does not go with the metric, the structure and the dimension");
        }
        in_range(static_cast<std::uint32_t>(description_.profile), 0, graph ? 2 : 0, "the profile");
        in_range(static_cast<std::uint32_t>(description_.keep), 0, graph ? 2 : 0, "what is kept");
        in_range(description_.degree, graph ? 1 : 0, graph ? max_degree : 0, "the number of neighbours");
        const auto& nearest = description_.calibrated_nearest;
        const bool finite = std::all_of(nearest.begin(), nearest.end(), [](float each) { return std::isfinite(each); });
        if (!finite || !std::is_sorted(nearest.begin(), nearest.end()) ||
            (!graph && nearest != std::array<float, 5>{})) {
            bad("the distances of its calibration are none, or not ascending");
        }
        if (description_.walk_dim == 0) {
            if (description_.code_kind == CodeKind::none) bad("its walk has neither sketches nor codes");
            if (description_.sketch_dim != 0) bad("it says what sketches see and has none");
            return;
        }
        const std::uint32_t walk_dim = graph ? description_.plane_dim : 0;
        in_range(description_.walk_dim, walk_dim, walk_dim, "the dimension of the walk");
        in_range(description_.walk_dim, 0, max_walk_dim, "the dimension of the walk");
        // Sketches see another space than the vectors' own: only of that one a search has the query's values.
        const bool sketched = graph && description_.code_kind != CodeKind::split && !sorted();
        if ((sketched && description_.degree % codes::sketch_group != 0) || description_.space == SpaceKind::own ||
            description_.metric == Metric::manhattan || description_.metric == Metric::hamming) {
            bad("its sketches do not go with the metric and the number of neighbours");
        }
        // Of fewer dimensions than the walk sees.
        const std::uint32_t sketch_dim = description_.sketch_dim;
        if (sketch_dim != 0 &&
            (!sketched || sketch_dim >= description_.walk_dim || sketch_dim % opened::sketch_dim_step != 0)) {
            bad("its sketches see other dimensions than its walk");
        }
    }

    // The section as values of T, `length` of them.
    template <class T>
    std::span<const T> section(SectionKind kind, std::uint64_t length) const {
        const auto bytes = state_.container.section(static_cast<std::uint32_t>(kind));
        if (bytes.size() != length * sizeof(T)) {
            bad("section " + std::string(section_name(static_cast<std::uint32_t>(kind))) + " has " +
                std::to_string(bytes.size()) + " bytes, expected " + std::to_string(length * sizeof(T)));
        }
        return {reinterpret_cast<const T*>(bytes.data()), length};
    }

    // The same where only the section itself says how many.
    template <class T>
    std::span<const T> section_of_any_length(SectionKind kind) const {
        const auto bytes = state_.container.section(static_cast<std::uint32_t>(kind));
        if (bytes.size() % sizeof(T) != 0) {
            bad("section " + std::string(section_name(static_cast<std::uint32_t>(kind))) + " has " +
                std::to_string(bytes.size()) + " bytes, expected a multiple of " + std::to_string(sizeof(T)));
        }
        return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
    }

    void open_center(std::uint64_t dim) {
        const bool has_center = description_.metric != Metric::dot && description_.metric != Metric::hamming;
        state_.center = section<float>(SectionKind::center, has_center && description_.count > 0 ? dim : 0);
        if (description_.code_kind != CodeKind::uniform) return;
        state_.offsets.assign(state_.center.begin(), state_.center.end());
        for (float& offset : state_.offsets) offset -= 128.0f * description_.code_scale;
    }

    void open_codes(std::uint64_t count, std::uint64_t dim) {
        const kernels::Kernels& kernels = *state_.kernels;
        switch (description_.code_kind) {
            case CodeKind::bits:
                state_.bits.emplace(kernels, dim,
                                    section<std::uint64_t>(SectionKind::codes, count * codes::words_of(dim)));
                return;
            case CodeKind::none:
                break;
            case CodeKind::split:
                return;  // whose upper halves are the graph's
            case CodeKind::scaled:
                state_.scaled.emplace(kernels, dim,
                                      section<std::byte>(SectionKind::codes, count * codes::ScaledLayout(dim).stride));
                break;
            case CodeKind::uniform:
            case CodeKind::uniform_exact: {
                const codes::UniformLayout layout(dim, description_.code_kind == CodeKind::uniform_exact);
                state_.uniform.emplace(kernels, layout, codes::UniformScale{state_.offsets, description_.code_scale},
                                       section<std::byte>(SectionKind::codes, count * layout.stride));
                break;
            }
        }
        const bool codes_stand_in =
            description_.code_kind == CodeKind::scaled || description_.code_kind == CodeKind::uniform;
        if (description_.keep == Keep::none && codes_stand_in) return;
        const auto kind = static_cast<codes::ValueKind>(description_.value_type);
        const bool codes_are_vectors = description_.code_kind == CodeKind::uniform_exact;
        const auto where = codes_are_vectors ? SectionKind::codes : SectionKind::vectors;
        const auto rows = section<std::byte>(where, count * dim * codes::bytes_per_value(kind));
        // Where there are codes these leave few candidates, which are read whole.
        if (description_.code_kind == CodeKind::none && kind == codes::ValueKind::float32 && !sorted()) {
            state_.vectors = codes::ExactVectors::in_parts(kernels, dim, rows);
        } else {
            state_.vectors.emplace(kernels, dim, kind, rows);
        }
        if (state_.normalised()) state_.inverse_lengths = section<float>(SectionKind::inverse_lengths, count);
    }

    void open_space(std::uint64_t count, std::uint64_t dim) {
        state_.space = Space(dim);
        if (count == 0) return;
        if (description_.space == SpaceKind::projection) {
            state_.space = Space(codes::Projection{
                section<std::int8_t>(SectionKind::projection, description_.plane_dim * dim),
                section<float>(SectionKind::projection_scales, description_.plane_dim), static_cast<std::size_t>(dim)});
        } else if (description_.space == SpaceKind::rotation) {
            state_.space = Space(dim, derive_seed(description_.seed, SeedPart::rotation));
        } else if (description_.space == SpaceKind::whitened) {
            state_.space = Space(dim, section<float>(SectionKind::whitening, codes::triangle(dim)), {},
                                 derive_seed(description_.seed, SeedPart::rotation));
        }
    }

    void open_graph(std::uint64_t count) {
        GraphView& graph = state_.graph.emplace();
        graph.degree = description_.degree;
        graph.id_bytes = id_bytes(description_.count);
        graph.stride = graph.degree * graph.id_bytes;
        const bool sketched = description_.walk_dim != 0 && description_.code_kind != CodeKind::split && !sorted();
        if (sketched) {
            graph.sketches.emplace(sketched_dim(description_), graph.degree, graph.id_bytes,
                                   sketch_kind(description_.metric));
            graph.stride = graph.sketches->stride;
        } else if (sorted() && count > 0) {
            graph.sorted.emplace(description_.count, description_.degree);
            graph.stride = graph.sorted->stride;
        }
        if (description_.walk_dim != 0) {
            graph.nibble_layout = codes::NibbleLayout(description_.walk_dim);
            graph.nibbles = section<std::byte>(SectionKind::nibbles, count * graph.nibble_layout.stride);
            graph.nibble_tails = section<codes::NibbleTail>(SectionKind::nibble_tails, count);
        }
        if (description_.walk_dim == 0 && count > 0) {
            graph.codes = section_of_any_length<std::byte>(SectionKind::codes);
            graph.code_stride = graph.codes.size() / count;
        }
        const SectionKind vertices = graph.sorted ? SectionKind::sorted_vertices : SectionKind::vertices;
        graph.vertices = section<std::byte>(vertices, count * graph.stride);
        graph.row_of_item = section<std::uint32_t>(SectionKind::row_of_item, count);
        graph.item_of_row = section<std::uint32_t>(SectionKind::item_of_row, count);
        open_calibration();
        const auto& nearest = description_.calibrated_nearest;
        if (nearest != std::array<float, 5>{}) state_.drift.watch(nearest.back());
    }

    void open_split_codes(std::uint64_t count, std::uint64_t dim) {
        const GraphView& graph = *state_.graph;
        const auto lower = section<std::byte>(SectionKind::lower_nibbles, count * graph.nibble_layout.stride);
        state_.split.emplace(*state_.kernels, dim, graph.nibbles, lower, graph.nibble_tails);
        if (!state_.normalised()) return;
        state_.seen_center.resize(dim);
        state_.space.apply(*state_.kernels, state_.center, codes::ScaledQuery(0), state_.seen_center);
    }

    // Searches look it up every time, so it is short, copied, and checked here.
    void open_calibration() {
        static_assert(sizeof(CalibrationPoint) == 16);
        const auto points = section_of_any_length<CalibrationPoint>(SectionKind::calibration);
        if (points.size() > max_calibration_points) bad("its calibration is too long");
        state_.calibration.assign(points.begin(), points.end());
        const CalibrationPoint* before = nullptr;
        for (const CalibrationPoint& point : state_.calibration) {
            const bool shares = point.recall >= 0 && point.recall <= 1 && point.standard_error >= 0 &&
                                point.standard_error <= 1 && point.k > 0 && point.effort > 0;
            const bool ascends =
                before == nullptr || point.k > before->k ||
                (point.k == before->k && point.effort > before->effort && point.recall >= before->recall);
            if (!shares || !ascends) bad("its calibration holds no shares, or they do not ascend");
            before = &point;
        }
    }

    void open_forest(std::uint64_t count, std::uint64_t dim) {
        // A graph has one tree, whose leaves are the items in order.
        const bool graph = description_.structure == Structure::graph;
        const std::uint64_t n_trees = count == 0 ? 0 : graph ? 1 : description_.n_trees;
        const std::uint64_t n_items = graph ? 0 : n_trees * count;
        const forest::Leaves leaves{.roots = section<forest::NodeRef>(SectionKind::roots, n_trees),
                                    .starts = section_of_any_length<std::uint64_t>(SectionKind::leaf_starts),
                                    .items = section<forest::ItemId>(SectionKind::leaf_items, n_items),
                                    .leaf_size = description_.leaf_size,
                                    .count = description_.count};
        if (description_.metric == Metric::hamming) {
            state_.bit_forest = {leaves, section_of_any_length<forest::BitSplit>(SectionKind::splits), dim};
            return;
        }
        const std::uint64_t plane_dim = description_.plane_dim;
        const auto splits = section_of_any_length<forest::Split>(SectionKind::splits);
        state_.planes = {leaves, splits, section<std::int8_t>(SectionKind::planes, splits.size() * plane_dim),
                         plane_dim};
    }

    void open_ids(std::uint64_t count) {
        IdTable& ids = state_.ids;
        ids.kind = description_.id_kind;
        ids.count = description_.count;
        if (ids.kind == IdKind::int64) ids.numbers = section<std::int64_t>(SectionKind::int64_ids, count);
        if (ids.kind == IdKind::string) {
            ids.text_starts = section<std::uint64_t>(SectionKind::id_text_starts, count == 0 ? 0 : count + 1);
            ids.text = section_of_any_length<char>(SectionKind::id_text);
        }
        const bool ordered = state_.container.has(static_cast<std::uint32_t>(SectionKind::id_order));
        if (ordered) ids.order = section<std::uint32_t>(SectionKind::id_order, count);
    }

    void open_columns() {
        if (!state_.container.has(static_cast<std::uint32_t>(SectionKind::columns))) return;
        const auto directory = section_of_any_length<std::byte>(SectionKind::columns);
        const auto values = section_of_any_length<std::byte>(SectionKind::column_values);
        auto columns = attributes::Columns::open(directory, values, description_.count);
        if (!columns.ok()) bad(columns.error().message);
        state_.columns = std::move(columns.value());
    }

    Index::State& state_;
    Description& description_;
};

std::shared_ptr<const Index::State> finish(std::shared_ptr<Index::State> state) {
    state->kernels = &chosen_kernels();
    Opener(*state).run();
    return state;
}

}  // namespace

void vector_of(const Index::State& state, std::uint32_t item, std::span<float> out) {
    if (state.bits) {
        codes::unpack_bits(state.bits->row(item), out);
    } else {
        state.vector(item, out);
    }
}

std::shared_ptr<const Index::State> open_parts(file::Container container) {
    auto state = std::make_shared<Index::State>();
    state->container = std::move(container);
    return finish(std::move(state));
}

std::shared_ptr<const Index::State> open_state(std::string path, file::Container container) {
    auto state = std::make_shared<Index::State>();
    state->path = std::move(path);
    state->container = std::move(container);
    finish(state);
    // Smaller ones are read at once, and asking takes as long as opening does.
    constexpr std::size_t least = 16 << 20;
    if (state->container.bytes().size() >= least) fit_into(*state, file::memory_allowed());
    return state;
}

std::shared_ptr<const Index::State> open_state(base::AlignedBuffer memory) {
    auto state = std::make_shared<Index::State>();
    state->memory = std::move(memory);
    // The state owns the bytes and the container, so the container needs no owner of its own.
    state->container = unwrap(file::Container::from_buffer(state->memory.bytes(), nullptr, known_sections));
    return finish(std::move(state));
}

}  // namespace nearfile::opened
