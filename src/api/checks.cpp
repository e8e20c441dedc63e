#include "api/checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "build/rows.hpp"
#include "nearfile/types.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile::api {
namespace {

struct Row {
    std::string_view noun;
    std::size_t number;

    std::string name() const { return std::string(noun) + " " + std::to_string(number); }
};

[[noreturn]] void refuse(const char* expected, const Row& row, std::size_t at, float value) {
    opened::raise(ErrorCode::invalid_argument, std::string(expected) + "; value " + std::to_string(at) + " of " +
                                                   row.name() + " is " + std::to_string(value) +
                                                   ": replace it or leave the " + std::string(row.noun) + " out");
}

void check_bits(std::span<const float> values, const Row& row) {
    const auto is_other = [](float value) { return value != 0.0f && value != 1.0f; };
    std::int32_t others = 0;  // one pass that vectorises
    for (const float value : values) others |= is_other(value) ? 1 : 0;
    if (others == 0) return;
    const auto bad = std::find_if(values.begin(), values.end(), is_other);
    refuse("hamming takes zeros and ones", row, static_cast<std::size_t>(bad - values.begin()), *bad);
}

void check_floats(std::span<const float> values, const Row& row) {
    // One pass that vectorises; a value that is not a number makes the comparison fail.
    std::int32_t large = 0;
    const float limit = max_length / std::sqrt(static_cast<float>(values.size()));
    for (const float value : values) large |= std::fabs(value) <= limit ? 0 : 1;
    if (large == 0) return;
    double squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) refuse("values must be finite", row, i, values[i]);
        squares += static_cast<double>(values[i]) * values[i];
    }
    if (squares <= static_cast<double>(max_length) * max_length) return;
    opened::raise(ErrorCode::invalid_argument, "a " + std::string(row.noun) + " must not be longer than 4e18; " +
                                                   row.name() + " has length " + std::to_string(std::sqrt(squares)) +
                                                   ": scale the data down");
}

}  // namespace

void check_values(std::span<const float> rows, std::uint32_t dim, bool bits, std::string_view noun) {
    for (std::size_t start = 0; start < rows.size(); start += dim) {
        const auto values = rows.subspan(start, dim);
        const Row row{noun, start / dim};
        if (bits) {
            check_bits(values, row);
        } else {
            check_floats(values, row);
        }
    }
}

void check_halves(const build::Rows& rows) {
    constexpr float largest = 65504.0f;
    std::vector<float> scratch(rows.dim());
    for (std::uint32_t row = 0; row < rows.count(); ++row) {
        const auto values = rows.floats(row, scratch);
        const auto bad =
            std::find_if(values.begin(), values.end(), [](float value) { return std::fabs(value) > largest; });
        if (bad == values.end()) continue;
        opened::raise(ErrorCode::invalid_argument, "half precision holds values up to 65504; value " +
                                                       std::to_string(bad - values.begin()) + " of vector " +
                                                       std::to_string(row) + " is " + std::to_string(*bad) +
                                                       ": keep the vectors exact or scale the data down");
    }
}

void check_candidates(std::span<const std::int64_t> candidates, std::uint32_t count, Structure structure) {
    if (candidates.empty()) return;
    if (structure != Structure::graph) {
        opened::raise(ErrorCode::invalid_argument,
                      "candidates: expected structure graph, whose edges are chosen from them, got structure forest: "
                      "leave candidates out");
    }
    if (count == 0 || candidates.size() % count != 0) {
        opened::raise(ErrorCode::invalid_argument, "candidates: expected equally many for each of " +
                                                       std::to_string(count) + " vectors, got " +
                                                       std::to_string(candidates.size()) + " in all");
    }
    const auto bad = std::ranges::find_if(candidates, [&](std::int64_t each) { return each < -1 || each >= count; });
    if (bad == candidates.end()) return;
    const auto row = static_cast<std::size_t>(bad - candidates.begin()) / (candidates.size() / count);
    opened::raise(ErrorCode::invalid_argument,
                  "candidates: expected row numbers from 0 to " + std::to_string(count - 1) +
                      ", in the order of adding, and -1 for none, got " + std::to_string(*bad) + " for vector " +
                      std::to_string(row) + ": number the vectors as they were added, also where they have ids");
}

void check_like(const Index::State& like, Metric metric, const build::Rows& rows, IdKind ids, Structure structure) {
    const auto expect = [](bool holds, const std::string& expected, const std::string& got, const char* advice) {
        if (holds) return;
        opened::raise(ErrorCode::invalid_argument, "like: expected " + expected + ", got " + got + ": " + advice);
    };
    const opened::Description& old = like.description;
    expect(structure == Structure::graph, "structure graph, whose edges it gives", "structure forest",
           "leave like out");
    expect(old.structure == Structure::graph, "an index that is a graph", "a forest",
           "leave like out, a forest has no neighbours to give");
    expect(old.metric == metric, "an index of metric " + std::string(metric_name(metric)),
           std::string(metric_name(old.metric)), "give one of the same metric or leave like out");
    expect(old.dim == rows.dim(), "an index of dimension " + std::to_string(rows.dim()), std::to_string(old.dim),
           "give one of the same dimension or leave like out");
    if (rows.count() == 0 || old.count == 0) return;  // which have ids of any kind
    expect((old.id_kind == IdKind::string) == (ids == IdKind::string),
           ids == IdKind::string ? "an index whose ids are strings" : "an index whose ids are numbers",
           old.id_kind == IdKind::string ? "strings" : "numbers",
           "items are found in it by their ids, name them as they are named there");
}

}  // namespace nearfile::api
