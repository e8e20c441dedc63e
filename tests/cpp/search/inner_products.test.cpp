// Graphs for inner products, where queries need not be like items: data that leads other graphs astray.
#include <functional>

#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using nearfile::base::Random;

namespace {

constexpr std::uint32_t n = 3000;
constexpr std::uint32_t dim = 16;

struct Case {
    std::string name;
    Data items;
    Data queries;
};

Case case_of(
    const std::string& name, const std::function<void(std::uint32_t row, std::span<float> values)>& change,
    const std::function<void(std::span<float> values)>& change_query = [](std::span<float>) {}) {
    Case made{name, data_of(Values::floats, n, dim, 1), data_of(Values::floats, 100, dim, 2)};
    for (std::uint32_t row = 0; row < n; ++row) change(row, std::span(made.items.values).subspan(row * dim, dim));
    for (std::uint32_t q = 0; q < 100; ++q) change_query(std::span(made.queries.values).subspan(q * dim, dim));
    return made;
}

void scale(std::span<float> values, double factor) {
    for (float& value : values) value = static_cast<float>(value * factor);
}

double length(std::span<const float> values) {
    double squares = 0;
    for (const float value : values) squares += double{value} * value;
    return std::sqrt(squares);
}

std::vector<Case> cases() {
    Random random(7);
    std::vector<Case> made;
    made.push_back(case_of("alike", [](std::uint32_t, std::span<float>) {}));
    made.push_back(case_of("of one length", [](std::uint32_t, std::span<float> x) { scale(x, 1 / length(x)); }));
    made.push_back(case_of("of wild lengths",
                           [&](std::uint32_t, std::span<float> x) { scale(x, std::exp(0.7 * normal(random))); }));
    made.push_back(
        case_of("five immense", [](std::uint32_t row, std::span<float> x) { scale(x, row < 5 ? 1000 : 1); }));
    made.push_back(
        case_of("a third zeros", [](std::uint32_t row, std::span<float> x) { scale(x, row % 3 == 0 ? 0 : 1); }));
    const auto absolute = [](std::span<float> x) {
        std::ranges::transform(x, x.begin(), [](float v) { return std::fabs(v); });
    };
    made.push_back(case_of(
        "positive, asked for the least", [&](std::uint32_t, std::span<float> x) { absolute(x); },
        [&](std::span<float> q) { absolute(q), scale(q, -1); }));
    made.push_back(case_of("of rank three", [](std::uint32_t, std::span<float> x) {
        for (std::size_t i = 3; i < x.size(); ++i) x[i] = x[i % 3] * static_cast<float>(i);
    }));
    made.push_back(case_of("from 10 to 0.01", [](std::uint32_t, std::span<float> x) {
        for (std::size_t i = 0; i < x.size(); ++i) x[i] *= std::pow(10.0f, 1.0f - 3.0f * static_cast<float>(i) / 15.0f);
    }));
    made.push_back(case_of("all copies", [](std::uint32_t, std::span<float> x) { std::ranges::fill(x, 1.0f); }));
    made.push_back(case_of("all zero", [](std::uint32_t, std::span<float> x) { std::ranges::fill(x, 0.0f); }));
    Case line{"on a line", {1, {}}, {1, {1.0f, -1.0f, 0.5f, -3.0f}}};
    for (std::uint32_t row = 0; row < n; ++row) line.items.values.push_back(normal(random));
    made.push_back(line);
    made.push_back({"five", data_of(Values::floats, 5, dim, 1), data_of(Values::floats, 5, dim, 2)});
    return made;
}

// The share of the ten largest products that a search finds; equal ones count.
double recall(const Index& index, const Data& queries, const SearchOptions& options) {
    std::size_t right = 0;
    std::size_t all = 0;
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        const auto exact = index.search(queries.row(q), {.k = 10, .exact = true});
        const float least = exact.back().distance - std::fabs(exact.back().distance) * 1e-6f;
        for (const auto& each : index.search(queries.row(q), options)) right += each.distance >= least ? 1 : 0;
        all += exact.size();
    }
    return static_cast<double>(right) / static_cast<double>(all);
}

}  // namespace

