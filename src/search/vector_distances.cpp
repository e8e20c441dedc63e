#include "search/vector_distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "codes/normalise.hpp"
#include "kernels/prefetch.hpp"

namespace nearfile::search {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Squares of differences below this have lost digits to the end of single precision's range.
constexpr float least_square = 1e-30f;

// Estimates beyond this are taken for unknown: a sum that is near to overflowing may do so when it is computed exactly.
constexpr float most_known = 1e37f;

// The upper half u of a value x is x without its lower 16 bits, so that |x| is from |u| to less than (1 + 2^-7) |u|,
// and of the same sign: half-way between, (1 + half_step) u is within half_step |u| of x. Below the least normal number
// it is within 2^-133.
constexpr float half_step = 0x1p-8f;
constexpr float least_step = 0x1p-133f;

// Scaling and rounding of either side, which bounds of 2^-8 hardly notice: at most 2^-22 and what a length of one is
// off by.
constexpr float slack = 1.001f;

}  // namespace

VectorDistances::VectorDistances(const Index::State& state)
    : state_(state), vectors_(*state.vectors), row_(state.description.dim) {}

void VectorDistances::set_query(std::span<const float> values, bool has_direction) {
    query_ = values;
    has_direction_ = has_direction;
    if (!vectors_.are_in_parts() || state_.normalised()) return;
    float squares = 0;
    state_.kernels->dot_f32(values.data(), values.data(), 0, nullptr, 1, values.size(), &squares);
    query_length_ = std::sqrt(std::max(squares, least_square));
    query_magnitude_ = 0;
    for (const float value : values) query_magnitude_ += std::fabs(value);
}

kernels::VectorRows VectorDistances::rows(codes::ItemId first) const noexcept {
    kernels::VectorRows rows = vectors_.from(first);
    if (state_.normalised()) rows.scales = state_.inverse_lengths.data() + first;
    return rows;
}

void VectorDistances::exact(const codes::ItemId* ids, codes::ItemId first, std::size_t count, float* distances) {
    const kernels::VectorKernelSet& kernels = vectors_.kernels();
    const kernels::VectorRows from = rows(ids != nullptr ? 0 : first);
    switch (state_.description.metric) {
        case Metric::dot:
            kernels.dot(query_.data(), from, ids, count, query_.size(), distances);
            for (std::size_t j = 0; j < count; ++j) distances[j] = -distances[j];
            break;
        case Metric::manhattan:
            kernels.l1(query_.data(), from, ids, count, query_.size(), distances);
            break;
        default:
            kernels.squared_l2(query_.data(), from, ids, count, query_.size(), distances);
            distances_of_squares(ids, first, count, distances);
    }
    // A damaged file may hold anything; what follows sorts.
    for (std::size_t j = 0; j < count; ++j) {
        if (std::isnan(distances[j])) distances[j] = infinity;
    }
}

void VectorDistances::distances_of_squares(const codes::ItemId* ids, codes::ItemId first, std::size_t count,
                                           float* distances) {
    const Metric metric = state_.description.metric;
    for (std::size_t j = 0; j < count; ++j) {
        const codes::ItemId item = ids != nullptr ? ids[j] : first + static_cast<codes::ItemId>(j);
        if (metric == Metric::euclidean) {
            const bool underflows = distances[j] < least_square;
            distances[j] = underflows ? static_cast<float>(precise_distance(item)) : std::sqrt(distances[j]);
            continue;
        }
        const float inverse = inverse_length(item);
        // Rounding must not lead beyond what directions can be apart.
        float square = std::min(distances[j], 4.0f);
        if (!has_direction_ || inverse == 0) {
            square = 2.0f;
        } else if (inverse == codes::no_inverse_length) {
            square = std::min(measured_at_length(item), 4.0f);
        }
        distances[j] = metric == Metric::cosine ? square * 0.5f : std::sqrt(square);
    }
}

// Squared, of a row that the length in the file is of no use to.
float VectorDistances::measured_at_length(codes::ItemId item) {
    vectors_.decode(item, row_);
    if (!codes::normalise(*state_.kernels, row_)) return 2.0f;
    float square = 0;
    state_.kernels->squared_l2_f32(query_.data(), row_.data(), 0, nullptr, 1, row_.size(), &square);
    return square;
}

double VectorDistances::precise_distance(codes::ItemId item) {
    vectors_.decode(item, row_);
    double squares = 0;
    for (std::size_t i = 0; i < row_.size(); ++i) {
        const double difference = static_cast<double>(row_[i]) - query_[i];
        squares += difference * difference;
    }
    return std::sqrt(squares);
}

