#include "build/external/memory_plan.hpp"

#include <algorithm>
#include <string>

#include "base/parallel.hpp"
#include "build/budget.hpp"
#include "opened/description.hpp"
#include "opened/errors.hpp"

namespace nearfile::build::external {
namespace {

// For the process itself: code, stacks, the interpreter.
constexpr std::uint64_t most_of_process = std::uint64_t{64} << 20;
constexpr std::uint64_t process_share = 4;  // one part in so many at most

// What is in memory of every item, whichever part is built: numbers of its row, place and item, its lengths, the ends
// of lists of reverse edges, whether walks go to it.
constexpr std::uint64_t bytes_an_item = 56;
// Queries are made up for inner products, and lists of what they find.
constexpr std::uint64_t bytes_a_product = 176;
constexpr std::uint64_t most_products = 1'000'000;

constexpr std::uint64_t candidate_bytes = 48 * 8 + 1;  // of an item's list, build/edges.cpp
constexpr std::uint64_t tree_bytes = 6;                // of an item in a tree
constexpr std::uint64_t norm_bytes = 8;

// Half is for what the system holds of files, which a part's neighbours are read from.
constexpr std::uint64_t mapped_share = 2;
constexpr std::uint64_t stamp_bytes = 2;  // of an item, for each thread that refines
constexpr std::uint64_t stamps_share = 8;

constexpr std::uint64_t least_members = 1024;

std::uint64_t usable(std::uint64_t memory) {
    return memory - std::min(most_of_process, memory / process_share);
}

std::uint64_t fixed(const Sizes& sizes) {
    const std::uint64_t products = sizes.metric == Metric::dot ? std::min(sizes.rows, most_products) : 0;
    return sizes.rows * bytes_an_item + products * bytes_a_product + sizes.id_bytes;
}

std::uint64_t member_bytes(std::size_t code_stride, std::uint32_t degree, std::uint32_t n_trees) {
    const std::uint64_t edges = (degree + 1) * sizeof(std::uint32_t);
    return code_stride + norm_bytes + edges + candidate_bytes + n_trees * tree_bytes;
}

std::uint32_t fitting(const Sizes& sizes, std::uint64_t memory, std::uint64_t bytes) {
    const std::uint64_t rest = usable(memory) - std::min(usable(memory), fixed(sizes));
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(rest / mapped_share / bytes, least_members, max_count));
}

}  // namespace

std::uint64_t bytes_of(const Column& column) noexcept {
    const auto words =
        column.integers.size() + column.numbers.size() + column.starts.size() + column.text_starts.size();
    return column.missing.size() + words * sizeof(std::uint64_t) + column.text.size();
}

void check_memory(const Sizes& sizes, std::uint64_t memory) {
    const std::uint64_t member = member_bytes(sizes.dim + 32, densest, 16);
    const std::uint64_t wanted = fixed(sizes) + mapped_share * least_members * member;
    if (wanted <= usable(memory)) return;
    const std::uint64_t needed = std::min(wanted + most_of_process, wanted + wanted / (process_share - 1) + 1);
    opened::raise(ErrorCode::invalid_argument,
                  "memory: expected at least " + std::to_string(needed) + " bytes for " + std::to_string(sizes.rows) +
                      " vectors of " + std::to_string(sizes.dim) + " values, got " + std::to_string(memory));
}

std::uint32_t most_members(const Sizes& sizes, std::uint64_t memory, std::size_t code_stride, std::uint32_t degree,
                           std::uint32_t n_trees) {
    return fitting(sizes, memory, member_bytes(code_stride, degree, n_trees));
}

std::uint32_t most_surrounded(const Sizes& sizes, std::uint64_t memory, std::size_t code_stride, std::uint32_t degree) {
    return fitting(sizes, memory, code_stride + norm_bytes + (degree + 2) * sizeof(std::uint32_t));
}

unsigned affordable_threads(const Sizes& sizes, std::uint64_t memory, unsigned threads) {
    const std::uint64_t affordable =
        usable(memory) / stamps_share / std::max<std::uint64_t>(1, sizes.rows * stamp_bytes);
    const unsigned asked = base::resolve_threads(threads);
    return static_cast<unsigned>(std::clamp<std::uint64_t>(affordable, 1, asked));
}

std::uint64_t disk_bytes(const Sizes& sizes, Profile profile) {
    const bool compact = profile == Profile::compact;
    const std::uint64_t degree = compact ? compact_degree : densest;
    const std::uint64_t sketches = compact ? 0 : degree * (sizes.dim / 8 + 2) + sizes.dim / 2 + 8;
    std::uint64_t item = sketches + degree * sizeof(std::uint32_t) + sizes.dim * (sizes.value_bytes + compact) + 16;
    if (profile == Profile::balanced) item = std::min(item, balanced_bytes(sizes.dim) + 64);
    const std::uint64_t graph = (degree + 1) * sizeof(std::uint32_t);
    const std::uint64_t codes = sizes.dim * (1 + sizes.value_bytes) + 32;
    // While edges are made, graphs: of parts, joined, refined, the last, one turned round; at the end the file, and
    // what is brought into the order of its items, before and after.
    return sizes.rows * (codes + std::max(5 * graph + codes, 2 * graph + item + 2 * codes)) + 2 * sizes.id_bytes;
}

}  // namespace nearfile::build::external
