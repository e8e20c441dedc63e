#include "build/refining.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

#include "codes/projection.hpp"
#include "graph/candidate.hpp"
#include "graph/connect.hpp"

namespace nearfile::build {
namespace {

// docs/algorithms/graph.md has the measurements behind these: what is still missed costs a search more where it sees
// many dimensions.
constexpr std::array<Refining, 4> levels = {{{64, 24}, {160, 100}, {240, 160}, {400, 300}}};
constexpr std::size_t levels_of_few_dims = 3;
constexpr double enough_of_few_dims = 0.80;
constexpr double enough_of_many_dims = 0.985;
constexpr std::uint32_t n_asked = 256;
constexpr std::size_t n_nearest = 10;
constexpr std::uint32_t items_a_sample_task = 16;

using Nearest = std::vector<graph::Candidate>;

// The nearest of each item of the sample as walks of a level find them, ascending.
std::vector<Nearest> nearest_by(const Refining& level, const graph::Distances& distances, const graph::Adjacency& graph,
                                unsigned threads, const StageWatch& watch) {
    const std::uint32_t count = graph.count();
    std::vector<Nearest> found(std::min(count, n_asked));
    constexpr std::array unused = {1.0f};  // nothing is pruned
    run_blocks_with(
        "refining", static_cast<std::uint32_t>(found.size()), threads,
        [&] { return std::make_unique<graph::Refiner>(distances, graph, unused, level.width, level.steps); },
        [&](graph::Refiner& refiner, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t i = begin; i < end; ++i) {
                const auto item = static_cast<graph::ItemId>(std::uint64_t{i} * count / found.size());
                const auto view = refiner.walk(item);
                found[i].assign(view.begin(),
                                view.begin() + static_cast<std::ptrdiff_t>(std::min(view.size(), n_nearest)));
            }
        },
        watch, items_a_sample_task);
    return found;
}

double share_of(const std::vector<Nearest>& all, const std::vector<Nearest>& some) {
    std::size_t wanted = 0;
    Nearest common;
    for (std::size_t i = 0; i < all.size(); ++i) {
        wanted += all[i].size();
        std::ranges::set_intersection(all[i], some[i], std::back_inserter(common));
    }
    return wanted > 0 ? static_cast<double>(common.size()) / static_cast<double>(wanted) : 1.0;
}

}  // namespace

Refining select_refining(const graph::Distances& distances, const graph::Adjacency& graph, std::size_t seen,
                         Profile profile, unsigned threads, const StageWatch& watch) {
    const bool far = profile == Profile::fast || seen > codes::projected_dim;
    const double enough = far ? enough_of_many_dims : enough_of_few_dims;
    const std::size_t n_levels = far ? levels.size() : levels_of_few_dims;
    const auto all = nearest_by(levels.back(), distances, graph, threads, watch);
    for (const Refining& level : std::span(levels).first(n_levels - 1)) {
        if (share_of(all, nearest_by(level, distances, graph, threads, watch)) >= enough) return level;
    }
    return levels[n_levels - 1];
}

}  // namespace nearfile::build
