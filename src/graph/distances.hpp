// What the building of a graph asks of the items: how far one is from others. Implemented in index/, which knows the
// codes.
#pragma once

#include <cstdint>
#include <span>

namespace nearfile::graph {

using RowId = std::uint32_t;

class Distances {
public:
    virtual ~Distances() = default;

    virtual std::uint32_t count() const noexcept = 0;

    // From `item` to each of `to`: not below zero, the same for (a, b) and (b, a), on every machine. Squared where the
    // metric is Euclidean. Called from many threads.
    virtual void from(RowId item, std::span<const RowId> to, float* out) const = 0;

    // How much a factor on the metric's distances means here: its square where distances are squared.
    virtual float scaled(float factor) const noexcept = 0;
};

}  // namespace nearfile::graph
