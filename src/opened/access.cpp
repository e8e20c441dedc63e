#include "opened/access.hpp"

#include <algorithm>

#include "file/advice.hpp"
#include "file/memory_allowed.hpp"
#include "opened/errors.hpp"

namespace nearfile::opened {
namespace {

// Of the file in memory, from which on it does not fit well: the process and others need some too.
constexpr std::uint64_t fits_parts = 3;
constexpr std::uint64_t memory_parts = 4;

// What the process needs beside the hot sections.
constexpr std::uint64_t least_beside = 24 << 20;
constexpr std::uint64_t share_beside = 16;

std::uint64_t hot_bytes(const Index::State& state) {
    std::uint64_t bytes = 0;
    for (const file::SectionEntry& entry : state.container.sections()) {
        if (is_hot(state, static_cast<SectionKind>(entry.kind))) bytes += entry.length;
    }
    return bytes;
}

bool hot_fits_into(const Index::State& state, std::uint64_t memory) {
    return hot_bytes(state) + std::max(least_beside, memory / share_beside) <= memory;
}

void advise(const Index::State& state, std::uint64_t memory) {
    if (!state.larger_than_memory) return;
    const bool hot_fits = hot_fits_into(state, memory);
    for (const file::SectionEntry& entry : state.container.sections()) {
        const auto bytes = state.container.section(entry.kind);
        // Pages of which the system expects random reads go first (Linux 6.3 no longer minds whether they were used),
        // so those that should stay are not said to have any; but where they cannot stay, each miss would read
        // megabytes.
        if (hot_fits && is_hot(state, static_cast<SectionKind>(entry.kind))) {
            file::expect_usual(bytes);
        } else {
            file::expect_random(bytes);
        }
    }
}

}  // namespace

bool is_hot(const Index::State& state, SectionKind kind) noexcept {
    switch (kind) {
        case SectionKind::codes:  // unless walks go by others, and these are for a few
            return !state.graph || !state.graph->has_nibbles();
        case SectionKind::vectors:
        case SectionKind::lower_nibbles:
        case SectionKind::item_of_row:  // asked for an item by its id
        case SectionKind::id_order:
        case SectionKind::id_text:  // of the k nearest
        case SectionKind::columns:
        case SectionKind::column_values:
            return false;
        default:
            return true;
    }
}

void fit_into(Index::State& state, std::uint64_t memory) {
    if (!state.container.is_mapped()) return;
    state.larger_than_memory = state.container.bytes().size() > memory / memory_parts * fits_parts;
    advise(state, memory);
}

void expect_searches(const Index::State& state) {
    advise(state, file::memory_allowed());
}

void expect_reading(const Index::State& state) {
    if (state.larger_than_memory) file::expect_usual(state.container.bytes());
}

void read_hot(const Index::State& state) {
    // Else rows of cold sections, each read once, would push some of them out now and then.
    const bool lock = state.larger_than_memory && hot_fits_into(state, file::memory_allowed());
    for (const file::SectionEntry& entry : state.container.sections()) {
        if (!is_hot(state, static_cast<SectionKind>(entry.kind))) continue;
        const auto bytes = state.container.section(entry.kind);
        const auto populated = file::populate(bytes, state.path);
        if (!populated) raise(populated.error());
        if (lock) file::lock(bytes);
    }
}

}  // namespace nearfile::opened
