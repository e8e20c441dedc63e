// One query against vectors as the file has them: exact distances, and of floats in two parts bounds of these from the
// upper part alone. "Distance" as in scorer.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codes/bounds.hpp"
#include "codes/vectors.hpp"
#include "opened/state.hpp"

namespace nearfile::search {

class VectorDistances {
public:
    // An index that keeps vectors.
    explicit VectorDistances(const Index::State& state);

    // `values`: dim floats that outlive the searches; of length one for angular and cosine, where they have a
    // direction.
    void set_query(std::span<const float> values, bool has_direction);

    // Of rows ids[0..count), or first, first + 1, ... where ids is null; count is at most codes::batch.
    void exact(const codes::ItemId* ids, codes::ItemId first, std::size_t count, float* distances);

    // Bounds of what exact() gives; where vectors do not lie in parts, that itself twice.
    void bounds(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out);

    // What exact() reads, and of vectors in two parts what bounds() has not read yet.
    void prefetch_exact(codes::ItemId item) const noexcept;
    // What bounds() reads.
    void prefetch_bounds(codes::ItemId item) const noexcept;

private:
    kernels::VectorRows rows(codes::ItemId first) const noexcept;
    float inverse_length(codes::ItemId item) const noexcept { return state_.inverse_lengths[item]; }
    void distances_of_squares(const codes::ItemId* ids, codes::ItemId first, std::size_t count, float* distances);
    float measured_at_length(codes::ItemId item);
    double precise_distance(codes::ItemId item);
    void bound_products(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) const;
    void bound_lengths(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) const;
    void bound_directions(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) const;

    const Index::State& state_;
    const codes::ExactVectors& vectors_;
    std::span<const float> query_;
    bool has_direction_ = true;
    float query_length_ = 0;     // where vectors lie in parts
    float query_magnitude_ = 0;  // sum |q_i|, the same
    std::vector<float> row_;     // one that takes a detour
};

}  // namespace nearfile::search
