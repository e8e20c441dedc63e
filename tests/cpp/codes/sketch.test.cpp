// Sketches: estimates of distances that are not to one side, masks that are the formula, rows of no neighbours that no
// query wants.
#include "codes/sketch.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile;
using namespace nearfile::codes;
using namespace nearfile::codes::sample;

namespace {

constexpr std::size_t degree = 32;

// A vertex and its neighbours, which are codes of scale `code_scale`.
struct Vertex {
    SketchLayout layout;
    std::vector<float> values;  // with zeros up to a multiple of 8
    std::vector<std::vector<std::int8_t>> neighbors;
    std::vector<std::byte> row;
    float code_scale;

    Vertex(std::size_t dim, SketchKind kind, float scale, base::Random& random)
        : layout(dim, degree),
          values((dim + 7) / 8 * 8),
          row(layout.stride, std::byte{0xff}),
          code_scale(scale * 0.02f) {
        const SketchWriter writer(chosen(), layout, kind);
        writer.clear(row.data());
        for (std::size_t i = 0; i < dim; ++i) values[i] = scale * normal(random);
        for (std::size_t place = 0; place < degree; ++place) {
            neighbors.emplace_back(values.size());
            for (std::size_t i = 0; i < dim; ++i) {
                const float near = (values[i] + scale * 0.5f * normal(random)) / code_scale;
                neighbors.back()[i] = static_cast<std::int8_t>(std::lround(std::fmax(-127, std::fmin(127, near))));
            }
            writer.add(row.data(), place, static_cast<std::uint32_t>(1000 + place), values.data(),
                       neighbors.back().data(), code_scale);
        }
    }
    std::vector<float> neighbor(std::size_t place) const {
        std::vector<float> out(layout.dim);
        for (std::size_t i = 0; i < layout.dim; ++i) out[i] = code_scale * static_cast<float>(neighbors[place][i]);
        return out;
    }
    const std::uint16_t* numbers(std::size_t at) const {
        return reinterpret_cast<const std::uint16_t*>(row.data() + at);
    }
    float number(std::size_t at, std::size_t place) const {
        return std::bit_cast<float>(std::uint32_t{numbers(at)[place]} << 16);
    }
    const std::uint8_t* bits() const { return reinterpret_cast<const std::uint8_t*>(row.data() + layout.bits); }

    // What the query looks up for a neighbour.
    float looked_up(const kernels::SketchQuery& query, std::size_t place) const {
        std::uint32_t sum = 0;
        for (std::size_t p = 0; p < layout.pairs; ++p) {
            const std::size_t group = place / sketch_group;
            const int both = bits()[(group * layout.pairs + p) * sketch_group + place % sketch_group];
            sum += query.even[p * 16 + static_cast<std::size_t>(both & 15)];
            sum += query.odd[p * 16 + static_cast<std::size_t>(both >> 4)];
        }
        return query.step * static_cast<float>(sum) + query.offset;
    }
    float estimate(const kernels::SketchQuery& query, std::size_t place, float base) const {
        return (base + number(layout.additive, place)) - number(layout.factor, place) * looked_up(query, place);
    }
    std::vector<std::uint16_t> masks(const kernels::SketchQuery& query, float base, float threshold) const {
        std::vector<std::uint16_t> out(layout.groups());
        chosen().sketch_below(query, base, threshold, bits(), numbers(layout.additive), numbers(layout.factor),
                              layout.groups(), out.data());
        return out;
    }
};

double squared(std::span<const float> a, std::span<const float> b) {
    const double distance = exact_euclidean(a, b);
    return distance * distance;
}

}  // namespace

TEST(sketch_look_ups_are_the_products_with_the_signs) {
    base::Random random(1);
    for (const std::size_t dim : {4u, 8u, 50u, 64u, 100u, 128u, 784u}) {
        const Vertex vertex(dim, SketchKind::squared_distance, 1, random);
        SketchTables tables(vertex.layout);
        for (int repeat = 0; repeat < 5; ++repeat) {
            const auto query = gaussian(dim, random);
            tables.set(query);
            for (std::size_t place = 0; place < degree; ++place) {
                const auto neighbor = vertex.neighbor(place);
                double expected = 0;
                for (std::size_t i = 0; i < dim; ++i) {
                    expected += neighbor[i] - vertex.values[i] >= 0 ? query[i] : -double{query[i]};
                }
                // Each of the tables rounds by half a step at most, and rounding goes either way.
                const double off = 0.5 * tables.query().step * std::sqrt(static_cast<double>(dim) / 4) * 3;
                CHECK(std::fabs(vertex.looked_up(tables.query(), place) - expected) <= off + 1e-4);
            }
        }
    }
}

TEST(sketch_estimates_of_squared_distances_are_near_and_not_to_one_side) {
    base::Random random(2);
    for (const std::size_t dim : {64u, 100u, 128u, 784u}) {
        double off = 0;
        double squares = 0;
        int n = 0;
        for (int repeat = 0; repeat < 12; ++repeat) {
            // Whatever the scale of the data.
            const float scale = repeat % 3 == 0 ? 1.0f : repeat % 3 == 1 ? 1e-7f : 1e12f;
            const Vertex vertex(dim, SketchKind::squared_distance, scale, random);
            const std::span<const float> own(vertex.values.data(), dim);
            auto query = gaussian(dim, random);
            for (std::size_t i = 0; i < dim; ++i) query[i] = own[i] + scale * 0.5f * query[i];
            SketchTables tables(vertex.layout);
            tables.set(query);
            const auto base = static_cast<float>(squared(query, own));
            for (std::size_t place = 0; place < degree; ++place, ++n) {
                const double expected = squared(query, vertex.neighbor(place));
                const double estimate = vertex.estimate(tables.query(), place, base);
                // In units of |r| |q - vertex| / sqrt(dim), the spread of a product with a random direction.
                const double unit =
                    std::sqrt(squared(own, vertex.neighbor(place)) * double{base} / static_cast<double>(dim));
                off += (estimate - expected) / unit;
                squares += (estimate - expected) * (estimate - expected) / unit / unit;
            }
        }
        // One bit a dimension leaves tan(37 degrees) = 0.76 of it, twice, for 2 <r, q - vertex>.
        CHECK(std::sqrt(squares / n) < 2.2);
        CHECK(std::fabs(off / n) < 0.35);
    }
}

