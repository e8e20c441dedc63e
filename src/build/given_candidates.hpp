// Candidates for neighbours that were found elsewhere: in a matrix of rows, in the graph of another file.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "build/rows.hpp"
#include "build/stages.hpp"
#include "graph/adjacency.hpp"
#include "graph/candidate_lists.hpp"
#include "graph/distances.hpp"
#include "opened/state.hpp"

namespace nearfile::build {

// What candidates of an item are good for.
enum class Given : std::uint8_t {
    too_few,    // trees are needed besides
    enough,     // for a good list
    neighbors,  // those that it had in a graph, nearly all of them: there is nothing to choose
};

class GivenCandidates {
public:
    GivenCandidates() = default;

    // `matrix`: for each row equally many others, below zero where there is none; may be empty. `like`: a graph of the
    // same metric and dimension with ids of the same kind, or null. All are checked, and outlive this.
    GivenCandidates(const kernels::Kernels& kernels, const Rows& rows, const opened::IdTable& ids,
                    std::span<const std::int64_t> matrix, const Index::State* like, unsigned threads,
                    const StageWatch& watch);

    bool any() const noexcept { return !matrix_.empty() || like_ != nullptr; }

    // Appends the rows given for a row, as they are given.
    Given append(std::uint32_t row, std::vector<std::uint32_t>& some) const;

private:
    bool append_like(std::uint32_t row, std::vector<std::uint32_t>& some) const;

    std::uint32_t count_ = 0;
    std::span<const std::int64_t> matrix_;
    std::size_t columns_ = 0;
    const Index::State* like_ = nullptr;
    std::vector<std::uint32_t> old_item_of_;  // by row; `none` where it is new or its vector is another
    std::vector<std::uint32_t> row_of_old_;   // by item of `like`; `none` where it is gone or another
};

// Appends what is given for an item, in any order and with repetitions.
using Give = std::function<Given(graph::ItemId item, std::vector<graph::ItemId>& some)>;

// What items were given.
struct GivenTo {
    std::vector<Given> items;          // empty where nothing was given to anybody
    std::vector<std::uint8_t> wanted;  // by item, whether it is looked for in trees; empty where all are
    std::uint32_t n_wanted = 0;
    std::uint32_t n_neighbors = 0;

    bool has_neighbors(graph::ItemId item) const noexcept { return !items.empty() && items[item] == Given::neighbors; }
    // Whether the graph is mostly one that has reverse edges already.
    bool is_graph() const noexcept { return n_neighbors * std::uint64_t{2} > items.size(); }
};

// Neighbours become those of `graph`; other candidates are measured and offered to the lists. An empty `give` gives
// nothing.
GivenTo take_given(const graph::Distances& distances, const Give& give, unsigned threads, const StageWatch& watch,
                   graph::CandidateLists& lists, graph::Adjacency& graph);

}  // namespace nearfile::build
