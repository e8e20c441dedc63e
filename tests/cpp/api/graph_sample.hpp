// Graphs of every metric, profile and thing to keep, for the tests of this folder.
#pragma once

#include "api/sample.hpp"

namespace nearfile::sample {

inline constexpr Profile profiles[] = {Profile::compact, Profile::balanced, Profile::fast};
inline constexpr Keep keeps[] = {Keep::exact, Keep::half, Keep::none};

inline BuildOptions graph_options(Profile profile = Profile::balanced, Keep keep = Keep::exact,
                                  std::uint32_t threads = 0) {
    return {.structure = Structure::graph,
            .profile = profile,
            .keep = keep,
            .n_trees = 3,
            .seed = 1,
            .threads = threads,
            .progress = {}};
}

inline std::string name_of(Metric metric, Profile profile, Keep keep) {
    return std::string(metric_name(metric)) + " " + std::string(profile_name(profile)) + " " +
           std::string(keep_name(keep));
}

// The data as the index keeps it: what its answers are exact for.
inline Data kept(const Index& index) {
    Data data{index.dim(), std::vector<float>(static_cast<std::size_t>(index.size()) * index.dim())};
    for (std::uint32_t row = 0; row < index.size(); ++row) {
        index.vector(row, std::span(data.values).subspan(static_cast<std::size_t>(row) * data.dim, data.dim));
    }
    return data;
}

}  // namespace nearfile::sample
