// Bit codes: packing keeps every bit in its place, and distances are the number of differing dimensions.
#include "codes/bits.hpp"

#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile::codes;
using namespace nearfile::codes::sample;
using nearfile::base::Random;

namespace {

std::vector<float> random_bits(std::size_t dim, Random& random) {
    std::vector<float> values(dim);
    for (float& value : values) value = static_cast<float>(random.below(2));
    return values;
}

}  // namespace

TEST(bits_come_back_as_they_were_packed) {
    Random random(1);
    for (const std::size_t dim : dims) {
        const auto values = random_bits(dim, random);
        std::vector<std::uint64_t> words(words_of(dim), ~std::uint64_t{0});
        pack_bits(values, words);
        std::vector<float> back(dim, 9.0f);
        unpack_bits(words, back);
        CHECK(back == values);
    }
}

TEST(bits_lie_where_the_format_says) {
    for (std::size_t d = 0; d < 130; ++d) {
        std::vector<float> values(130, 0.0f);
        values[d] = 1;
        std::vector<std::uint64_t> words(3);
        pack_bits(values, words);
        for (std::size_t w = 0; w < 3; ++w) CHECK(words[w] == (w == d / 64 ? std::uint64_t{1} << (d % 64) : 0));
    }
}

TEST(bits_beyond_the_dimension_are_zero) {
    std::vector<std::uint64_t> words(1, ~std::uint64_t{0});
    pack_bits(std::vector<float>(3, 1.0f), words);
    CHECK(words[0] == 7);
}

TEST(bits_bounds_are_the_exact_distance) {
    Random random(2);
    for (const std::size_t dim : dims) {
        std::vector<std::vector<float>> vectors = {std::vector<float>(dim, 0.0f), std::vector<float>(dim, 1.0f)};
        for (int i = 0; i < 80; ++i) vectors.push_back(random_bits(dim, random));
        std::vector<std::uint64_t> rows(vectors.size() * words_of(dim));
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            pack_bits(vectors[i], std::span(rows).subspan(i * words_of(dim), words_of(dim)));
        }
        const BitCodes codes(chosen(), dim, rows);
        for (const auto& values : {vectors[0], vectors[1], random_bits(dim, random)}) {
            std::vector<std::uint64_t> query(words_of(dim));
            pack_bits(values, query);
            for (const bool by_ids : {false, true}) {
                const auto measured = measure_all(vectors.size(), by_ids,
                                                  [&](const ItemId* ids, ItemId first, std::size_t count, Bounds out) {
                                                      codes.hamming(query, ids, first, count, out);
                                                  });
                for (std::size_t i = 0; i < vectors.size(); ++i) {
                    const double exact = exact_manhattan(values, vectors[i]);
                    CHECK(measured.lower[i] == exact && measured.upper[i] == exact);
                }
            }
        }
    }
}
