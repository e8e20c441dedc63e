// Prints what indexes of every metric, structure and profile are, byte for byte, and what searches of them answer: the
// same text on every machine, which `make test-aarch64` and `make test-windows` compare. No test of its own.
#include <bit>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <nearfile/nearfile.hpp>
#include <string>
#include <vector>

#include "base/crc32c.hpp"

namespace {

constexpr std::uint32_t n_items = 700;
constexpr std::uint32_t n_queries = 20;

// Whole numbers divided by powers of two, so that no machine can round them differently.
std::vector<float> values(std::uint32_t rows, std::uint32_t dim, bool bits, std::uint64_t seed) {
    std::vector<float> made(std::size_t{rows} * dim);
    for (float& value : made) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        const auto whole = static_cast<std::int32_t>(seed >> 44) - (1 << 19);
        value = bits ? static_cast<float>(whole > 0) : static_cast<float>(whole) / 65536.0f;
    }
    return made;
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
    return nearfile::base::crc32c(bytes);
}

void print_answers(const nearfile::Index& index, const std::vector<float>& queries,
                   const nearfile::SearchOptions& options) {
    for (std::uint32_t query = 0; query < n_queries; ++query) {
        const std::span values = std::span(queries).subspan(std::size_t{query} * index.dim(), index.dim());
        for (const nearfile::Neighbor& each : index.search(values, options))
            std::printf(" %" PRIu32 ":%08" PRIx32, each.row, std::bit_cast<std::uint32_t>(each.distance));
    }
    std::printf("\n");
}

void print(nearfile::Metric metric, std::uint32_t dim, const nearfile::BuildOptions& options) {
    const bool bits = metric == nearfile::Metric::hamming;
    nearfile::Builder builder(dim, metric);
    builder.add(values(n_items, dim, bits, 1));
    const nearfile::Index index = builder.build(options);
    std::printf("metric %u, dim %u, structure %u, profile %u, keep %u: %zu bytes, %08" PRIx32 "\n",
                static_cast<unsigned>(metric), dim, static_cast<unsigned>(options.structure),
                static_cast<unsigned>(options.profile), static_cast<unsigned>(options.keep), index.bytes().size(),
                crc_of(index.bytes()));
    const std::vector<float> queries = values(n_queries, dim, bits, 2);
    print_answers(index, queries, {.k = 5});
    print_answers(index, queries, {.k = 5, .exact = true});
}

}  // namespace

int main() {
    using nearfile::Keep, nearfile::Metric, nearfile::Profile, nearfile::Structure;
    for (const Metric metric :
         {Metric::angular, Metric::cosine, Metric::euclidean, Metric::dot, Metric::manhattan, Metric::hamming}) {
        for (const std::uint32_t dim : {7u, 128u, 200u}) {
            print(metric, dim, {.structure = Structure::forest, .n_trees = 4, .seed = 3});
            for (const Profile profile : {Profile::compact, Profile::balanced, Profile::fast})
                print(metric, dim, {.profile = profile, .seed = 3});
            if (metric != Metric::hamming)
                print(metric, dim, {.profile = Profile::compact, .keep = Keep::none, .seed = 3});
        }
    }
}
