#include "build/growing.hpp"

#include "base/large_buffers.hpp"
#include "codes/bits.hpp"

namespace nearfile::build {
namespace {

// Of members, in memory.
CodeDistances distances_of(const kernels::Kernels& kernels, const base::AlignedBuffer& some, const CodedItems& codes,
                           bool bits) {
    return {kernels,   some.data(), codes.stride,
            codes.dim, bits,        static_cast<std::uint32_t>(some.size() / codes.stride)};
}

}  // namespace

Growing<forest::Split> growing_of(const kernels::Kernels& kernels, const QuantizedVectors& vectors,
                                  const CodedItems& codes, unsigned threads, const StageWatch& watch) {
    Growing<forest::Split> growing;
    growing.all = [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
        return forest::grow(kernels, vectors.points(), grow, stop);
    };
    growing.some = [&, threads](std::span<const std::uint32_t> members,
                                const external::UseMembers<forest::Split>& use) {
        const base::LargeBuffersFrom memory(nullptr);
        const QuantizedVectors some = reorder(vectors, members, threads, watch);
        const GrowOne<forest::Split> grow_one = [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
            return forest::grow(kernels, some.points(), grow, stop);
        };
        if (codes.rows.size() == 0) return use(QuantizedDistances(kernels, some), grow_one);
        const base::AlignedBuffer coded = reorder(codes.rows.bytes(), codes.stride, members, threads, watch);
        use(distances_of(kernels, coded, codes, false), grow_one);
    };
    growing.sides.margin_of = [&](std::uint32_t row, std::size_t split, const forest::Tree<forest::Split>& tree) {
        const PaddedCode code(vectors, row);
        std::int32_t product = 0;
        kernels.dot_i8(code.data(), tree.planes.data() + split * vectors.dim, vectors.dim, nullptr, 1, vectors.dim,
                       &product);
        const forest::Split& plane = tree.splits[split];
        return plane.scale * vectors.tail(row).scale * static_cast<float>(product) + plane.offset;
    };
    return growing;
}

Growing<forest::BitSplit> growing_of_bits(const kernels::Kernels& kernels, const CodeDistances& between_rows,
                                          const base::AlignedBuffer& rows, const CodedItems& codes, unsigned threads,
                                          const StageWatch& watch) {
    const auto points_of = [&codes](std::span<const std::byte> bytes) {
        return forest::BitPoints{
            {reinterpret_cast<const std::uint64_t*>(bytes.data()), bytes.size() / sizeof(std::uint64_t)},
            codes.stride / sizeof(std::uint64_t),
            codes.dim,
            static_cast<std::uint32_t>(bytes.size() / codes.stride)};
    };
    const auto now = [&] { return codes.rows.size() > 0 ? codes.rows.bytes() : rows.bytes(); };
    Growing<forest::BitSplit> growing;
    growing.all = [=](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
        return forest::grow(points_of(now()), grow, stop);
    };
    growing.some = [&, points_of, now, threads](std::span<const std::uint32_t> members,
                                                const external::UseMembers<forest::BitSplit>& use) {
        const base::LargeBuffersFrom memory(nullptr);
        const base::AlignedBuffer some = reorder(now(), codes.stride, members, threads, watch);
        use(distances_of(kernels, some, codes, true),
            [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
                return forest::grow(points_of(some.bytes()), grow, stop);
            });
    };
    growing.sides.rows = &between_rows;
    growing.sides.margin_of = [&](std::uint32_t row, std::size_t split, const forest::Tree<forest::BitSplit>& tree) {
        const std::uint32_t bit = tree.splits[split].bit;
        if (bit == forest::no_bit) return -1.0f;
        const std::uint64_t word =
            rows.as<const std::uint64_t>()[row * (codes.stride / sizeof(std::uint64_t)) + bit / 64];
        return (word >> (bit % 64) & 1) != 0 ? 1.0f : -1.0f;
    };
    return growing;
}

}  // namespace nearfile::build
