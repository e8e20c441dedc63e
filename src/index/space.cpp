#include "index/space.hpp"

#include <algorithm>

namespace nearfile::index {

void Space::apply(const kernels::Kernels& kernels, std::span<const float> values, const codes::ScaledQuery& coded,
                  std::span<float> out) const {
    if (projection_) {
        projection_->apply(kernels, coded.code(), coded.tail().scale, out);
        return;
    }
    std::copy(values.begin(), values.end(), out.begin());
    if (rotation_) rotation_->apply(out);
}

}  // namespace nearfile::index
