#include "build/select_space.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "build/budget.hpp"
#include "build/encode.hpp"
#include "build/space_trial.hpp"
#include "build/stages.hpp"
#include "build/typical_rows.hpp"
#include "opened/seed_parts.hpp"

namespace nearfile::build {
namespace {

// A projection that keeps less of the variance costs more recall than it saves bytes.
constexpr double least_variance_kept = 0.85;

// The edges of a trial are found by as many directions as keep so much.
constexpr double variance_of_edges = 0.96;
constexpr std::size_t most_rotated_dim = 2048;

// The numbers of directions that are tried, ascending: the matrix of more costs a query more than it saves.
constexpr std::array<std::size_t, 4> usual = {64, 128, 192, 256};
constexpr std::array<std::size_t, 2> many = {384, 512};

// Directions are trained on so many rows, evenly spread.
constexpr std::uint32_t most_trained_on = 4096;
constexpr std::uint32_t least_trained_on = 1024;
constexpr std::size_t most_values = std::size_t{1} << 24;

double variance_kept(const kernels::Kernels& kernels, const opened::Space& space, std::span<const float> sample,
                     std::size_t dim) {
    codes::ScaledQuery whole(dim);
    std::vector<float> seen(space.dim());
    double all = 0;
    double kept = 0;
    for (std::size_t start = 0; start < sample.size(); start += dim) {
        const auto values = sample.subspan(start, dim);
        whole.set(kernels, values);
        space.apply(kernels, values, whole, seen);
        for (const float value : values) all += static_cast<double>(value) * value;
        for (const float value : seen) kept += static_cast<double>(value) * value;
    }
    return all > 0 ? kept / all : 1.0;
}

// A row less the center, as the codes see it; no longer than what is not far out.
void load_centered(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
                   const TypicalRows& typical, std::uint32_t row, std::span<float> values) {
    load_row(kernels, metric, rows, row, values);
    for (std::size_t i = 0; i < center.size(); ++i) values[i] -= center[i];
    typical.shorten(values);
}

// On so many rows at most, evenly spread: more do not change directions by much.
constexpr std::uint32_t most_moments = 131072;

codes::TrainedWhitening train(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                              std::span<const float> center, unsigned threads, const StageWatch& watch) {
    const TypicalRows typical(kernels, metric, rows);
    const std::uint32_t step = (rows.count() + most_moments - 1) / most_moments;
    const std::uint32_t wanted = (rows.count() + step - 1) / step;
    std::vector<codes::SecondMoments> parts(n_blocks(wanted), codes::SecondMoments(rows.dim()));
    run_blocks(
        "space", wanted, threads,
        [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(rows.dim());
            for (std::uint32_t i = begin; i < end; ++i) {
                load_centered(kernels, metric, rows, center, typical, i * step, values);
                parts[block].add(values);
            }
        },
        watch);
    for (std::size_t block = 1; block < parts.size(); ++block) parts[0].add(parts[block]);
    return codes::train_whitening(parts[0]);
}

class Selection {
public:
    Selection(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
              const SpaceOptions& options, const StageWatch& watch)
        : kernels_(kernels),
          metric_(metric),
          rows_(rows),
          center_(center),
          options_(options),
          watch_(watch),
          rotation_seed_(opened::derive_seed(options.seed, opened::SeedPart::rotation)) {}

    SelectedSpace run() const {
        const std::size_t dim = rows_.dim();
        if (options_.split) return rotated();
        if (metric_ == Metric::dot && dim <= opened::max_whitened_dim && rows_.count() > 0) return whitened();
        if (dim <= codes::projected_dim || rows_.count() == 0) {
            return options_.sketched ? rotated() : SelectedSpace{opened::Space(dim), {}, {}};
        }
        // Queries of inner products are like no item, so items cannot be asked for them.
        const bool tries =
            options_.sketched && metric_ != Metric::dot && dim <= opened::max_walk_dim && rows_.count() >= least_tried;
        return tries ? by_trial() : by_variance();
    }

private:
    SelectedSpace whitened() const {
        SelectedSpace selected;
        selected.whitening = train(kernels_, metric_, rows_, center_, options_.threads, watch_);
        selected.space =
            opened::Space(rows_.dim(), selected.whitening.factor, selected.whitening.inverse, rotation_seed_);
        return selected;
    }

