#include "corpus.hpp"

#include <array>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "container.hpp"
#include "file/format.hpp"
#include "memory.hpp"
#include "nearfile/nearfile.hpp"

namespace nearfile::fuzz {
namespace {

constexpr Metric metrics[] = {Metric::angular, Metric::cosine,    Metric::euclidean,
                              Metric::dot,     Metric::manhattan, Metric::hamming};
// Fewer are all looked at: no search would walk.
constexpr std::uint32_t least_count = 2500;
// Fewer than 128 dimensions, more, so that codes may be split, and fewer than there are lanes.
constexpr std::uint32_t dims[] = {24, 190, 5};
constexpr std::uint32_t largest_values[] = {0, 200, 2000};

float value_of(const Recipe& recipe, Random& random) {
    if (recipe.metric == Metric::hamming) return static_cast<float>(random.below(2));
    if (recipe.largest != 0) return static_cast<float>(random.below(recipe.largest));
    float sum = -2;  // roughly normal
    for (int i = 0; i < 4; ++i) sum += static_cast<float>(random.next() >> 40) * 0x1p-24f;
    return sum;
}

std::vector<float> rows_of(const Recipe& recipe, std::uint32_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> values(static_cast<std::size_t>(count) * recipe.dim);
    for (float& value : values) value = value_of(recipe, random);
    return values;
}

// Of every type, one with values that are missing and one without.
std::vector<Column> columns_of(std::uint32_t count) {
    Random random(3);
    std::vector<Column> columns;
    for (std::uint32_t i = 0; i < 12; ++i) {
        Column& column = columns.emplace_back();
        column.type = static_cast<ColumnType>(i / 2);
        column.name = std::string(column_type_name(column.type)) + (i % 2 == 0 ? "" : " or none");
        const bool lists = column.type == ColumnType::strings;
        const bool texts = lists || column.type == ColumnType::string;
        if (column.type == ColumnType::timestamp) column.ticks_per_second = 1000;
        if (texts) column.text_starts.push_back(0);
        if (lists) column.starts.push_back(0);
        for (std::uint32_t row = 0; row < count; ++row) {
            if (i % 2 == 1) column.missing.push_back(random.below(3) == 0 ? 1 : 0);
            const auto value = static_cast<std::int64_t>(random.below(column.type == ColumnType::boolean ? 2 : 500));
            for (std::uint64_t n = !texts ? 0 : lists ? random.below(4) : 1; n > 0; --n) {
                column.text += "kind " + std::to_string(random.below(300));
                column.text_starts.push_back(column.text.size());
            }
            if (lists) column.starts.push_back(column.text_starts.size() - 1);
            if (column.type == ColumnType::float64) {
                column.numbers.push_back(static_cast<double>(value) / 4);
            } else if (!texts) {
                column.integers.push_back(value);
            }
        }
    }
    return columns;
}

void add(Builder& builder, const Recipe& recipe) {
    const std::vector<float> rows = rows_of(recipe, recipe.count, 1);
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    for (std::uint32_t row = 0; row < recipe.count; ++row) {
        numbers.push_back(static_cast<std::int64_t>(row * 7919u % 10007u) - 5000);
        texts.push_back(std::string(row % 5, 'x') + std::to_string(numbers.back()));
    }
    const std::vector<Column> columns = recipe.columns ? columns_of(recipe.count) : std::vector<Column>();
    const std::vector<std::string_view> names(texts.begin(), texts.end());
    if (recipe.ids == IdKind::row) builder.add(rows, columns);
    if (recipe.ids == IdKind::int64) builder.add(rows, numbers, columns);
    if (recipe.ids == IdKind::string) builder.add(rows, names, columns);
}

// The last fields of the description (docs/format.md): how far the nearest items were from the calibration's queries.
void count_walks(Bytes& bytes) {
    std::array<float, 5> nearest;
    constexpr std::size_t at = sizeof(file::Header) - sizeof nearest;
    std::memcpy(nearest.data(), bytes.data() + at, sizeof nearest);
    if (nearest != std::array<float, 5>{}) return;
    nearest.fill(1.0f);
    std::memcpy(bytes.data() + at, nearest.data(), sizeof nearest);
    make_header_checksum_right(bytes);
}

// Kinds of id and dimensions are Latin squares over profiles and things to keep.
void add_graphs(std::vector<Recipe>& all, std::uint32_t m, bool few) {
    for (std::uint32_t i = 0; i < 9; ++i) {
        const std::uint32_t p = i / 3;
        const std::uint32_t k = i % 3;
        if (few && p != k) continue;
        Recipe recipe{.metric = metrics[m],
                      .structure = Structure::graph,
                      .profile = static_cast<Profile>(p),
                      .keep = static_cast<Keep>(k),
                      .ids = static_cast<IdKind>((p + k + m) % 3),
                      .count = least_count + m * 9 + i,
                      .dim = dims[(p + 2 * k + m) % 3],
                      .largest = largest_values[(p + m) % 3],
                      .queries = false};
        recipe.columns = p == k;
        all.push_back(recipe);
        recipe.queries = true;
        if (p == k && (recipe.metric == Metric::dot || p == m % 3)) all.push_back(recipe);
    }
}

void add_forests(std::vector<Recipe>& all, std::uint32_t m) {
    for (std::uint32_t i = 0; i < 3; ++i) {
        all.push_back({.metric = metrics[m],
                       .structure = Structure::forest,
                       .profile = Profile::balanced,
                       .keep = Keep::exact,
                       .ids = static_cast<IdKind>(i),
                       .count = least_count + m * 3 + i,
                       .dim = dims[(i + m) % 3],
                       .largest = largest_values[i],
                       .queries = false,
                       .columns = i == m % 3});
    }
}

// With no item, one, or two.
void add_small(std::vector<Recipe>& all, std::uint32_t m) {
    all.push_back({.metric = metrics[m],
                   .structure = m < 3 ? Structure::graph : Structure::forest,
                   .profile = Profile::balanced,
                   .keep = Keep::exact,
                   .ids = static_cast<IdKind>(m % 3),
                   .count = m % 3,
                   .dim = 24,
                   .largest = 0,
                   .queries = false});
}

WholeFile whole(const Recipe& recipe, Bytes bytes) {
    const Guarded memory(bytes);
    const Index index = Index::open_buffer(memory.bytes(), memory.owner(), {.verify = true});
    return {recipe.name(), std::move(bytes), index.info().sections, index.size()};
}

}  // namespace

std::string Recipe::name() const {
    std::string name;
    const auto add = [&](std::string_view part) { name.append(name.empty() ? "" : "-").append(part); };
    add(metric_name(metric));
    add(structure_name(structure));
    if (structure == Structure::graph) add(profile_name(profile));
    if (structure == Structure::graph) add(keep_name(keep));
    add(id_kind_name(ids));
    add(std::to_string(count));
    name.append("x").append(std::to_string(dim));
    if (largest != 0) add("to-" + std::to_string(largest));
    if (queries) add("queries");
    if (columns) add("columns");
    return name;
}

std::vector<Recipe> recipes(bool few) {
    std::vector<Recipe> all;
    for (std::uint32_t m = 0; m < std::size(metrics); ++m) {
        add_graphs(all, m, few);
        add_forests(all, m);
        add_small(all, m);
    }
    return all;
}

WholeFile build(const Recipe& recipe) {
    Builder builder(recipe.dim, recipe.metric);
    add(builder, recipe);
    const bool graph = recipe.structure == Structure::graph;
    const std::vector<float> queries = recipe.queries ? rows_of(recipe, 300, 2) : std::vector<float>();
    const Index index = builder.build({.structure = recipe.structure,
                                       .profile = recipe.profile,
                                       .keep = recipe.keep,
                                       .n_trees = graph ? 3u : 5u,
                                       .queries = queries,
                                       .seed = 1,
                                       .progress = {}});
    Bytes bytes(index.bytes().begin(), index.bytes().end());
    if (graph && recipe.count > 0) count_walks(bytes);
    return whole(recipe, std::move(bytes));
}

std::vector<WholeFile> corpus(const std::vector<Recipe>& recipes, const std::string& folder,
                              const std::string& program) {
    namespace fs = std::filesystem;
    std::vector<WholeFile> files;
    if (!folder.empty()) fs::create_directories(folder);
    for (const Recipe& recipe : recipes) {
        const fs::path path = fs::path(folder) / (recipe.name() + ".near");
        if (!folder.empty() && fs::exists(path) && fs::last_write_time(path) >= fs::last_write_time(program)) {
            files.push_back(whole(recipe, read_file(path.string())));
            continue;
        }
        files.push_back(build(recipe));
        if (!folder.empty()) write_file(path.string(), files.back().bytes);
    }
    return files;
}

}  // namespace nearfile::fuzz
