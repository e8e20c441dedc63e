// Annoy's distances from one query to items of a file. One object for one query; it keeps a reference to the file's
// nodes and to the query.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "annoy/nodes.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::annoy {

class Query {
public:
    // `values` has dim floats.
    Query(const kernels::Kernels& kernels, const Nodes& nodes, std::span<const float> values);

    // How far the query is from the plane of a split, positive towards its second child. For hamming 1 or 0: which
    // child its bit leads to.
    float margin(NodeId split) const noexcept;
    bool is_bits() const noexcept { return nodes_.layout().words > 0; }

    // By which Annoy orders answers: smaller is nearer. `out` has as many as `items`.
    void order_by(std::span<const kernels::ItemId> items, std::span<float> out) const noexcept;

    // From that to what is returned.
    float returned(float order) const noexcept;

private:
    float inner_product(const float* vector) const noexcept;
    void angular_order_by(std::span<const kernels::ItemId> items, std::span<float> out) const noexcept;
    void bits_order_by(std::span<const kernels::ItemId> items, std::span<float> out) const noexcept;

    const kernels::Kernels& kernels_;
    const Nodes& nodes_;
    std::span<const float> values_;
    std::vector<std::uint64_t> words_;  // of hamming, instead of the values
    float squared_norm_ = 0;            // of angular
    mutable std::vector<std::uint64_t> aligned_;
};

// The stored vector as floats.
void read_vector(const Nodes& nodes, NodeId item, std::span<float> out) noexcept;

}  // namespace nearfile::annoy