    SelectedSpace rotated() const { return {opened::Space(rows_.dim(), rotation_seed_), {}, {}}; }

    SelectedSpace projected(const codes::Directions& directions, std::size_t count) const {
        SelectedSpace selected;
        selected.projection = directions.leading(kernels_, count);
        selected.space = opened::Space(selected.projection.view(rows_.dim()));
        return selected;
    }

    codes::Directions directions(std::span<const float> sample, std::size_t wanted) const {
        return {kernels_,
                sample,
                rows_.dim(),
                wanted,
                opened::derive_seed(options_.seed, opened::SeedPart::projection),
                options_.threads};
    }

    SelectedSpace by_variance() const {
        const std::size_t dim = rows_.dim();
        const std::vector<float> sample = centered_sample();
        SelectedSpace selected = projected(directions(sample, codes::projected_dim), codes::projected_dim);
        if (options_.sketched && dim <= most_rotated_dim &&
            variance_kept(kernels_, selected.space, sample, dim) < least_variance_kept) {
            return rotated();
        }
        return selected;
    }

    SelectedSpace by_trial() const {
        const std::vector<float> sample = centered_sample();
        const codes::Directions leading = directions(sample, most_below(rows_.dim(), usual));
        const SelectedSpace of_edges = keeping_nearly_all(leading, sample);
        const SpaceTrial trial(kernels_, metric_, rows_, center_, of_edges.space, options_.seed, options_.threads,
                               watch_);
        if (!trial.has_sample()) return by_variance();
        SelectedSpace best = rotated();
        double least = std::numeric_limits<double>::infinity();
        const auto cost_of = [&](const opened::Space& space) {
            return trial.cost(space, degree_in_budget(space.dim(), metric_, rows_, options_.profile), least);
        };
        const auto try_each = [&](const codes::Directions& some, std::span<const std::size_t> counts) {
            int dearer = 0;
            for (const std::size_t count : counts) {
                if (count >= rows_.dim()) return;
                SelectedSpace selected = projected(some, count);
                const double cost = cost_of(selected.space);
                if (cost < least) {
                    least = cost;
                    best = std::move(selected);
                    dearer = 0;
                } else if (best.space.kind() == opened::SpaceKind::projection && ++dearer == 2) {
                    return;  // what sees still more costs still more
                }
            }
        };
        least = cost_of(best.space);
        try_each(leading, usual);
        // Many directions take their time to be trained: only where fewer are not enough.
        if (best.space.dim() >= usual.back() && rows_.dim() > many.front()) {
            try_each(directions(sample, most_below(rows_.dim(), many)), many);
        }
        return best;
    }

    static std::size_t most_below(std::size_t dim, std::span<const std::size_t> counts) {
        std::size_t most = 0;
        for (const std::size_t count : counts) most = count < dim ? count : most;
        return most;
    }

    SelectedSpace keeping_nearly_all(const codes::Directions& leading, std::span<const float> sample) const {
        for (const std::size_t count : usual) {
            if (count >= rows_.dim()) break;
            SelectedSpace selected = projected(leading, count);
            if (variance_kept(kernels_, selected.space, sample, rows_.dim()) >= variance_of_edges) return selected;
        }
        return rotated();
    }

    std::vector<float> centered_sample() const {
        const std::size_t dim = rows_.dim();
        const TypicalRows typical(kernels_, metric_, rows_);
        const auto affordable = static_cast<std::uint32_t>(most_values / dim);
        const std::uint32_t n = std::min(rows_.count(), std::clamp(affordable, least_trained_on, most_trained_on));
        std::vector<float> sample(n * dim);
        for (std::uint32_t i = 0; i < n; ++i) {
            const auto row = static_cast<std::uint32_t>(std::uint64_t{i} * rows_.count() / n);
            load_centered(kernels_, metric_, rows_, center_, typical, row, std::span(sample).subspan(i * dim, dim));
        }
        return sample;
    }

    const kernels::Kernels& kernels_;
    const Metric metric_;
    const Rows& rows_;
    const std::span<const float> center_;
    const SpaceOptions& options_;
    const StageWatch& watch_;
    const std::uint64_t rotation_seed_;
};

}  // namespace

SelectedSpace select_space(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                           std::span<const float> center, const SpaceOptions& options, const StageWatch& watch) {
    return Selection(kernels, metric, rows, center, options, watch).run();
}

}  // namespace nearfile::build
