// Which space the trees and walks of a graph see vectors in.
#pragma once

#include <cstdint>
#include <span>

#include "build/encode.hpp"
#include "build/rows.hpp"
#include "codes/projection.hpp"
#include "nearfile/types.hpp"
#include "opened/space.hpp"

namespace nearfile::build {

struct SelectedSpace {
    opened::Space space;                  // refers to the rest
    codes::TrainedProjection projection;  // where that is what it is
    codes::TrainedWhitening whitening;    // where that is
};

struct SpaceOptions {
    bool sketched;  // whether the walk has sketches, which need the variance of the data spread over the dimensions
    Profile profile;
    std::uint64_t seed;
    unsigned threads;
    bool split = false;  // whether codes are split, which are of a rotation
};

// `center`: of what is seen. Inner products of few dimensions get the whitened space; of many, whose factor would cost
// a query more than its walk, one that other metrics have: around the mean, which is most of the gain. How many
// directions of many dimensions are enough, a trial says (space_trial.hpp).
SelectedSpace select_space(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                           std::span<const float> center, const SpaceOptions& options, const StageWatch& watch);

}  // namespace nearfile::build
