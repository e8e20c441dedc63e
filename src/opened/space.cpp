#include "opened/space.hpp"

#include <algorithm>
#include <cmath>

namespace nearfile::opened {

void Space::apply(const kernels::Kernels& kernels, std::span<const float> values, const codes::ScaledQuery& encoded,
                  std::span<float> out) const {
    if (projection_) {
        projection_->apply(kernels, encoded.code(), encoded.tail().scale, out);
        return;
    }
    if (kind_ == SpaceKind::whitened) {
        codes::whiten_item(inverse_, values, out);
    } else {
        std::copy(values.begin(), values.end(), out.begin());
    }
    if (rotation_) rotation_->apply(kernels, out);
}

void Space::apply_to_query(const kernels::Kernels& kernels, std::span<const float> values,
                           const codes::ScaledQuery& encoded, std::span<float> out) const {
    if (kind_ != SpaceKind::whitened) return apply(kernels, values, encoded, out);
    codes::whiten_query(factor_, values, out);
    rotation_->apply(kernels, out);
    // The factor of a damaged file may hold anything; what follows makes whole numbers of these.
    for (float& value : out) value = std::isfinite(value) ? value : 0.0f;
}

}  // namespace nearfile::opened
