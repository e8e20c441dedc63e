// An open index: views into the mapped file, made once and never changed, and the working memory that searches borrow.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codes/bits.hpp"
#include "codes/projection.hpp"
#include "codes/scaled.hpp"
#include "codes/uniform.hpp"
#include "codes/vectors.hpp"
#include "file/container.hpp"
#include "forest/forest.hpp"
#include "index/description.hpp"
#include "index/ids.hpp"
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
    std::optional<codes::Projection> projection;  // of what planes see; none where they see everything
    forest::PlaneForest planes;
    forest::BitForest bit_forest;
    index::IdTable ids;

    mutable index::ScratchPool scratch;

    bool normalised() const noexcept {
        return description.metric == Metric::angular || description.metric == Metric::cosine;
    }
    const forest::Leaves& leaves() const noexcept {
        return description.metric == Metric::hamming ? bit_forest.leaves : planes.leaves;
    }
};

}  // namespace nearfile

namespace nearfile::index {

// Check that the sections fit the description, and make the views.
std::shared_ptr<const Index::State> open_state(std::string path, file::Container container);
std::shared_ptr<const Index::State> open_state(base::AlignedBuffer memory);

}  // namespace nearfile::index
