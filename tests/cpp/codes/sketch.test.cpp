// Sketches: estimates of distances that are not to one side, masks that are the formula, bytes that leave nobody out.
#include "codes/sketch.hpp"

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
    std::size_t dim;

    // Sketched are the first `seen` dimensions, or all.
    Vertex(std::size_t dim_, SketchKind kind, float scale, base::Random& random, std::size_t seen = 0)
        : layout(seen != 0 ? seen : dim_, degree, 3, kind),
          values((dim_ + 7) / 8 * 8),
          row(layout.stride, std::byte{0xff}),
          code_scale(scale * 0.02f),
          dim(dim_) {
        SketchWriter writer(chosen(), layout, dim);
        writer.begin(row.data());
        for (std::size_t i = 0; i < dim; ++i) values[i] = scale * normal(random);
        for (std::size_t place = 0; place < degree; ++place) {
            neighbors.emplace_back(values.size());
            for (std::size_t i = 0; i < dim; ++i) {
                const float near = (values[i] + scale * 0.5f * normal(random)) / code_scale;
                neighbors.back()[i] = static_cast<std::int8_t>(std::lround(std::fmax(-127, std::fmin(127, near))));
            }
            writer.add(static_cast<std::uint32_t>(1000 + place), values.data(), neighbors.back().data(), code_scale);
        }
        writer.finish();
    }
    std::vector<float> neighbor(std::size_t place) const {
        std::vector<float> out(dim);
        for (std::size_t i = 0; i < dim; ++i) out[i] = code_scale * static_cast<float>(neighbors[place][i]);
        return out;
    }
    kernels::SketchRow view() const { return layout.view(row.data(), layout.scales_of(row.data())); }
    const std::uint8_t* bits() const { return view().bits; }
    std::uint32_t number(std::size_t place) const {
        std::uint32_t id = 0;
        std::memcpy(&id, row.data() + layout.ids + place * layout.id_bytes, layout.id_bytes);
        return id;
    }

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
        const kernels::SketchRow read = view();
        const auto additive = static_cast<float>(read.additive[place] * read.additive[place]);
        const float factor = read.factor_step * static_cast<float>(read.factor[place]);
        const float least = layout.scales_of(row.data()).least_additive;
        return ((base + least) + read.additive_step * additive) - factor * looked_up(query, place);
    }
    std::vector<std::uint64_t> masks(const kernels::SketchQuery& query, float base, float threshold) const {
        std::vector<std::uint64_t> out(layout.masks());
        const float least = layout.scales_of(row.data()).least_additive;
        chosen().sketch_below(query, view(), base + least, threshold, layout.groups(), out.data());
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

// In parts of |r| |q - vertex|, which is the most that a product along r may be.
TEST(sketches_of_the_first_dimensions_estimate_the_distance_in_all) {
    base::Random random(7);
    constexpr std::size_t dim = 768;
    double spread_before = 0;
    for (const std::size_t seen : {768u, 256u, 128u, 64u}) {
        double off = 0;
        double squares = 0;
        int n = 0;
        for (int repeat = 0; repeat < 40; ++repeat) {
            const Vertex vertex(dim, SketchKind::squared_distance, 1, random, seen);
            const std::span<const float> own(vertex.values.data(), dim);
            auto query = gaussian(dim, random);
            for (std::size_t i = 0; i < dim; ++i) query[i] = own[i] + 0.5f * query[i];
            SketchTables tables(vertex.layout);
            tables.set(std::span<const float>(query).first(seen));
            const double to_vertex = squared(query, own);
            for (std::size_t place = 0; place < degree; ++place, ++n) {
                const auto neighbor = vertex.neighbor(place);
                const double estimate = vertex.estimate(tables.query(), place, static_cast<float>(to_vertex));
                const double error =
                    (estimate - squared(query, neighbor)) / std::sqrt(squared(neighbor, own) * to_vertex);
                off += error;
                squares += error * error;
            }
        }
        const double spread = std::sqrt(squares / n);
        CHECK(std::fabs(off / n) < 0.01 + 4 * spread / std::sqrt(static_cast<double>(n)));
        // Twice sqrt(pi / 2), and sqrt(pi / 2 - 1) where all is seen; a little for what is kept in bytes.
        const double expected = seen < dim ? 2.51 : 1.51;
        CHECK(spread < 1.15 * expected / std::sqrt(static_cast<double>(seen)));
        CHECK(spread > spread_before);
        spread_before = spread;
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
            const float estimate = vertex.estimate(tables.query(), place, 3.0f);
            for (const float threshold : {estimate - 1e-4f, estimate + 1e-4f}) {
                const auto masks = vertex.masks(tables.query(), 3.0f, threshold);
                for (std::size_t i = 0; i < degree; ++i) {
                    const float other = vertex.estimate(tables.query(), i, 3.0f);
                    if (std::fabs(other - threshold) < 1e-5f * static_cast<float>(dim))
                        continue;  // the kernel rounds in another order
                    const bool set = (masks[i / places_a_mask] >> (i % places_a_mask) & 1) != 0;
                    CHECK(set == (other < threshold));
                }
            }
        }
    }
}

