// The Hadamard transform as compilers vectorise it: additions and subtractions alone, each of the same two values in
// every version. In an anonymous namespace, as batch.hpp says why.
#pragma once

#include <cstddef>

namespace nearfile::kernels {
namespace {

// The first two steps of sixteen values, four fours side by side.
void first_two_steps(float* v) {
    float a[4];
    float b[4];
    float c[4];
    float d[4];
    for (std::size_t j = 0; j < 4; ++j) {
        a[j] = v[4 * j];
        b[j] = v[4 * j + 1];
        c[j] = v[4 * j + 2];
        d[j] = v[4 * j + 3];
    }
    for (std::size_t j = 0; j < 4; ++j) {
        const float low = a[j] + b[j];
        const float low_difference = a[j] - b[j];
        const float high = c[j] + d[j];
        const float high_difference = c[j] - d[j];
        v[4 * j] = low + high;
        v[4 * j + 1] = low_difference + high_difference;
        v[4 * j + 2] = low - high;
        v[4 * j + 3] = low_difference - high_difference;
    }
}

// Two steps at once of 4 * quarter values: each is read and written once for both.
void two_steps(float* __restrict first, std::size_t quarter) {
    float* __restrict second = first + quarter;
    float* __restrict third = second + quarter;
    float* __restrict fourth = third + quarter;
    for (std::size_t i = 0; i < quarter; ++i) {
        const float low = first[i] + second[i];
        const float low_difference = first[i] - second[i];
        const float high = third[i] + fourth[i];
        const float high_difference = third[i] - fourth[i];
        first[i] = low + high;
        second[i] = low_difference + high_difference;
        third[i] = low - high;
        fourth[i] = low_difference - high_difference;
    }
}

void hadamard(float* values, std::size_t width) {
    std::size_t done = 1;
    if (width >= 16) {
        for (std::size_t start = 0; start < width; start += 16) first_two_steps(values + start);
        done = 4;
    }
    for (; 4 * done <= width; done *= 4) {
        for (std::size_t start = 0; start < width; start += 4 * done) two_steps(values + start, done);
    }
    if (done == width) return;
    float* __restrict low = values;
    float* __restrict high = values + done;
    for (std::size_t i = 0; i < done; ++i) {
        const float a = low[i];
        const float b = high[i];
        low[i] = a + b;
        high[i] = a - b;
    }
}

}  // namespace
}  // namespace nearfile::kernels
