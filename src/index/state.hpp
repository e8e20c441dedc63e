// An open index: views into the mapped file, made once and never changed, and the working memory that searches borrow.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/once.hpp"
#include "codes/bits.hpp"
#include "codes/nibble.hpp"
#include "codes/projection.hpp"
#include "codes/scaled.hpp"
#include "codes/sketch.hpp"
#include "codes/uniform.hpp"
#include "codes/vectors.hpp"
#include "file/container.hpp"
#include "forest/forest.hpp"
#include "graph/distances.hpp"
#include "index/description.hpp"
#include "index/ids.hpp"
#include "index/live_queries.hpp"
#include "index/space.hpp"
#include "kernels/kernels.hpp"
#include "nearfile/index.hpp"

namespace nearfile::index {

struct Scratch;

// Scratch memory is lent to one search at a time, so its size follows the number of searches at once, not of threads.
class ScratchPool {
public:
    ScratchPool();
    ~ScratchPool();
    std::unique_ptr<Scratch> take(const Index::State& state);
    void give(std::unique_ptr<Scratch> scratch) noexcept;

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace nearfile::index

namespace nearfile::index {

// The graph as it lies in the file. Vertices are items, in the order of the leaves of the first tree.
struct GraphView {
    std::span<const std::byte> vertices;
    std::size_t degree = 0;
    std::size_t stride = 0;                       // of a vertex
    std::size_t id_bytes = sizeof(graph::RowId);  // of a neighbour
    std::optional<codes::SketchLayout> sketches;  // where vertices have them
    codes::NibbleLayout nibble_layout{0};
    std::span<const std::byte> nibbles;
    float sketch_scale = 0;
    std::span<const std::byte> codes;  // where vertices have no sketches: what walks read instead
    std::size_t code_stride = 0;
    std::span<const std::uint32_t> rows;    // item to row in the order of adding
    std::span<const std::uint32_t> places;  // and back

    // What stands in a place; no item of the index where none is there.
    graph::RowId neighbor(graph::RowId vertex, std::size_t place) const noexcept {
        const std::byte* at = vertices.data() + vertex * stride + place * id_bytes;
        graph::RowId id = 0;
        if (id_bytes == sizeof id) {
            std::memcpy(&id, at, sizeof id);
        } else {
            std::memcpy(&id, at, 3);
        }
        return id;
    }
};

}  // namespace nearfile::index

namespace nearfile {

struct Index::State {
    std::string path;
    base::AlignedBuffer memory;  // of an index built in memory
    file::Container container;
    index::Description description;
    const kernels::Kernels* kernels;

    // Which one it is, description.code_kind says.
    std::optional<codes::ScaledCodes> scaled;
    std::optional<codes::UniformCodes> uniform;
    std::optional<codes::BitCodes> bits;
    std::optional<codes::ExactVectors> vectors;  // all but hamming

    std::vector<float> offsets;     // of uniform codes, where they are not zero
    std::span<const float> center;  // what scaled codes and planes are relative to; empty where it is the origin
    index::Space space;             // of planes, and of walks
    forest::PlaneForest planes;
    forest::BitForest bit_forest;
    std::optional<index::GraphView> graph;
    std::span<const CalibrationPoint> calibration;
    index::IdTable ids;

    mutable index::ScratchPool scratch;
    mutable index::LiveQueries live;

    bool normalised() const noexcept {
        return description.metric == Metric::angular || description.metric == Metric::cosine;
    }
    // Items of a graph are not in the order of adding. What a damaged file says is kept below count.
    std::uint32_t row_of(std::uint32_t item) const noexcept {
        return graph ? std::min(base::read_once(graph->rows[item]), description.count - 1) : item;
    }
    std::uint32_t item_of(std::uint32_t row) const noexcept {
        return graph ? std::min(base::read_once(graph->places[row]), description.count - 1) : row;
    }
    // What is kept of an item's vector (not for hamming): the vector itself, or what its code stands for.
    void vector(std::uint32_t item, std::span<float> out) const noexcept {
        if (vectors) return vectors->decode(item, out);
        if (uniform) return uniform->decode(item, out);
        scaled->decode(item, out);
        if (normalised() && scaled->tail(item).scale == 0) return;  // a zero vector
        for (std::size_t i = 0; i < center.size(); ++i) out[i] += center[i];
    }
    const forest::Leaves& leaves() const noexcept {
        return description.metric == Metric::hamming ? bit_forest.leaves : planes.leaves;
    }
};

}  // namespace nearfile

namespace nearfile::index {

// Zeros and ones for hamming, else what is kept of the vector.
void vector_of(const Index::State& state, std::uint32_t item, std::span<float> out);

// What is being built, before it is a file; borrows the container's sections.
std::shared_ptr<const Index::State> open_parts(file::Container container);

// Check that the sections fit the description, and make the views.
std::shared_ptr<const Index::State> open_state(std::string path, file::Container container);
std::shared_ptr<const Index::State> open_state(base::AlignedBuffer memory);

}  // namespace nearfile::index
