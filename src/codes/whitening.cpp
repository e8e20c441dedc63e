#include "codes/whitening.hpp"

#include <algorithm>
#include <cmath>

namespace nearfile::codes {
namespace {

// Of the mean second moment. So much does not cost queries that live in the whitened space anything, and spares those
// that do not: docs/algorithms/inner-products.md.
constexpr double ridge = 1.0;

// Where row i of a lower triangle begins.
std::size_t row_of(std::size_t i) noexcept {
    return triangle(i);
}

// Where column j of a lower triangle begins, columns one after another: j columns of dim, dim - 1, ... numbers before
// it.
std::size_t column_of(std::size_t j, std::size_t dim) noexcept {
    return j * dim - (j > 0 ? triangle(j - 1) : 0);
}

// In place. The matrix is positive definite by as much as the ridge, so that no root is of a number near zero.
void cholesky(std::vector<double>& matrix, std::size_t dim) {
    for (std::size_t i = 0; i < dim; ++i) {
        double* row = matrix.data() + row_of(i);
        for (std::size_t j = 0; j <= i; ++j) {
            const double* other = matrix.data() + row_of(j);
            double sum = row[j];
            for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
            row[j] = i == j ? std::sqrt(sum) : sum / other[j];
        }
    }
}

// L^-1 column by column: forward substitution of the unit vectors.
std::vector<float> invert(const std::vector<double>& factor, std::size_t dim) {
    std::vector<float> inverse(triangle(dim));
    std::vector<double> column(dim);
    for (std::size_t j = 0; j < dim; ++j) {
        for (std::size_t i = j; i < dim; ++i) {
            const double* row = factor.data() + row_of(i);
            double sum = i == j ? 1.0 : 0.0;
            for (std::size_t k = j; k < i; ++k) sum -= row[k] * column[k];
            column[i] = sum / row[i];
            inverse[column_of(j, dim) + i - j] = static_cast<float>(column[i]);
        }
    }
    return inverse;
}

}  // namespace

SecondMoments::SecondMoments(std::size_t dim) : dim_(dim), sums_(triangle(dim)), direction_(dim) {}

void SecondMoments::add(std::span<const float> values) {
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    if (!(squares > 0)) return;
    const double length = std::sqrt(squares);
    for (std::size_t i = 0; i < dim_; ++i) direction_[i] = values[i] / length;
    for (std::size_t i = 0; i < dim_; ++i) {
        double* row = sums_.data() + row_of(i);
        for (std::size_t j = 0; j <= i; ++j) row[j] += direction_[i] * direction_[j];
    }
}

void SecondMoments::add(const SecondMoments& part) noexcept {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += part.sums_[i];
}

TrainedWhitening train_whitening(const SecondMoments& moments) {
    const std::size_t dim = moments.dim();
    std::vector<double> matrix(moments.sums().begin(), moments.sums().end());
    double mean = 0;
    for (std::size_t i = 0; i < dim; ++i) mean += matrix[row_of(i) + i] / static_cast<double>(dim);
    for (double& value : matrix) value = mean > 0 ? value / mean / (1.0 + ridge) : 0.0;
    for (std::size_t i = 0; i < dim; ++i) matrix[row_of(i) + i] += mean > 0 ? ridge / (1.0 + ridge) : 1.0;
    cholesky(matrix, dim);
    TrainedWhitening trained;
    trained.factor.reserve(matrix.size());
    for (const double value : matrix) trained.factor.push_back(static_cast<float>(value));
    trained.inverse = invert(matrix, dim);
    return trained;
}

// Both run along what lies together in memory and add elementwise, which compilers turn into vector instructions
// without changing the order of any sum.
void whiten_query(std::span<const float> factor, std::span<const float> values, std::span<float> out) noexcept {
    std::fill(out.begin(), out.end(), 0.0f);
    for (std::size_t k = 0; k < values.size(); ++k) {
        const float* row = factor.data() + row_of(k);
        const float value = values[k];
        for (std::size_t i = 0; i <= k; ++i) out[i] += value * row[i];
    }
}

void whiten_item(std::span<const float> inverse, std::span<const float> values, std::span<float> out) noexcept {
    const std::size_t dim = values.size();
    std::fill(out.begin(), out.end(), 0.0f);
    for (std::size_t k = 0; k < dim; ++k) {
        const float* column = inverse.data() + column_of(k, dim);
        const float value = values[k];
        for (std::size_t i = k; i < dim; ++i) out[i] += value * column[i - k];
    }
}

void query_seen_as(std::span<const float> inverse, std::span<const float> seen, std::span<float> out) noexcept {
    const std::size_t dim = seen.size();
    for (std::size_t k = 0; k < dim; ++k) {
        const float* column = inverse.data() + column_of(k, dim);
        float sum = 0;
        for (std::size_t i = k; i < dim; ++i) sum += column[i - k] * seen[i];
        out[k] = sum;
    }
}

}  // namespace nearfile::codes