// One neighbour a million times as far as the others takes all the steps of the bytes.
TEST(sketch_bytes_make_no_neighbor_farther_whatever_else_is_in_the_row) {
    constexpr std::size_t dim = 64;
    base::Random random(8);
    for (const float far : {1.0f, 1e3f, 1e6f, 1e15f}) {
        const SketchLayout layout(dim, degree, 2, SketchKind::squared_distance);
        std::vector<std::byte> row(layout.stride);
        SketchWriter writer(chosen(), layout);
        writer.begin(row.data());
        const std::vector<float> vertex(dim);
        std::vector<double> squares;
        for (std::size_t place = 0; place < 20; ++place) {
            std::vector<std::int8_t> code(dim);
            double sum = 0;
            for (auto& each : code) {
                each = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
                sum += static_cast<double>(each) * each;
            }
            const float scale = place == 7 ? far : 1.0f;
            writer.add(static_cast<std::uint32_t>(place), vertex.data(), code.data(), scale);
            squares.push_back(sum * scale * scale);
        }
        writer.finish();
        const SketchScales scales = layout.scales_of(row.data());
        const kernels::SketchRow view = layout.view(row.data(), scales);
        for (std::size_t place = 0; place < squares.size(); ++place) {
            const double root = view.additive[place];
            const double additive = double{scales.least_additive} + double{scales.additive_step} * root * root;
            CHECK(additive <= squares[place] * (1 + 1e-6));
        }
        // And the far one is far.
        CHECK(std::fabs(scales.factor_step * view.factor[7]) > 0);
        CHECK(far == 1 || view.additive[7] >= 254);
    }
}

TEST(sketch_numbers_too_large_for_bytes_leave_no_neighbor_out) {
    constexpr std::size_t dim = 8;
    const SketchLayout layout(dim, degree, 4, SketchKind::squared_distance);
    std::vector<std::byte> row(layout.stride);
    SketchWriter writer(chosen(), layout);
    writer.begin(row.data());
    const std::vector<float> vertex(dim);
    for (const float scale : {1.0f, 1e30f}) {  // the square of the second is infinite
        writer.add(5, vertex.data(), std::vector<std::int8_t>(dim, 100).data(), scale);
    }
    writer.finish();
    SketchTables tables(layout);
    tables.set(std::vector<float>(dim, 1.0f));
    std::vector<std::uint64_t> masks(layout.masks());
    const SketchScales scales = layout.scales_of(row.data());
    chosen().sketch_below(tables.query(), layout.view(row.data(), scales), 1.0f + scales.least_additive, 0.5f,
                          layout.groups(), masks.data());
    CHECK((masks[0] & 3) == 3);
}

TEST(sketch_places_that_are_not_taken_have_a_number_that_no_item_has) {
    for (const std::size_t id_bytes : {2u, 3u, 4u}) {
        const SketchLayout layout(50, degree, id_bytes, SketchKind::squared_distance);
        std::vector<std::byte> row(layout.stride, std::byte{0x5a});
        SketchWriter writer(chosen(), layout);
        writer.begin(row.data());
        writer.finish();
        for (std::size_t at = layout.ids; at < layout.scales; ++at) CHECK(row[at] == std::byte{0xff});
        for (std::size_t at = layout.scales; at < layout.stride; ++at) CHECK(row[at] == std::byte{0});
    }
}

TEST(sketch_of_a_neighbor_that_is_the_vertex_is_its_distance) {
    for (const SketchKind kind : {SketchKind::squared_distance, SketchKind::inner_product}) {
        base::Random random(6);
        Vertex vertex(40, kind, 1, random);
        SketchWriter writer(chosen(), vertex.layout);
        writer.begin(vertex.row.data());
        const std::vector<float> zeros(40);
        writer.add(7, zeros.data(), std::vector<std::int8_t>(40).data(), 1);
        writer.finish();
        SketchTables tables(vertex.layout);
        tables.set(gaussian(40, random));
        CHECK(vertex.number(0) == 7);
        const kernels::SketchRow read = vertex.view();
        CHECK(read.factor_step * static_cast<float>(read.factor[0]) == 0.0f);
        CHECK(kind == SketchKind::inner_product || vertex.estimate(tables.query(), 0, 5.0f) == 5.0f);
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