TEST(products_are_found_in_hostile_data) {
    for (const Case& each : cases()) {
        for (const Profile profile : {Profile::compact, Profile::balanced}) {
            BuildOptions options = graph_options(profile);
            options.n_trees = 0;
            const Index index = make_index(Metric::dot, each.items, options);
            index.verify();
            const double found = recall(index, each.queries, {.k = 10});
            if (found < 0.9) {
                test::fail(__FILE__, __LINE__,
                           each.name + ", " + std::string(profile_name(profile)) + ": recall " + std::to_string(found));
            }
        }
    }
}

// Mixtures of twelve vectors: as many dimensions as embeddings have, and no more that count.
TEST(products_of_wide_data_are_found) {
    for (const std::uint32_t wide : {200u, 300u}) {
        const Data of = data_of(Values::floats, 12, wide, 3);
        const auto mixed = [&](std::uint32_t count, std::uint64_t seed) {
            const Data shares = data_of(Values::floats, count, 12, seed);
            Data made{wide, std::vector<float>(static_cast<std::size_t>(count) * wide)};
            for (std::size_t at = 0; at < made.values.size(); ++at) {
                for (std::size_t j = 0; j < 12; ++j) {
                    made.values[at] += shares.row(at / wide)[j] * of.row(j)[at % wide];
                }
            }
            return made;
        };
        const Index index = make_index(Metric::dot, mixed(2000, 1), graph_options());
        CHECK(recall(index, mixed(50, 2), {.k = 10}) > 0.9);
    }
}

// Queries from a corner where no items are.
TEST(queries_of_a_sample_lead_to_what_such_queries_ask_for) {
    for (const Metric metric : metrics) {
        const bool bits = metric == Metric::hamming;
        const std::uint32_t wide = bits ? 256 : 24;
        Data items = data_for(metric, 4000, wide, 1);
        Data sample = data_for(metric, 2000, wide, 2);
        Data asked = data_for(metric, 100, wide, 3);
        Random random(9);
        for (Data* each : {&sample, &asked}) {
            for (float& value : each->values) {
                value = bits ? std::max(value, random.below(3) == 0 ? 0.0f : 1.0f) : value * 0.3f + 3.0f;
            }
        }
        BuildOptions options = graph_options();
        const auto found = [&](const Index& index) {
            double hits = 0;
            for (std::uint32_t q = 0; q < asked.count(); ++q) {
                const auto exact = index.search(asked.row(q), {.k = 10, .exact = true});
                const float sign = metric == Metric::dot ? -1.0f : 1.0f;
                for (const auto& each : index.search(asked.row(q), {.k = 10, .effort = 20})) {
                    hits += sign * each.distance <= sign * exact.back().distance ? 1 : 0;
                }
            }
            return hits / 1000;
        };
        const double without = found(make_index(metric, items, options));
        options.queries = sample.values;
        const Index index = make_index(metric, items, options);
        index.verify();
        const double with = found(index);
        if (with < without - 0.02) {
            test::fail(__FILE__, __LINE__,
                       std::string(metric_name(metric)) + ": " + std::to_string(with) + " with a sample, " +
                           std::to_string(without) + " without");
        }
        options.threads = 1;
        CHECK(same_bytes(make_index(metric, items, options).bytes(), index.bytes()));
    }
}

TEST(queries_of_a_sample_are_checked) {
    const Data items = data_of(Values::floats, 20, 4, 1);
    BuildOptions options = graph_options();
    const std::vector<float> five(5);
    options.queries = five;
    CHECK(caught([&] {
              make_index(Metric::euclidean, items, options);
          }).is(ErrorCode::invalid_argument, "4 values each"));
    const std::vector<float> bad = {0, 0, NAN, 0};
    options.queries = bad;
    CHECK(caught([&] { make_index(Metric::euclidean, items, options); }).is(ErrorCode::invalid_argument, "of query 0"));
    CHECK(caught([&] {
              make_index(Metric::hamming, data_of(Values::bits, 20, 4, 1), options);
          }).is(ErrorCode::invalid_argument, "zeros and ones"));
    const std::vector<float> good(4);
    options.queries = good;
    make_index(Metric::euclidean, items, options);
    make_index(Metric::dot, data_of(Values::floats, 0, 4, 1), options);
    options.structure = Structure::forest;
    CHECK(caught([&] {
              make_index(Metric::euclidean, items, options);
          }).is(ErrorCode::invalid_argument, "structure graph"));
}
