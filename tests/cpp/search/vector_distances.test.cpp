// Distances to vectors as they are kept: exact ones are those of decoded rows, bit for bit, and what the upper part
// says of them holds for any values.
#include "search/vector_distances.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "api/graph_sample.hpp"
#include "api/sample.hpp"
#include "check.hpp"
#include "codes/normalise.hpp"
#include "opened/state.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr std::uint32_t n = 64;  // as many as bounds are asked for at a time

std::shared_ptr<const Index::State> state_of(Metric metric, const Data& data, const BuildOptions& options) {
    const Index index = make_index(metric, data, options);
    base::AlignedBuffer memory(index.bytes().size());
    std::memcpy(memory.data(), index.bytes().data(), memory.size());
    return opened::open_state(std::move(memory));
}

// Of a row that was decoded, and brought to length one where only directions count.
float decoded_distance(const Index::State& state, std::span<const float> query, bool has_direction,
                       std::uint32_t item) {
    const kernels::Kernels& kernels = *state.kernels;
    std::vector<float> row(query.size());
    state.vector(item, row);
    float out = 0;
    const auto measure = [&](auto kernel) { kernel(query.data(), row.data(), 0, nullptr, 1, row.size(), &out); };
    if (state.description.metric == Metric::dot) {
        measure(kernels.dot_f32);
        return -out;
    }
    if (state.description.metric == Metric::manhattan) {
        measure(kernels.l1_f32);
        return out;
    }
    const bool directed = !state.normalised() || codes::normalise(kernels, row);
    measure(kernels.squared_l2_f32);
    if (!state.normalised()) return std::sqrt(out);
    const float square = directed && has_direction ? std::min(out, 4.0f) : 2.0f;
    return state.description.metric == Metric::cosine ? square * 0.5f : std::sqrt(square);
}

struct Found {
    std::size_t in_parts = 0;
    std::size_t ruled_out = 0;  // lower bounds above the least upper one
};

void check(Metric metric, const Data& data, std::span<const float> asked, const BuildOptions& options, Found& found) {
    const auto state = state_of(metric, data, options);
    std::vector<float> query(asked.begin(), asked.end());
    const bool has_direction = !state->normalised() || codes::normalise(*state->kernels, query);
    search::VectorDistances distances(*state);
    distances.set_query(query, has_direction);
    float exact[n], lower[n], upper[n];
    distances.exact(nullptr, 0, n, exact);
    distances.bounds(nullptr, 0, n, {lower, upper});
    std::vector<codes::ItemId> ids(n);
    for (std::uint32_t i = 0; i < n; ++i) ids[i] = i * 37 % n;
    float by_ids[n], lower_by_ids[n], upper_by_ids[n];
    distances.exact(ids.data(), 0, n, by_ids);
    distances.bounds(ids.data(), 0, n, {lower_by_ids, upper_by_ids});
    const float least = *std::min_element(upper, upper + n);
    for (std::uint32_t i = 0; i < n; ++i) {
        const float decoded = decoded_distance(*state, query, has_direction, i);
        // Where squares underflow distances of the euclidean metric are computed again.
        CHECK(exact[i] == decoded || (metric == Metric::euclidean && exact[i] < 1.1e-15f));
        CHECK(lower[i] <= exact[i] && exact[i] <= upper[i]);
        CHECK(by_ids[i] == exact[ids[i]]);
        CHECK(lower_by_ids[i] == lower[ids[i]] && upper_by_ids[i] == upper[ids[i]]);
        found.ruled_out += lower[i] > least ? 1 : 0;
    }
    found.in_parts += state->vectors->are_in_parts() ? 1 : 0;
}

// What a value may look like: usual ones, those that the upper part is farthest from, and ends of the range.
float awkward(int shape, base::Random& random) {
    const auto bits = static_cast<std::uint32_t>(random.next());
    switch (shape) {
        case 0:
            return normal(random);
        case 1:  // the lower half all ones, of one sign
            return std::bit_cast<float>((bits & 0x007f0000u) | 0x3f80ffffu);
        case 2:  // or all zeros
            return std::bit_cast<float>((bits & 0x807f0000u) | 0x3f800000u);
        case 3:  // subnormal and tiny
            return std::bit_cast<float>(bits & 0x80ffffffu);
        case 4:
            return 1000.0f + normal(random);
        case 5:
            return normal(random) * 1e15f;
        case 6:  // mostly zeros
            return random.below(10) == 0 ? normal(random) : 0.0f;
        default:  // all sizes
            return std::bit_cast<float>((bits & 0x80ffffffu) | ((30u + random.below(150)) << 23));
    }
}

}  // namespace

TEST(vector_distances_are_those_of_decoded_rows_and_within_their_bounds) {
    base::Random random(5);
    Found found;
    for (const Metric metric : {Metric::angular, Metric::cosine, Metric::euclidean, Metric::dot}) {
        for (const std::uint32_t dim : {1u, 2u, 3u, 31u, 65u, 200u}) {
            for (int shape = 0; shape < 8; ++shape) {
                Data data{dim, std::vector<float>(std::size_t{n} * dim)};
                for (float& value : data.values)
                    value = shape < 7 ? awkward(shape, random) : awkward(7, random) * 1e-3f;
                data.values[3] += 0.1f;  // no bytes
                std::fill_n(data.values.begin() + 5 * dim, dim, 0.0f);
                std::vector<float> query(dim);
                for (int which = 0; which < 4; ++which) {
                    for (float& value : query) value = awkward(shape, random);
                    if (which == 1) std::copy_n(data.values.begin() + 7 * dim, dim, query.begin());
                    if (which == 2) std::fill(query.begin(), query.end(), 0.0f);
                    check(metric, data, query, graph_options(), found);
                }
            }
        }
    }
    CHECK(found.in_parts > 700);
    CHECK(found.ruled_out > 10000);
}

TEST(vector_distances_of_halves_bytes_and_forests_are_those_of_decoded_rows) {
    Found found;
    for (const Metric metric : {Metric::angular, Metric::cosine, Metric::euclidean, Metric::dot, Metric::manhattan}) {
        for (const Values values : {Values::floats, Values::halves, Values::bytes}) {
            for (const std::uint32_t dim : {1u, 20u, 65u, 200u}) {
                const Data data = data_of(values, n, dim, dim);
                const Data queries = data_of(Values::floats, 2, dim, 9);
                for (std::uint32_t q = 0; q < queries.count(); ++q) {
                    check(metric, data, queries.row(q), forest_options(2), found);
                    if (values != Values::floats) check(metric, data, queries.row(q), graph_options(), found);
                }
            }
        }
    }
    CHECK(found.in_parts == 0);
}
