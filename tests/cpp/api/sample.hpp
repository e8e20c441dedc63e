// Data for every metric and value type, brute force in double precision, and comparisons, for the tests of this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"
#include "nearfile/nearfile.hpp"

namespace nearfile::sample {

inline constexpr Metric metrics[] = {Metric::angular, Metric::cosine,    Metric::euclidean,
                                     Metric::dot,     Metric::manhattan, Metric::hamming};

inline float normal(base::Random& random) {
    float sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<float>(random.next() >> 40) * 0x1p-24f;
    return sum;
}

enum class Values { floats, halves, bytes, bits };

inline float value_of(Values values, base::Random& random) {
    switch (values) {
        case Values::floats:
            break;
        case Values::halves:
            return std::round(normal(random) * 64.0f) / 64.0f;
        case Values::bytes:
            return static_cast<float>(random.below(256));
        case Values::bits:
            return static_cast<float>(random.below(2));
    }
    return normal(random);
}

// Vectors row after row.
struct Data {
    std::uint32_t dim;
    std::vector<float> values;

    std::uint32_t count() const { return static_cast<std::uint32_t>(values.size() / dim); }
    std::span<const float> row(std::size_t i) const { return std::span(values).subspan(i * dim, dim); }
};

inline Data data_of(Values values, std::uint32_t n, std::uint32_t dim, std::uint64_t seed) {
    base::Random random(seed);
    Data data{dim, std::vector<float>(static_cast<std::size_t>(n) * dim)};
    for (float& value : data.values) value = value_of(values, random);
    return data;
}

// What the metric takes: zeros and ones for hamming.
inline Data data_for(Metric metric, std::uint32_t n, std::uint32_t dim, std::uint64_t seed) {
    return data_of(metric == Metric::hamming ? Values::bits : Values::floats, n, dim, seed);
}

inline BuildOptions forest_options(std::uint32_t n_trees = 8, std::uint32_t threads = 0) {
    return {.structure = Structure::forest, .n_trees = n_trees, .seed = 1, .threads = threads, .progress = {}};
}

inline Index make_index(Metric metric, const Data& data, const BuildOptions& options = forest_options()) {
    Builder builder(data.dim, metric);
    builder.add(data.values);
    return builder.build(options);
}

// The distance as types.hpp defines it.
inline double exact_distance(Metric metric, std::span<const float> a, std::span<const float> b) {
    double product = 0;
    double a_squares = 0;
    double b_squares = 0;
    double squared = 0;
    double absolute = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        product += double{a[i]} * b[i];
        a_squares += double{a[i]} * a[i];
        b_squares += double{b[i]} * b[i];
        squared += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
        absolute += std::fabs(double{a[i]} - b[i]);
    }
    const double cosine = a_squares > 0 && b_squares > 0 ? product / std::sqrt(a_squares * b_squares) : 0;
    switch (metric) {
        case Metric::angular:
            return std::sqrt(std::max(0.0, 2 - 2 * cosine));
        case Metric::cosine:
            return 1 - cosine;
        case Metric::euclidean:
            return std::sqrt(squared);
        case Metric::dot:
            return product;
        case Metric::manhattan:
        case Metric::hamming:
            return absolute;
    }
    return 0;
}

// What single precision may be off by: a share of the distance, and of what cancels in it.
inline double tolerance(Metric metric, std::span<const float> query, std::span<const float> item, double distance) {
    double cancelled = 0;
    if (metric == Metric::angular) cancelled = 1e-6;
    if (metric == Metric::cosine) cancelled = 1e-7;
    if (metric == Metric::dot) {
        for (std::size_t i = 0; i < query.size(); ++i) cancelled += std::fabs(double{query[i]} * item[i]) * 1e-6;
    }
    return 1e-5 * std::fabs(distance) + cancelled;
}

struct Ranked {
    double distance;
    std::uint32_t row;
};

// Every item, nearest first, ties by smaller row.
inline std::vector<Ranked> brute_force(Metric metric, const Data& data, std::span<const float> query) {
    std::vector<Ranked> ranked(data.count());
    for (std::uint32_t row = 0; row < data.count(); ++row) {
        ranked[row] = {exact_distance(metric, query, data.row(row)), row};
    }
    const double sign = metric == Metric::dot ? -1 : 1;
    std::sort(ranked.begin(), ranked.end(), [sign](const Ranked& a, const Ranked& b) {
        return sign * a.distance < sign * b.distance || (a.distance == b.distance && a.row < b.row);
    });
    return ranked;
}

// The neighbours of brute force, with their distances; where single precision cannot tell two apart, either will do.
inline void check_equals_brute_force(const Index& index, const Data& data, std::span<const float> query,
                                     const std::vector<Neighbor>& found, const std::string& what) {
    const Metric metric = index.metric();
    const auto expected = brute_force(metric, data, query);
    const auto hold = [&](bool condition, const std::string& rule) {
        if (!condition) test::fail(__FILE__, __LINE__, what + ", " + std::string(metric_name(metric)) + ": " + rule);
    };
    hold(found.size() <= expected.size(), "no more than there are");
    for (std::size_t i = 0; i < found.size() && i < expected.size(); ++i) {
        const double off = tolerance(metric, query, data.row(found[i].row), expected[i].distance);
        const std::string at = " at " + std::to_string(i) + ": row " + std::to_string(found[i].row) + " at " +
                               std::to_string(found[i].distance) + ", expected row " + std::to_string(expected[i].row) +
                               " at " + std::to_string(expected[i].distance);
        const double own = exact_distance(metric, query, data.row(found[i].row));
        hold(std::fabs(found[i].distance - own) <= off, "the distance is right" + at);
        hold(found[i].row == expected[i].row || std::fabs(own - expected[i].distance) <= off, "the row is right" + at);
        if (i == 0) continue;
        const bool in_order = metric == Metric::dot ? found[i - 1].distance >= found[i].distance
                                                    : found[i - 1].distance <= found[i].distance;
        hold(in_order, "nearest first" + at);
        hold(found[i - 1].distance != found[i].distance || found[i - 1].row < found[i].row, "ties by smaller row" + at);
    }
}

// Rows are distinct, of the index, and as many as asked for or all.
inline void check_complete(const Index& index, const std::vector<Neighbor>& found, std::uint32_t k,
                           const std::string& what) {
    std::vector<std::uint32_t> rows;
    for (const Neighbor& each : found) rows.push_back(each.row);
    std::sort(rows.begin(), rows.end());
    const bool distinct = std::adjacent_find(rows.begin(), rows.end()) == rows.end();
    const bool in_range = rows.empty() || rows.back() < index.size();
    if (found.size() == std::min(k, index.size()) && distinct && in_range) return;
    test::fail(__FILE__, __LINE__, what + ": min(k, n) distinct neighbours of the index");
}

inline bool same(const std::vector<Neighbor>& a, const std::vector<Neighbor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Neighbor& x, const Neighbor& y) {
        return x.row == y.row && std::memcmp(&x.distance, &y.distance, sizeof x.distance) == 0;
    });
}

inline bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

// The code of the Error that `work` throws, and its message.
struct Caught {
    bool any = false;
    ErrorCode code{};
    std::string message;

    bool is(ErrorCode wanted, const std::string& words = "") const {
        return any && code == wanted && message.find(words) != std::string::npos;
    }
};

template <class Work>
Caught caught(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return {true, error.code(), error.what()};
    }
    return {};
}

}  // namespace nearfile::sample
