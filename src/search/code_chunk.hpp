// Some thousand items as 8-bit codes for all queries of a batch: those that the file has, or made of the vectors for
// the occasion, because 500 queries and more share them. By what is kept of each beside its code, most items are ruled
// out with a whole number and three products (exact_batch.cpp says how).
//
// For distances that are inner products in some way: euclidean, angular, cosine, dot.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "codes/scaled.hpp"
#include "opened/state.hpp"

namespace nearfile::search {

class CodeChunk {
public:
    // Rows that are ruled out together: their codes and what they are compared by stay in cache.
    static constexpr std::size_t block = 128;

    explicit CodeChunk(const Index::State& state);

    static bool serves(const Index::State& state) noexcept;
    // Whether the file has the codes, so that they need only be copied.
    static bool has_codes(const Index::State& state) noexcept { return state.scaled || state.split; }

    // How many times it has to be loaded until all items were in it.
    std::size_t n_chunks() const noexcept { return n_chunks_; }
    std::size_t n_blocks() const noexcept { return n_slots_; }

    // Load a block of a chunk. Chunks are not stretches of items but take blocks from everywhere, each a sample of the
    // whole: in the order of leaves, what is near a query comes all at once, perhaps at the end.
    void load(std::size_t chunk, std::size_t slot);

    // What is in a block.
    struct Block {
        codes::ItemId first;
        std::size_t count;  // zero behind the last item
        const std::int8_t* codes;
        const float* scales;
        const float* terms;
        const float* errors;
    };
    Block operator[](std::size_t slot) const noexcept;

    // Between codes of items, and of queries.
    std::size_t stride() const noexcept { return stride_; }

    // The code of a query in the same form, zeros behind it. `values` are of length one where only directions count,
    // and become what was coded.
    codes::ScaledTail encode_query(std::span<float> values, std::int8_t* code) const;

private:
    void encode(codes::ItemId item, std::size_t at, std::span<float> values);
    void note(std::size_t at, const codes::ScaledTail& tail);
    void center(std::span<float> values) const noexcept;
    void find_center();

    const Index::State& state_;
    const std::size_t dim_;
    const std::size_t stride_;
    std::size_t n_slots_;
    std::size_t n_chunks_;
    std::vector<float> center_;  // empty where it is the origin
    base::AlignedBuffer codes_;
    std::vector<float> scales_;
    std::vector<float> terms_;
    std::vector<float> errors_;
    std::vector<codes::ItemId> firsts_;
};

}  // namespace nearfile::search