void VectorDistances::bounds(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) {
    if (!vectors_.are_in_parts()) {
        exact(ids, first, count, out.lower);
        std::copy_n(out.lower, count, out.upper);
    } else if (state_.description.metric == Metric::dot) {
        bound_products(ids, first, count, out);
    } else if (state_.normalised()) {
        bound_directions(ids, first, count, out);
    } else {
        bound_lengths(ids, first, count, out);
    }
}

// What the upper part leaves out of <q, x> is at most half_step times the sum of |q_i u_i|, to which rounding is
// relative too.
void VectorDistances::bound_products(const codes::ItemId* ids, codes::ItemId first, std::size_t count,
                                     codes::Bounds out) const {
    const std::size_t dim = query_.size();
    const kernels::VectorKernelSet& upper = vectors_.upper_kernels();
    kernels::VectorRows from = rows(ids != nullptr ? 0 : first);
    from.scale = 1.0f + half_step;
    upper.dot(query_.data(), from, ids, count, dim, out.lower);
    upper.magnitude(query_.data(), from, ids, count, dim, out.upper);
    const float share = half_step * slack + 4.0f * codes::rounding_allowance(dim);
    // What is lost of subnormal values, and of products at the end of the range.
    const float least = query_magnitude_ * (2.0f * least_step) + static_cast<float>(dim) * 0x1p-124f;
    for (std::size_t j = 0; j < count; ++j) {
        const float product = out.lower[j];
        const float error = out.upper[j] * share + least;
        const bool known = out.upper[j] < most_known;
        out.lower[j] = known ? -product - error : -infinity;
        out.upper[j] = known ? -product + error : infinity;
    }
}

// |q - x| is within half_step |x| of |q - u'|, and |x| is not much more than |q| + |q - u'|.
void VectorDistances::bound_lengths(const codes::ItemId* ids, codes::ItemId first, std::size_t count,
                                    codes::Bounds out) const {
    kernels::VectorRows from = rows(ids != nullptr ? 0 : first);
    from.scale = 1.0f + half_step;
    vectors_.upper_kernels().squared_l2(query_.data(), from, ids, count, query_.size(), out.lower);
    const float rounding = 2.0f * codes::rounding_allowance(query_.size());
    for (std::size_t j = 0; j < count; ++j) {
        const float square = out.lower[j];
        const float distance = std::sqrt(std::max(square, least_square));
        const float length = (query_length_ + distance) * (1.0f + rounding) * (1.0f + 2.0f * half_step);
        const float error = length * (half_step * slack);
        const bool known = square < most_known && length < most_known;
        const bool underflows = square < least_square;
        out.lower[j] = known && !underflows ? distance * (1.0f - rounding) - error * (1.0f + rounding) : 0.0f;
        out.upper[j] = known ? (distance + error) * (1.0f + rounding) : infinity;
    }
}

// The same at length one.
void VectorDistances::bound_directions(const codes::ItemId* ids, codes::ItemId first, std::size_t count,
                                       codes::Bounds out) const {
    kernels::VectorRows from = rows(ids != nullptr ? 0 : first);
    from.scale = 1.0f + half_step;
    vectors_.upper_kernels().squared_l2(query_.data(), from, ids, count, query_.size(), out.lower);
    const bool cosine = state_.description.metric == Metric::cosine;
    const float rounding = 2.0f * codes::rounding_allowance(query_.size());
    const float error = half_step * slack * (1.0f + rounding);
    for (std::size_t j = 0; j < count; ++j) {
        const float inverse = inverse_length(ids != nullptr ? ids[j] : first + static_cast<codes::ItemId>(j));
        const float square = std::max(out.lower[j], least_square);
        const float distance = std::sqrt(square);
        float low = std::max(distance * (1.0f - rounding) - error, 0.0f);
        float high = distance * (1.0f + rounding) + error;
        if (!has_direction_ || inverse == 0) {
            low = high = std::sqrt(2.0f);
        } else if (inverse == codes::no_inverse_length || !(square < most_known)) {
            low = 0.0f;
            high = 2.0f;
        }
        // 1 - cos is half the squared distance of the directions.
        out.lower[j] = cosine ? low * low * 0.5f * (1.0f - 1e-6f) : low;
        out.upper[j] = cosine ? high * high * 0.5f * (1.0f + 1e-6f) : high;
    }
}

void VectorDistances::prefetch_exact(codes::ItemId item) const noexcept {
    const std::byte* row = vectors_.are_in_parts() ? vectors_.lower_row(item) : vectors_.row(item);
    opened::prefetch_lines(row, vectors_.stride());
    if (state_.normalised()) kernels::prefetch(&state_.inverse_lengths[item]);
}

void VectorDistances::prefetch_bounds(codes::ItemId item) const noexcept {
    opened::prefetch_lines(vectors_.row(item), vectors_.stride());
    if (state_.normalised()) kernels::prefetch(&state_.inverse_lengths[item]);
}

}  // namespace nearfile::search
