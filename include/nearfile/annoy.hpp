// Files that Annoy wrote, searched where they are: mapped, checked whole once, then answered by Annoy's own rules, so
// that the answers are Annoy's for the same search_k. What differs is rounding: every build of Annoy adds in an order
// of its own.
//
// Such a file says neither its metric nor its dimension; both come from the caller, and open() refuses what does not
// fit.
//
// Threading: an AnnoyFile is immutable; any number of threads may call any const member at once. Copies share the
// mapping, which is released when the last copy goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearfile/types.hpp"

namespace nearfile {

// How the nodes of a file are laid out. Metrics whose layout has changed have several; open() finds out which.
enum class AnnoyLayout {
    angular,  // with or without stored norms, which are not used
    euclidean,
    manhattan,       // the same bytes as euclidean
    dot,             // 1.13 to 1.17.3
    dot_main,        // Annoy's main branch since 2023, never released
    hamming,         // since 1.17.0
    hamming_packed,  // 1.10 to 1.16.3
};

std::string_view annoy_layout_name(AnnoyLayout layout) noexcept;
Metric annoy_layout_metric(AnnoyLayout layout) noexcept;

struct AnnoyNeighbor {
    std::int32_t id;
    float distance;
};

class AnnoyFile {
public:
    // Map a file and check all of it, in time linear in its size; reads the whole file once. Throws Error(bad_file)
    // that says which layouts were tried and why each was refused, and Error(invalid_argument) for metrics that Annoy
    // has not.
    static AnnoyFile open(const std::string& path, std::uint32_t dim, Metric metric, bool prefault = false);

    // The layouts under which the file passes all checks at this dimension: for guessing the metric. euclidean and
    // manhattan always come together.
    static std::vector<AnnoyLayout> fitting_layouts(const std::string& path, std::uint32_t dim);

    std::uint32_t dim() const noexcept;
    Metric metric() const noexcept;
    AnnoyLayout layout() const noexcept;

    // The whole file as it was when it was opened.
    std::span<const std::byte> bytes() const noexcept;

    // The largest id + 1. Ids that were never added are holes: they have zero vectors and are never found.
    std::int32_t n_items() const noexcept;
    bool has_item(std::int64_t id) const noexcept;

    // How many trees were built.
    std::uint32_t n_trees() const noexcept;

    // What Annoy's get_n_trees() says after load(), and what its default search_k is made of. Annoy counts roots from
    // the end of the file and may take a tree twice: it says 2 * n_trees() - 1, or + 1, where all items fit into one
    // leaf or no more than two are present, and now and then one or two too many after a build on several threads.
    // Otherwise they are equal.
    std::uint32_t annoy_n_trees() const noexcept;

    // The stored vector (zeros and ones for hamming), into `out` of dim() floats. Throws Error(not_found) for ids
    // outside 0 .. n_items() - 1.
    void vector(std::int64_t id, std::span<float> out) const;

    // The distance of two items as Annoy's get_distance gives it: the inner product itself for dot.
    float distance(std::int64_t a, std::int64_t b) const;

    // The at most n nearest of those candidates that the trees give, nearest first (for dot the largest), ties by
    // smaller id. A negative n means all of them. Leaves are opened, best first, until there are search_k candidates,
    // counted once for every tree they were found in; so few trees or a small search_k give fewer than n. search_k = -1
    // means n * annoy_n_trees(), 0 gives nothing, other negatives open every leaf.
    std::vector<AnnoyNeighbor> search(std::span<const float> query, std::int64_t n, std::int64_t search_k = -1) const;

    struct State;

private:
    explicit AnnoyFile(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

}  // namespace nearfile
