// What an index says about itself in the file's header, and which sections it has. docs/format.md describes both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "file/container.hpp"
#include "nearfile/types.hpp"

namespace nearfile::opened {

// How items are coded for scoring. On disk: do not change these values.
enum class CodeKind : std::uint32_t {
    scaled = 0,         // codes/scaled.hpp
    uniform_exact = 1,  // codes/uniform.hpp, the codes are the vectors
    uniform = 2,        // codes/uniform.hpp, with an error a row
    bits = 3,           // codes/bits.hpp, the codes are the vectors
    none = 4,           // a graph whose walk leads straight to the vectors
    split = 5,          // codes/split.hpp, all that is kept: a graph whose walk goes by the upper halves
};

// What trees and walks see vectors in. On disk: do not change these values.
enum class SpaceKind : std::uint32_t {
    own = 0,         // their own dimensions
    projection = 1,  // codes/projection.hpp
    rotation = 2,    // codes/rotation.hpp
    whitened = 3,    // codes/whitening.hpp, then a rotation; of graphs for inner products
};

// On disk, little-endian: do not change.
struct Description {
    Metric metric;
    Structure structure;
    std::uint32_t dim;
    std::uint32_t count;
    ValueType value_type;
    IdKind id_kind;
    CodeKind code_kind;
    float code_scale;       // of uniform codes; 0 else
    std::uint32_t n_trees;  // that it was built with
    std::uint32_t leaf_size;
    std::uint64_t seed;
    std::uint32_t plane_dim;               // dimensions of the planes: dim, or fewer with a projection; 0 for bits
    std::uint32_t n_trees_asked;           // where more were asked for than a graph takes; else zero
    std::array<char, 16> library_version;  // that wrote it, zeros after
    // Of a graph, else zero:
    Profile profile;
    Keep keep;
    std::uint32_t degree;                // places for neighbours of a vertex
    std::uint32_t walk_dim;              // dimensions of 4-bit codes and sketches; 0 where the walk sees 8-bit ones
    SpaceKind space;                     // what those dimensions are
    std::uint32_t sketch_dim;            // of sketches, where they see the first of those alone; else 0
    std::array<std::byte, 76> reserved;  // zero
    // Where there is a calibration, how far the nearest item was from its queries: the distance that 1, 25, 50, 75 and
    // 99 in 100 do not exceed; for dot the negative inner product of a query of length 1.
    std::array<float, 5> calibrated_nearest;
};
static_assert(sizeof(Description) == file::description_bytes);

// On disk: do not change these values. In the order they stand in the file: what a search touches first and together.
enum class SectionKind : std::uint32_t {
    codes = 1,
    roots = 2,
    splits = 3,
    planes = 4,
    leaf_starts = 5,
    leaf_items = 6,
    projection = 7,
    projection_scales = 8,
    center = 9,
    vectors = 10,
    int64_ids = 11,
    id_text_starts = 12,
    id_text = 13,
    id_order = 14,
    vertices = 15,
    nibbles = 16,
    row_of_item = 17,
    item_of_row = 18,
    calibration = 19,
    whitening = 20,
    nibble_tails = 21,
    inverse_lengths = 22,
    lower_nibbles = 23,
    sorted_vertices = 24,
    columns = 25,  // attributes/layout.hpp; a reader that does not know them does without attributes
    column_values = 26,
};

inline constexpr std::array<std::uint32_t, 26> known_sections = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                                                 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26};

// How many bytes a neighbour's number takes among so many items, and what stands where none is: the largest number that
// the bytes hold, which no item has.
constexpr std::size_t id_bytes(std::uint32_t count) noexcept {
    return count <= 0xffffu ? 2 : count <= 0xffffffu ? 3 : 4;
}
constexpr std::uint32_t no_neighbor(std::uint32_t count) noexcept {
    return 0xffffffffu >> (32 - 8 * id_bytes(count));
}

// Sketches of fewer dimensions than walks see take a multiple of so many, which fill their tables.
inline constexpr std::uint32_t sketch_dim_step = 32;

// How many dimensions sketches see.
constexpr std::uint32_t sketched_dim(const Description& description) noexcept {
    return description.sketch_dim != 0 ? description.sketch_dim : description.walk_dim;
}

// Where only directions count, so that vectors are measured at length one.
constexpr bool normalised(Metric metric) noexcept {
    return metric == Metric::angular || metric == Metric::cosine;
}

inline constexpr std::uint32_t max_degree = 1024;
inline constexpr std::size_t max_calibration_points = 256;
inline constexpr std::uint32_t max_whitened_dim = 256;
inline constexpr std::uint32_t max_walk_dim = 4096;  // kernels/kernels.hpp: 512 pairs of tables

const char* section_name(std::uint32_t kind) noexcept;

}  // namespace nearfile::opened
