// An open index: views into the mapped file, made once and never changed, and what searches leave with it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attributes/columns.hpp"
#include "base/once.hpp"
#include "codes/bits.hpp"
#include "codes/projection.hpp"
#include "codes/scaled.hpp"
#include "codes/split.hpp"
#include "codes/uniform.hpp"
#include "codes/vectors.hpp"
#include "file/container.hpp"
#include "forest/forest.hpp"
#include "kernels/kernels.hpp"
#include "nearfile/index.hpp"
#include "opened/description.hpp"
#include "opened/graph_view.hpp"
#include "opened/ids.hpp"
#include "opened/query_drift.hpp"
#include "opened/scratch_pool.hpp"
#include "opened/space.hpp"

namespace nearfile {

struct Index::State {
    std::string path;
    base::AlignedBuffer memory;  // of an index built in memory
    file::Container container;
    opened::Description description;
    const kernels::Kernels* kernels;

    // Which one it is, description.code_kind says.
    std::optional<codes::ScaledCodes> scaled;
    std::optional<codes::SplitCodes> split;
    std::optional<codes::UniformCodes> uniform;
    std::optional<codes::BitCodes> bits;
    std::optional<codes::ExactVectors> vectors;  // all but hamming
    std::span<const float> inverse_lengths;      // codes/normalise.hpp, of vectors where only directions count

    std::vector<float> offsets;      // of uniform codes, where they are not zero
    std::span<const float> center;   // what scaled codes and planes are relative to; empty where it is the origin
    opened::Space space;             // of planes, and of walks
    std::vector<float> seen_center;  // in that space, of split codes of directions
    forest::PlaneForest planes;
    forest::BitForest bit_forest;
    std::optional<opened::GraphView> graph;
    std::vector<CalibrationPoint> calibration;
    opened::IdTable ids;
    attributes::Columns columns;  // of items

    bool larger_than_memory = false;  // opened/access.hpp: pages are asked for before they are read

    mutable opened::ScratchPool scratch;
    mutable opened::QueryDriftWatch drift;

    bool normalised() const noexcept { return opened::normalised(description.metric); }
    std::uint64_t fingerprint() const noexcept {
        return std::uint64_t{container.checksum()} << 32 | (container.bytes().size() & 0xffffffffu);
    }
    // Items of a graph are not in the order of adding. What a damaged file says is kept below count.
    std::uint32_t row_of(std::uint32_t item) const noexcept {
        return graph ? std::min(base::read_once(graph->row_of_item[item]), description.count - 1) : item;
    }
    std::uint32_t item_of(std::uint32_t row) const noexcept {
        return graph ? std::min(base::read_once(graph->item_of_row[row]), description.count - 1) : row;
    }
    // What is kept of an item's vector (not for hamming): the vector itself, or what its code stands for.
    void vector(std::uint32_t item, std::span<float> out) const noexcept {
        if (vectors) return vectors->decode(item, out);
        if (uniform) return uniform->decode(item, out);
        const float scale = split ? split->tail(item, false).scale : scaled->tail(item).scale;
        if (split) {
            split->decode(item, out);
            space.leave(*kernels, out);
        } else {
            scaled->decode(item, out);
        }
        if (normalised() && scale == 0) return;  // a zero vector
        for (std::size_t i = 0; i < center.size(); ++i) out[i] += center[i];
    }
};

}  // namespace nearfile

namespace nearfile::opened {

// Zeros and ones for hamming, else what is kept of the vector.
void vector_of(const Index::State& state, std::uint32_t item, std::span<float> out);

// What is being built, before it is a file; borrows the container's sections.
std::shared_ptr<const Index::State> open_parts(file::Container container);

// Check that the sections fit the description, and make the views.
std::shared_ptr<const Index::State> open_state(std::string path, file::Container container);
std::shared_ptr<const Index::State> open_state(base::AlignedBuffer memory);

}  // namespace nearfile::opened
