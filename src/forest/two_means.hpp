// The plane of a split: between the means of two clusters of a sample. Internal to forest/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/random.hpp"
#include "forest/grow.hpp"

namespace nearfile::forest {

struct Plane {
    std::vector<std::int8_t> code;  // dim codes, then zeros up to a multiple of 64
    float scale = 0;                // of the code, so that the normal has length one; 0 where there is no direction
    float augmented_weight = 0;     // of the augmented coordinate
    float offset = 0;
};

// Two-means over samples, as Annoy does it: two random items start as centres, then sampled items join the nearer
// centre, distances weighted by the clusters' sizes so that they stay balanced. The plane is the bisector of the two
// centres (of their directions where there is an augmented coordinate).
class TwoMeans {
public:
    TwoMeans(const kernels::Kernels& kernels, const Points& points);

    void choose(std::span<const ItemId> items, base::Random& random, Plane& plane);

private:
    void decode(ItemId item, float* out) const noexcept;
    void prefetch(ItemId item) const noexcept;
    void quantise(Plane& plane) const noexcept;
    float* centre(int which) noexcept { return centres_.data() + static_cast<std::size_t>(which) * width_; }

    const kernels::Kernels& kernels_;
    const Points& points_;
    std::size_t width_;  // dim, one more with an augmented coordinate
    std::vector<float> centres_;
    std::vector<float> point_;
};

}  // namespace nearfile::forest