TEST(sketch_estimates_of_inner_products_are_near_and_not_to_one_side) {
    base::Random random(3);
    for (const std::size_t dim : {64u, 128u, 784u}) {
        double off = 0;
        double squares = 0;
        int n = 0;
        for (int repeat = 0; repeat < 40; ++repeat) {
            const Vertex vertex(dim, SketchKind::inner_product, 1, random);
            const std::span<const float> own(vertex.values.data(), dim);
            const auto query = gaussian(dim, random);
            SketchTables tables(vertex.layout);
            tables.set(query);
            const auto base = static_cast<float>(exact_negative_dot(query, own));
            for (std::size_t place = 0; place < degree; ++place, ++n) {
                const auto neighbor = vertex.neighbor(place);
                const double expected = exact_negative_dot(query, neighbor);
                const double unit =
                    std::sqrt(squared(own, neighbor) * -exact_negative_dot(query, query) / static_cast<double>(dim));
                const double each = (vertex.estimate(tables.query(), place, base) - expected) / unit;
                off += each;
                squares += each * each;
            }
        }
        CHECK(std::sqrt(squares / n) < 1.1);
        CHECK(std::fabs(off / n) < 0.2);
    }
}

TEST(sketch_masks_are_the_formula) {
    base::Random random(4);
    for (const std::size_t dim : {4u, 50u, 128u, 300u}) {
        const Vertex vertex(dim, SketchKind::squared_distance, 1, random);
        SketchTables tables(vertex.layout);
        const auto query = gaussian(dim, random);
        tables.set(query);
        for (std::size_t place = 0; place < degree; ++place) {
            const float threshold =
                vertex.estimate(tables.query(), place, 3.0f);  // so that one is on the threshold itself
            const auto masks = vertex.masks(tables.query(), 3.0f, threshold);
            for (std::size_t i = 0; i < degree; ++i) {
                const bool set = (masks[i / sketch_group] >> (i % sketch_group) & 1) != 0;
                CHECK(set == (vertex.estimate(tables.query(), i, 3.0f) < threshold));
            }
        }
    }
}

TEST(sketch_places_that_are_not_taken_are_never_below_a_bar) {
    base::Random random(5);
    const SketchLayout layout(50, degree);
    std::vector<std::byte> row(layout.stride, std::byte{0xff});
    SketchWriter(chosen(), layout, SketchKind::squared_distance).clear(row.data());
    SketchTables tables(layout);
    tables.set(gaussian(50, random));
    std::vector<std::uint16_t> masks(layout.groups(), 0xffff);
    const auto* halves = reinterpret_cast<const std::uint16_t*>(row.data() + layout.additive);
    chosen().sketch_below(tables.query(), 0, std::numeric_limits<float>::infinity(),
                          reinterpret_cast<const std::uint8_t*>(row.data() + layout.bits), halves, halves + degree,
                          layout.groups(), masks.data());
    for (const std::uint16_t mask : masks) CHECK(mask == 0);
    for (std::size_t place = 0; place < degree; ++place) {
        std::uint32_t id;
        std::memcpy(&id, row.data() + place * sizeof id, sizeof id);
        CHECK(id == no_neighbor);
    }
}

TEST(sketch_of_a_neighbor_that_is_the_vertex_is_its_distance) {
    for (const SketchKind kind : {SketchKind::squared_distance, SketchKind::inner_product}) {
        base::Random random(6);
        Vertex vertex(40, kind, 1, random);
        const SketchWriter writer(chosen(), vertex.layout, kind);
        writer.clear(vertex.row.data());
        const std::vector<float> zeros(40);
        writer.add(vertex.row.data(), 0, 7, zeros.data(), std::vector<std::int8_t>(40).data(), 1);
        SketchTables tables(vertex.layout);
        tables.set(gaussian(40, random));
        CHECK(vertex.estimate(tables.query(), 0, 5.0f) == 5.0f);
    }
}

TEST(sketch_tables_of_queries_without_size_are_zero) {
    base::Random random(7);
    const Vertex vertex(40, SketchKind::squared_distance, 1, random);
    SketchTables tables(vertex.layout);
    for (const float size : {0.0f, 1e-45f, 1e-39f, 1e-37f}) {
        tables.set(std::vector<float>(40, size));
        for (std::size_t place = 0; place < degree; ++place) {
            CHECK(std::fabs(vertex.looked_up(tables.query(), place)) < 1e-34f);
        }
    }
    const std::vector<float> query = gaussian(40, random);
    tables.set(query);
    const float before = vertex.looked_up(tables.query(), 3);
    tables.set(std::vector<float>(40, 1e15f));
    tables.set(query);
    CHECK(vertex.looked_up(tables.query(), 3) == before);
}
