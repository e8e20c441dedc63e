// The words that the whole public API shares: metrics, value types, kinds of id, and the options of a build and a
// search.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace nearfile {

// Stored in files: do not change these values.
enum class Metric : std::uint32_t {
    angular = 0,    // sqrt(2 - 2 cos); a zero vector is sqrt(2) from everything
    cosine = 1,     // 1 - cos; a zero vector is 1 from everything
    euclidean = 2,  // sqrt(sum of squared differences)
    dot = 3,        // the inner product itself, largest first
    manhattan = 4,  // sum of absolute differences
    hamming = 5,    // number of differing bits
};

// How the exact vectors are kept. Stored in files: do not change these values.
enum class ValueType : std::uint32_t {
    float32 = 0,
    float16 = 1,  // every value of the data is exactly a half-precision number
    uint8 = 2,    // every value of the data is a whole number from 0 to 255
    bit = 3,      // hamming
};

// What finds the candidates. Stored in files: do not change these values.
enum class Structure : std::uint32_t {
    forest = 0,  // random-projection trees alone
    graph = 1,   // a graph of neighbours, built by the trees
};

// What a graph is made for. Stored in files: do not change these values.
enum class Profile : std::uint32_t {
    compact = 0,   // the fewest bytes resident while searching
    balanced = 1,  // fast, at a price: 2.5 times the bytes of vectors of 128 values, docs/recall.md
    fast = 2,      // the fastest
};

// What stays of the vectors of a graph's items. Stored in files: do not change these values.
enum class Keep : std::uint32_t {
    exact = 0,  // what was added comes back bit for bit
    half = 1,   // in half precision
    none = 2,   // codes of 8 bits alone
};

// What names an item. Stored in files: do not change these values.
enum class IdKind : std::uint32_t {
    row = 0,  // the number of the row in the order of adding
    int64 = 1,
    string = 2,  // UTF-8
};

// What open() reads into memory, so that the first searches do not wait for the disk.
enum class Prefault : std::uint32_t {
    none = 0,
    hot = 1,  // what every search reads many places of: where memory does not hold the vectors too
    all = 2,
};

inline constexpr std::uint32_t max_dim = 65536;
inline constexpr std::uint32_t max_count = 0x7fffffff;
inline constexpr std::uint32_t max_trees = 65536;
inline constexpr std::uint32_t max_threads = 1024;  // more, asked for, count as this
// Squares of longer vectors, and of their differences, would overflow single precision.
inline constexpr float max_length = 4e18f;

std::string_view metric_name(Metric metric) noexcept;
std::string_view structure_name(Structure structure) noexcept;
std::string_view profile_name(Profile profile) noexcept;
std::string_view keep_name(Keep keep) noexcept;
std::string_view value_type_name(ValueType type) noexcept;
std::string_view id_kind_name(IdKind kind) noexcept;

// These throw Error(invalid_argument) that lists the known names.
Metric metric_from_name(std::string_view name);
Structure structure_from_name(std::string_view name);
Profile profile_from_name(std::string_view name);
Keep keep_from_name(std::string_view name);
Prefault prefault_from_name(std::string_view name);

// Called from the thread that builds, about twenty times a second; returning false stops the build with
// Error(cancelled).
using Progress = std::function<bool(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

class Filter;
class Index;

struct BuildOptions {
    Structure structure = Structure::graph;
    Profile profile = Profile::balanced;  // of a graph
    Keep keep = Keep::exact;              // of a graph
    std::uint32_t n_trees = 0;            // 1 to max_trees, of which a graph takes at most 16; 0: chosen
    // Of a graph: a sample of real queries, n x dim floats as a search takes them, which must stay until build()
    // returns. Where queries are unlike the items (users against items, text against images) they make the graph lead
    // to what such queries ask for. Some of them, at most 512, are held out to measure which effort finds which recall.
    std::span<const float> queries = {};
    // Of a graph: for every row that was added, in that order, equally many rows that are likely to be its nearest, as
    // another library found them; -1 where there is none. Itself and repetitions count for nothing. Trees are
    // grown only for items that have fewer than 16. It must stay until build() returns.
    std::span<const std::int64_t> candidates = {};
    // Of a graph: an index of the same metric and dimension, yesterday's say. Items that have an id and a vector that
    // were there get the neighbours that they had there, by id (rows where there are no ids); trees are for the others.
    const Index* like = nullptr;
    std::uint64_t seed = 0;     // same input, seed and version: same bytes
    std::uint32_t threads = 0;  // up to max_threads; 0: cores(); does not change the result
    Progress progress = {};
};

struct OpenOptions {
    Prefault prefault = Prefault::none;
    bool verify = false;  // check every checksum and id now, in time proportional to the file
};

struct SearchOptions {
    std::uint32_t k = 10;
    std::uint32_t effort = 0;    // of a graph: how many vertices the walk keeps in view; 0: chosen
    float recall = 0;            // of a graph: the share of the k nearest to find; with effort, whatever takes more
    std::uint64_t search_k = 0;  // distinct candidates to score, never less than k or dim / 4; 0: chosen from k
    bool exact = false;          // score every item: the answer of brute force
    std::uint32_t threads = 1;   // for batches, up to max_threads; 0: cores()
    // Of this index: nothing else is an answer, and where fewer than k are allowed, all of them are. `filters` are one
    // a query, instead of one for all. The options borrow them.
    const Filter* filter = nullptr;
    std::span<const Filter* const> filters = {};
    // Rows that are no answers either; of a batch where `exclude_starts` is given, query i's are from exclude_starts[i]
    // to the one before exclude_starts[i + 1].
    std::span<const std::uint32_t> exclude = {};
    std::span<const std::size_t> exclude_starts = {};
};

struct RadiusOptions {
    float recall = 0;               // of a graph: the share of what is within the radius to find; 0: .95
    std::uint64_t search_k = 0;     // of a forest: candidates to score, more where they find much; 0: chosen
    bool exact = false;             // score every item: the answer of brute force
    std::uint32_t max_results = 0;  // the nearest so many of each query and no more; 0: all
    std::uint32_t threads = 1;      // for batches, up to max_threads; 0: cores()
    // As of a search: nothing else is found.
    const Filter* filter = nullptr;
    std::span<const Filter* const> filters = {};
};

struct KnnGraphOptions {
    std::uint32_t k = 15;       // of each item, itself among them
    float recall = 0;           // the share of an item's k - 1 nearest others to find; 0: .97
    bool exact = false;         // compare every item with every item
    std::uint32_t threads = 0;  // up to max_threads; 0: cores(); does not change the result
    Progress progress = {};     // as of a build: false stops it
};

}  // namespace nearfile
