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
// of lists of reverse edges.
constexpr std::uint64_t bytes_an_item = 52;
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
    return code_stride + norm_bytes + candidate_bytes + (degree + 1) * sizeof(std::uint32_t) + n_trees * tree_bytes;
}

}  // namespace

std::uint64_t bytes_of(const Column& column) noexcept {
    const auto words = column.integers.size() + column.numbers.size() + column.starts.size() + column.text_starts.size();
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
    const std::uint64_t rest = usable(memory) - std::min(usable(memory), fixed(sizes));
    const std::uint64_t members = rest / mapped_share / member_bytes(code_stride, degree, n_trees);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(members, least_members, max_count));
}

unsigned affordable_threads(const Sizes& sizes, std::uint64_t memory, unsigned threads) {
    const std::uint64_t affordable = usable(memory) / stamps_share / std::max<std::uint64_t>(1, sizes.rows * stamp_bytes);
    const unsigned asked = base::resolve_threads(threads);
    return static_cast<unsigned>(std::clamp<std::uint64_t>(affordable, 1, asked));
}

std::uint64_t disk_bytes(const Sizes& sizes, Profile profile) {
    // Three graphs at a time, codes in two orders, the sections, and the file made of them.
    const std::uint64_t degree = profile == Profile::compact ? compact_degree : densest;
    const std::uint64_t graph = (degree + 1) * sizeof(std::uint32_t);
    const std::uint64_t codes = sizes.dim + 32;
    const std::uint64_t sketches = profile == Profile::compact ? 0 : degree * (sizes.dim / 8 + 6);
    const std::uint64_t file = sketches + degree * sizeof(std::uint32_t) + codes + sizes.dim * sizeof(float) + 32;
    return sizes.rows * std::max(4 * graph + 2 * codes, graph + codes + 2 * file) + 2 * sizes.id_bytes;
}

}  // namespace nearfile::build::external
