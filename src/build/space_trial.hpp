// What searches cost in a space, found out by searching: the walk of a search, its sketches and 4-bit codes, over a
// sample of the data, for queries whose nearest items are known. Nothing is timed: steps and bytes are counted and
// weighed, so that the same data gives the same answer on every machine.
#pragma once

#include <cstdint>
#include <span>

#include "build/edges.hpp"
#include "build/quantized.hpp"
#include "build/stages.hpp"
#include "build/trial_sample.hpp"
#include "graph/adjacency.hpp"
#include "opened/space.hpp"
#include "opened/state.hpp"

namespace nearfile::build {

class SpaceTrial {
public:
    // `of_edges`: what edges are found by.
    SpaceTrial(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
               const opened::Space& of_edges, std::uint64_t seed, unsigned threads, const StageWatch& watch);

    // Not where the rows have no directions, or distances that are no numbers.
    bool has_sample() const noexcept { return sample_.queries.size() >= least_queries; }

    // About nanoseconds for a query, the mean over some recalls; more than `hopeless` where it is more than that.
    // `degree`: places that the budget has for a vertex.
    double cost(const opened::Space& space, std::uint32_t degree, double hopeless) const;

private:
    static constexpr std::size_t least_queries = 32;
    struct Point {
        double recall;
        double cost;
    };
    EdgePlan plan() const;
    graph::Adjacency of_degree(std::uint32_t degree) const;
    Point search(const Index::State& state, std::size_t effort, double fixed) const;

    const kernels::Kernels& kernels_;
    const Metric metric_;
    const std::span<const float> center_;
    const std::uint64_t seed_;
    const unsigned threads_;
    const StageWatch& watch_;
    const std::size_t bytes_of_vector_;
    const TrialSample sample_;
    QuantizedVectors vectors_;  // that edges are found by
    graph::Adjacency graph_;    // as dense as any that is tried
};

}  // namespace nearfile::build
