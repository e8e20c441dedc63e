// The space is one that fits the data: all dimensions where none can be spared, few directions where few matter; the
// same on any number of threads and any instruction set.
#include "build/select_space.hpp"

#include <cstring>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::build;

namespace {

float uniform(base::Random& random) {
    return static_cast<float>(random.below(1u << 20)) / static_cast<float>(1u << 19) - 1.0f;
}

// Clusters in `rank` dimensions, turned at random into `dim`, with a little noise in all of them.
Rows made_of(std::uint32_t count, std::uint32_t dim, std::uint32_t rank, float noise) {
    base::Random random(rank);
    std::vector<float> basis(std::size_t{rank} * dim);
    for (float& value : basis) value = uniform(random);
    Rows rows(dim, false);
    std::vector<float> values(dim);
    std::vector<float> center(rank);
    for (std::uint32_t row = 0; row < count; ++row) {
        if (row % 20 == 0) {
            for (float& value : center) value = 2 * uniform(random);
        }
        for (float& value : values) value = noise * uniform(random);
        for (std::uint32_t r = 0; r < rank; ++r) {
            const float weight = center[r] + uniform(random);
            for (std::uint32_t d = 0; d < dim; ++d) values[d] += weight * basis[r * dim + d];
        }
        rows.append(values);
    }
    return rows;
}

Rows without_structure(std::uint32_t count, std::uint32_t dim) {
    base::Random random(dim);
    Rows rows(dim, false);
    std::vector<float> values(dim);
    for (std::uint32_t row = 0; row < count; ++row) {
        for (float& value : values) value = uniform(random) + uniform(random) + uniform(random);
        rows.append(values);
    }
    return rows;
}

SelectedSpace select(const Rows& rows, unsigned threads, const kernels::Kernels& kernels,
                     Profile profile = Profile::balanced) {
    const std::vector<float> center(rows.dim());
    return select_space(kernels, Metric::euclidean, rows, center, {true, profile, 1, threads}, {});
}

const kernels::Kernels& fastest() {
    const char* message = nullptr;
    return *kernels::chosen(&message);
}

}  // namespace

TEST(space_of_data_without_structure_is_all_of_its_dimensions) {
    // With places that no budget takes away: fewer of them in more dimensions may be worth less.
    const SelectedSpace selected = select(without_structure(4000, 256), 1, fastest(), Profile::fast);
    CHECK(selected.space.kind() == opened::SpaceKind::rotation);
    CHECK(selected.space.dim() == 256);
}

TEST(space_of_data_of_few_real_dimensions_is_a_projection_to_few) {
    const SelectedSpace selected = select(made_of(4000, 300, 20, 0.05f), 1, fastest());
    CHECK(selected.space.kind() == opened::SpaceKind::projection);
    CHECK(selected.space.dim() <= 128);
}

TEST(space_is_the_same_on_any_number_of_threads_and_any_instruction_set) {
    const Rows rows = made_of(3000, 300, 100, 0.5f);
    const SelectedSpace expected = select(rows, 1, fastest());
    for (const kernels::Kernels* const* table = kernels::supported(); *table; ++table) {
        const SelectedSpace same = select(rows, 3, **table);
        CHECK(same.space.kind() == expected.space.kind());
        CHECK(same.space.dim() == expected.space.dim());
        CHECK(same.projection.scales == expected.projection.scales);
        CHECK(same.projection.rows.size() == expected.projection.rows.size());
        CHECK(same.projection.rows.size() == 0 ||
              std::memcmp(same.projection.rows.data(), expected.projection.rows.data(), same.projection.rows.size()) ==
                  0);
    }
}

TEST(space_of_data_with_nothing_in_it_is_found) {
    for (const float value : {0.0f, 1.0f, 1e-38f}) {
        Rows rows(200, false);
        for (int row = 0; row < 3000; ++row) rows.append(std::vector<float>(200, value));
        for (const Metric metric : {Metric::euclidean, Metric::angular}) {
            const SelectedSpace selected =
                select_space(fastest(), metric, rows, std::vector<float>(200), {true, Profile::balanced, 1, 2}, {});
            CHECK(selected.space.dim() <= 200);
        }
    }
}
