// Several reads in flight: of a file that memory does not hold, the pages of everything that is about to be measured
// are asked for before the first of them is waited for. A disk answers sixteen questions in little more time than one.
// Hints alone: what is measured, and how, is the same without them. To be called where state.larger_than_memory.
#pragma once

#include <cstddef>
#include <span>

#include "codes/bounds.hpp"
#include "opened/state.hpp"

namespace nearfile::search {

// What of an item is going to be read, beyond what is hot (opened/access.hpp): what Scorer::bounds() or exact() does.
// Of vectors in two parts, the upper one has been read for bounds where exact distances are asked for; `all` is both.
enum class Reading { bounds, exact, all };

// Each page once.
void ask_for_pages(const Index::State& state, std::span<const codes::ItemId> items, Reading what);

// Of `count` items from `first` on.
void ask_for_stretch(const Index::State& state, std::size_t first, std::size_t count, Reading what);

// For whoever reads item after item: stays a stretch ahead.
class ReadAhead {
public:
    ReadAhead(const Index::State& state, Reading what) : state_(state), what_(what) {}

    // From `first` on is going to be read.
    void reach(std::size_t first) {
        if (first + items < asked_ || asked_ >= state_.description.count) return;
        ask_for_stretch(state_, asked_, items, what_);
        asked_ += items;
    }

private:
    static constexpr std::size_t items = 2048;

    const Index::State& state_;
    Reading what_;
    std::size_t asked_ = 0;
};

}  // namespace nearfile::search
