// Which rows are not far out. A mean, a range or directions of variance follow the few rows that lie hundreds of times
// farther out than the others, and codes around them tell the others no longer apart; so these rows are not asked.
#pragma once

#include <span>
#include <vector>

#include "build/rows.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::build {

class TypicalRows {
public:
    // From a sample of rows as the codes see them: of length one where only directions count. Nothing is far out among
    // bits.
    TypicalRows(const kernels::Kernels& kernels, Metric metric, const Rows& rows);

    // Per dimension, of the sample.
    std::span<const float> median() const noexcept { return median_; }

    bool is_far_out(std::span<const float> values) const noexcept;

    // A vector relative to the center, no longer than what is not far out.
    void shorten(std::span<float> centered) const noexcept;

private:
    const kernels::Kernels& kernels_;
    std::vector<float> median_;
    float limit_;  // squared distance from the median
};

}  // namespace nearfile::build
