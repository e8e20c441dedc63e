#include "build/trial_sample.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>

#include "build/encode.hpp"
#include "graph/candidate.hpp"

namespace nearfile::build {
namespace {

// In small balls a walk does not get lost, and few directions seem as good as many; few balls are not like all of the
// data.
constexpr std::uint32_t n_balls = 16;
constexpr std::uint32_t least_in_ball = 96;
constexpr std::uint32_t most_in_ball = 1024;
constexpr std::uint32_t rows_an_item = 8;  // so many rows have one item of the sample, but for small data
constexpr std::uint32_t queries_a_ball = 16;
constexpr std::uint32_t rows_a_query = 2;  // of those in the middle of a ball
constexpr std::uint32_t entries_a_query = 8;

class Balls {
public:
    Balls(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads, const StageWatch& watch)
        : kernels_(kernels),
          metric_(metric),
          rows_(rows),
          threads_(threads),
          watch_(watch),
          in_ball_(std::clamp(rows.count() / (n_balls * rows_an_item), least_in_ball, most_in_ball)) {}

    TrialSample take() {
        measure();
        TrialSample sample(rows_.dim());
        std::vector<bool> taken(rows_.count());
        std::vector<std::uint32_t> ball_of_query;
        std::vector<std::uint32_t> starts;
        for (std::uint32_t ball = 0; ball < n_balls; ++ball) {
            starts.push_back(sample.items.count());
            for (const std::uint32_t row : queries_and_items(ball, taken, sample)) {
                load_row(kernels_, metric_, rows_, row, values_);
                sample.items.append(values_);
            }
            ball_of_query.resize(sample.queries.size(), ball);
        }
        starts.push_back(sample.items.count());
        for (std::size_t q = 0; q < sample.queries.size(); ++q) {
            const std::uint32_t begin = starts[ball_of_query[q]];
            const std::uint32_t n = starts[ball_of_query[q] + 1] - begin;
            for (std::uint32_t i = 0; i < std::min(n, entries_a_query); ++i) {
                sample.queries[q].entry_points.push_back(begin + i * n / std::min(n, entries_a_query));
            }
        }
        answer(sample);
        return sample;
    }

private:
    // How far all rows are from the middles of the balls: rows, evenly spread.
    void measure() {
        const std::size_t dim = rows_.dim();
        const std::uint32_t count = rows_.count();
        values_.resize(dim);
        std::vector<float> middles(n_balls * dim);
        for (std::uint32_t ball = 0; ball < n_balls; ++ball) {
            const auto row = static_cast<std::uint32_t>((std::uint64_t{ball} * 2 + 1) * count / (2 * n_balls));
            load_row(kernels_, metric_, rows_, row, std::span(middles).subspan(ball * dim, dim));
        }
        distances_.assign(n_balls, std::vector<float>(count));
        run_blocks(
            "space", count, threads_,
            [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
                std::vector<float> values(dim);
                std::array<float, n_balls> to_middles;
                for (std::uint32_t row = begin; row < end; ++row) {
                    // What has no direction is near nothing.
                    if (load_row(kernels_, metric_, rows_, row, values)) {
                        kernels_.squared_l2_f32(values.data(), middles.data(), dim * sizeof(float), nullptr, n_balls,
                                                dim, to_middles.data());
                    } else {
                        to_middles.fill(std::numeric_limits<float>::infinity());
                    }
                    for (std::uint32_t ball = 0; ball < n_balls; ++ball) distances_[ball][row] = to_middles[ball];
                }
            },
            watch_);
    }

    // The nearest rows of a middle that no other ball has: those that become items. Queries go to the sample at once.
    std::vector<std::uint32_t> queries_and_items(std::uint32_t ball, std::vector<bool>& taken, TrialSample& sample) {
        std::vector<graph::Candidate> near;
        for (std::uint32_t row = 0; row < rows_.count(); ++row) {
            const float distance = distances_[ball][row];
            if (!taken[row] && distance < std::numeric_limits<float>::infinity())
                near.push_back(graph::candidate(distance, row));
        }
        distances_[ball] = {};
        const std::size_t wanted = std::min<std::size_t>(near.size(), in_ball_ + queries_a_ball);
        std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(wanted), near.end());
        std::vector<std::uint32_t> items;
        for (std::size_t i = 0; i < wanted; ++i) {
            const std::uint32_t row = graph::item_of(near[i]);
            taken[row] = true;
            if (i % rows_a_query == 1 && i < std::size_t{queries_a_ball} * rows_a_query) {
                load_row(kernels_, metric_, rows_, row, values_);
                sample.queries.push_back({values_, {}, {}});
            } else {
                items.push_back(row);
            }
        }
        return items;
    }

    void answer(TrialSample& sample) const {
        std::atomic<bool> stop{false};
        const std::uint32_t n = sample.items.count();
        run_stage(
            "space", sample.queries.size(), threads_,
            [&](std::size_t q) {
                TrialSample::Query& query = sample.queries[q];
                std::vector<graph::Candidate> all(n);
                for (std::uint32_t item = 0; item < n; ++item) {
                    float distance = 0;
                    kernels_.squared_l2_f32(query.values.data(), sample.items.floats(item, {}).data(), 0, nullptr, 1,
                                            query.values.size(), &distance);
                    all[item] = graph::candidate(distance, item);
                }
                const auto k = static_cast<std::ptrdiff_t>(std::min(n, trial_k));
                std::partial_sort(all.begin(), all.begin() + k, all.end());
                for (const graph::Candidate each : std::span(all).first(static_cast<std::size_t>(k)))
                    query.nearest.push_back(graph::item_of(each));
            },
            watch_, stop);
    }

    const kernels::Kernels& kernels_;
    const Metric metric_;
    const Rows& rows_;
    const unsigned threads_;
    const StageWatch& watch_;
    const std::uint32_t in_ball_;
    std::vector<float> values_;
    std::vector<std::vector<float>> distances_;  // of a ball's middle from each row
};

}  // namespace

TrialSample sample_balls(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                         const StageWatch& watch) {
    return Balls(kernels, metric, rows, threads, watch).take();
}

}  // namespace nearfile::build
