// What a file has of one item, and where: what Index::inspect() gives. docs/format.md says what each part means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace nearfile {

// Some bytes of the file, the offset counted from its start.
struct Extent {
    std::string_view section;  // by the name that Info has; of the library, so that it outlives the index
    std::uint64_t offset;
    std::uint64_t bytes;
};

struct Inspection {
    // A split on the way from a root to a leaf.
    struct Split {
        std::uint32_t number;
        Extent extent;
        std::optional<Extent> plane;       // not for hamming
        std::optional<float> margin;       // how far above the plane the item's vector is for a search; not for hamming
        std::optional<std::uint32_t> bit;  // for hamming, where the sides differ: its number
        bool above;                        // the side that has the item
        bool search_above;                 // the side that a search for the item's vector takes first
    };

    // Where a tree has the item.
    struct Leaf {
        std::uint32_t tree;
        Extent root;              // the reference that the tree starts with
        std::vector<Split> path;  // from the root down
        std::uint32_t number;
        Extent bounds;                    // where its items start and where they end
        std::vector<std::uint32_t> rows;  // of its items, in the order of the file
    };

    // A place of a vertex that is taken.
    struct Edge {
        std::uint32_t place;
        std::uint32_t row;              // of the neighbour
        float distance;                 // as Index::distance() gives it
        std::optional<float> additive;  // these two of its sketch; the first not of dot
        std::optional<float> factor;
    };

    struct Vertex {
        Extent extent;
        std::uint32_t places;    // for neighbours
        std::uint32_t id_bytes;  // of a neighbour's number; 0 where they are sorted, and have none of their own
        Extent numbers;          // of neighbours, within the extent
        std::optional<Extent> additives;  // these three within it too, where there are sketches; of dot no additives
        std::optional<Extent> factors;
        std::optional<Extent> signs;
        std::vector<Edge> edges;
    };

    // A short form of the vector. What is coded is the vector itself; `scaled` codes and those of 4 bits are of the
    // vector at length one for angular and cosine, less the center where there is one, those of 4 bits in the space of
    // the file.
    struct Code {
        Extent extent;
        std::vector<std::int32_t> code;  // a number a coordinate
        std::vector<float> decoded;      // what they stand for
        // What was coded. Empty where no vectors are kept, where this one has no direction, and of 4-bit codes for dot,
        // which are relative to a mean that the file does not have.
        std::vector<float> exact;
        // Those that the code has.
        std::optional<float> scale;
        std::optional<float> factor;
        std::optional<float> squared_norm;
        std::optional<float> error;
    };

    std::uint32_t row;   // in the order of adding
    std::uint32_t item;  // in the order of the file, which in a forest is the same
    // All that the file has for this item alone, in the order of their offsets. Some are told of below; those of
    // inverse_lengths, row_of_item, item_of_row and ids are not.
    std::vector<Extent> extents;
    std::vector<Leaf> leaves;      // one a tree
    std::optional<Vertex> vertex;  // of a graph
    std::optional<Code> nibbles;   // 4 bits a coordinate
    // 8 bits a coordinate, or one for hamming. Of those whose upper four are the nibbles the extent is of the lower
    // ones.
    std::optional<Code> code;
    // That of the code where codes are the vectors; missing where none are kept. Of vectors in two parts the upper
    // halves of the values.
    std::optional<Extent> vector;
    std::optional<Extent> vector_lower;  // and the lower halves
    std::vector<float> values;           // as Index::vector() gives them
};

}  // namespace nearfile
