#include "measure.hpp"

#include <algorithm>
#include <cstring>

#include "base/random.hpp"

namespace nearfile::bench {
namespace {

// Random rows are drawn once and read on and on: so many that none is still in a cache when its turn comes again.
constexpr std::size_t random_rows = 4U << 20;
// Of one turn.
constexpr std::size_t random_rows_a_turn = 16U << 10;
constexpr std::size_t sequence_bytes_a_turn = 16U << 20;
// Reading is tried with each, and the best counts: the right distance depends on the machine.
constexpr std::size_t lines_ahead[] = {8, 16, 32, 64};

struct Set {
    const char* name;
    std::size_t bytes;  // 0: all of the memory
    bool at_random;
    double Goals::* share;
};
constexpr Set sets[] = {
    {"first cache", first_cache_bytes, false, &Goals::first_cache},
    {"second cache", second_cache_bytes, false, &Goals::second_cache},
    {"sequence", 0, false, &Goals::sequence},
    {"random", 0, true, &Goals::random},
};

}  // namespace

// Goes through a set of rows a part at a time, and starts again at its end.
class Walk {
public:
    Walk(const Rows& all, std::size_t rows_a_turn) : all_(all), rows_a_turn_(std::min(rows_a_turn, all.count)) {}

    Rows next() {
        if (at_ + rows_a_turn_ > all_.count) at_ = 0;
        Rows some = all_;
        some.count = rows_a_turn_;
        if (all_.ids.empty()) {
            some.data += at_ * all_.stride;
        } else {
            some.ids = all_.ids.subspan(at_, rows_a_turn_);
        }
        at_ += rows_a_turn_;
        return some;
    }

    // Rows a second when `work` is done to each part in turn.
    template <class Work>
    double rate(Work&& work, double seconds) {
        return static_cast<double>(rows_a_turn_) / seconds_of([&] { work(next()); }, seconds);
    }

    // The same of nothing but reading.
    double reading_rate(double seconds) {
        if (all_.ids.empty()) return rate([](const Rows& rows) { read_rows(rows, 0); }, seconds);
        double best = 0;
        for (const std::size_t lines : lines_ahead) {
            const std::size_t ahead = std::max<std::size_t>(1, lines / (all_.reach / line + 1));
            best = std::max(best, rate([ahead](const Rows& rows) { read_rows(rows, ahead); }, seconds));
        }
        return best;
    }

    // What a row counts for: the lines it touches, or its bytes.
    double units_a_row(Unit unit) const {
        return unit == Unit::lines ? all_.lines_a_row() : static_cast<double>(all_.reach);
    }

private:
    Rows all_;
    std::size_t rows_a_turn_;
    std::size_t at_ = 0;
};

Measurer::Measurer(const Options& options)
    : options_(options), memory_(options.megabytes << 20), ids_(random_rows), query_(8192), out_(8192) {}

Walk Measurer::walk(std::size_t set_bytes, std::size_t stride, bool at_random) {
    Rows rows{memory_.data(), stride, stride, (set_bytes ? set_bytes : memory_.size()) / stride, {}};
    if (!at_random) return {rows, sequence_bytes_a_turn / stride};
    base::Random random(3);
    for (kernels::ItemId& id : ids_) id = random.below(static_cast<std::uint32_t>(rows.count));
    rows.count = ids_.size();
    rows.ids = ids_;
    return {rows, random_rows_a_turn};
}

Machine Measurer::machine() {
    const auto best = [&](std::size_t set_bytes, bool at_random) {
        Walk rows = walk(set_bytes, line, at_random);
        double found = 0;
        for (int pass = 0; pass < options_.passes; ++pass) found = std::max(found, rows.reading_rate(options_.seconds));
        return found;
    };
    return {.first_cache = line * best(first_cache_bytes, false),
            .second_cache = line * best(second_cache_bytes, false),
            .sequence = line * best(0, false),
            .random_second_cache = best(second_cache_bytes, true),
            .random = best(0, true),
            .latency = dependent_latency(memory_)};
}

std::vector<Result> Measurer::measure(const Case& one, std::size_t dim) {
    const std::size_t row_bytes = one.row_bytes(dim);
    // 8-bit queries are zero up to the next multiple of 64.
    std::fill(query_.begin(), query_.end(), 0);
    std::memcpy(query_.data(), memory_.data(), row_bytes);

    std::vector<const kernels::Kernels*> tables;
    std::vector<Result> results;
    for (const kernels::Kernels* const* table = kernels::supported(); *table; ++table) {
        if (!options_.instruction_set.empty() && options_.instruction_set != (*table)->name) continue;
        tables.push_back(*table);
        results.push_back({one.kernel, (*table)->name, dim, row_bytes, {}});
    }
    for (const Set& set : sets) {
        Walk rows = walk(set.bytes, row_bytes, set.at_random);
        double limit = 0;
        std::vector<double> rates(tables.size());
        for (int pass = 0; pass < options_.passes; ++pass) {
            limit = std::max(limit, rows.reading_rate(options_.seconds));
            for (std::size_t t = 0; t < tables.size(); ++t) {
                const auto call = [&](const Rows& some) { call_in_batches(one, *tables[t], some, dim); };
                rates[t] = std::max(rates[t], rows.rate(call, options_.seconds));
            }
        }
        const Unit unit = set.at_random ? Unit::lines : Unit::bytes;
        const double units = rows.units_a_row(unit);
        for (std::size_t t = 0; t < tables.size(); ++t)
            results[t].figures.push_back({set.name, unit, 1e9 / rates[t], rates[t] * units, limit * units,
                                          limit * units * (one.goals.*set.share)});
    }
    return results;
}

void Measurer::call_in_batches(const Case& one, const kernels::Kernels& table, const Rows& rows, std::size_t dim) {
    for (std::size_t first = 0; first < rows.count; first += rows_a_call) {
        const std::size_t count = std::min(rows_a_call, rows.count - first);
        const kernels::ItemId* ids = rows.ids.empty() ? nullptr : rows.ids.data() + first;
        const char* data = ids ? rows.data : rows.data + first * rows.stride;
        one.call(table, {query_.data(), data, rows.stride, ids, count, dim, out_.data()});
    }
}

}  // namespace nearfile::bench
