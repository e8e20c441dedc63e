// The space in which planes, sketches and 4-bit codes see vectors: their own dimensions, the directions in which the
// data varies most, a random rotation, or the space in which queries of inner products are like the items.
#pragma once

#include <optional>
#include <span>

#include "codes/projection.hpp"
#include "codes/rotation.hpp"
#include "codes/scaled.hpp"
#include "codes/whitening.hpp"
#include "opened/description.hpp"

namespace nearfile::opened {

class Space {
public:
    Space() = default;
    explicit Space(std::size_t dim) : kind_(SpaceKind::own), dim_(dim) {}
    explicit Space(const codes::Projection& projection)
        : kind_(SpaceKind::projection), dim_(projection.directions()), projection_(projection) {}
    Space(std::size_t dim, std::uint64_t seed)
        : kind_(SpaceKind::rotation), dim_(dim), rotation_(std::in_place, dim, seed) {}
    // `inverse`: what items need, which are seen by builds alone; else empty.
    Space(std::size_t dim, std::span<const float> factor, std::span<const float> inverse, std::uint64_t seed)
        : kind_(SpaceKind::whitened),
          dim_(dim),
          rotation_(std::in_place, dim, seed),
          factor_(factor),
          inverse_(inverse) {}

    SpaceKind kind() const noexcept { return kind_; }
    std::size_t dim() const noexcept { return dim_; }

    // Items: `values` are centered, `encoded` is their code (used by the projection alone). `out`: dim() floats.
    void apply(const kernels::Kernels& kernels, std::span<const float> values, const codes::ScaledQuery& encoded,
               std::span<float> out) const;
    // Queries: centered as well, but for inner products as they are.
    void apply_to_query(const kernels::Kernels& kernels, std::span<const float> values,
                        const codes::ScaledQuery& encoded, std::span<float> out) const;

    // From a rotation back to the vectors' own dimensions.
    void leave(const kernels::Kernels& kernels, std::span<float> values) const {
        rotation_->apply_inverse(kernels, values);
    }

private:
    SpaceKind kind_ = SpaceKind::own;
    std::size_t dim_ = 0;
    std::optional<codes::Projection> projection_;
    std::optional<codes::Rotation> rotation_;
    std::span<const float> factor_;
    std::span<const float> inverse_;
};

}  // namespace nearfile::opened
