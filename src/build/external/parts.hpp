// How items are divided so that one part after another can be built in memory: by the first planes of a tree, which is
// grown of a sample. A part has items of its own, and guests: items of other parts that are near one of the planes
// around it, and may be neighbours of its own. (Overlapping parts are DiskANN's idea, Subramanya et al. 2019, there
// around centers; a tree's planes go on as the entry tree of the file.)
//
// Places are items by part, and in the order of rows within a part; items are in the order of the leaves of the part's
// own tree. So going from rows to places and on to items touches one part at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "forest/tree.hpp"

namespace nearfile::build::external {

struct Part {
    std::uint32_t begin;  // places, and items
    std::uint32_t end;
    std::uint32_t first_guest;  // of the list of guests
    std::uint32_t last_guest;
};

struct Division {
    std::vector<std::uint32_t> place_of_row;
    std::vector<Part> parts;
    std::vector<std::uint32_t> guests;  // rows, until order() makes items of them, ascending in each part
    std::vector<std::uint32_t> place_of_item;
};

// Brings some items together in memory, by number, in whatever order they are in when it is called.
template <class SplitType>
using UseMembers = std::function<void(const graph::Distances& members, const GrowOne<SplitType>& grow_one)>;
template <class SplitType>
using WithMembers = std::function<void(std::span<const std::uint32_t> members, const UseMembers<SplitType>& use)>;

// What rows are divided by.
template <class SplitType>
struct Sides {
    // How far a row is on which side of a split of `tree`: above where it is above zero.
    std::function<float(std::uint32_t row, std::size_t split, const forest::Tree<SplitType>& tree)> margin_of;
    const graph::Distances* rows = nullptr;  // between rows, where splits are bits
};

struct DivideOptions {
    std::uint32_t count;
    std::uint32_t most_members;  // of a part, guests included
    std::uint32_t leaf_size;     // of the entry tree
    std::size_t plane_dim;       // none for bits
    std::uint64_t seed;
    unsigned threads;
};

template <class SplitType>
struct Divided {
    Division division;
    forest::Forest<SplitType> entry_tree;
};

// The first planes, and who is on which side: rows into places. `with_members` sees rows. What is in `entry_tree` is
// their part of it.
template <class SplitType>
Divided<SplitType> divide(const WithMembers<SplitType>& with_members, const Sides<SplitType>& sides,
                          const DivideOptions& options, const StageWatch& watch);

// A tree of each part: places into items. `with_members` sees places.
template <class SplitType>
void order_parts(const WithMembers<SplitType>& with_members, const DivideOptions& options, const StageWatch& watch,
                 Divided<SplitType>& divided);

}  // namespace nearfile::build::external
