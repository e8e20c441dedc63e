// One kernel beside what memory allows, on four sets of rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cases.hpp"
#include "machine.hpp"

namespace nearfile::bench {

struct Options {
    std::size_t megabytes = 1024;  // the set that no cache holds
    int passes = 5;
    double seconds = 0.01;  // of each pass, at least
    std::string kernel;     // only kernels with this in their name
    std::string instruction_set;
    std::string json;  // a file to append to
};

enum class Unit { bytes, lines };

// The loops that do nothing but read.
struct Machine {
    double first_cache, second_cache, sequence;  // bytes a second
    double random_second_cache, random;          // lines a second, fetched ahead
    double latency;                              // nanoseconds of a line that is not
};

struct Figure {
    const char* set;
    Unit unit;
    double nanoseconds;  // a row
    double rate;         // bytes or lines a second, of rows alone
    double limit;        // of the same rows, only read
    double goal;

    double distance() const { return rate < goal ? 100 * (1 - rate / goal) : 0; }  // percent that are missing
};

struct Result {
    const char* kernel;
    const char* instruction_set;
    std::size_t dim;
    std::size_t row_bytes;
    std::vector<Figure> figures;
};

// Sets small enough for any processor's caches: half of the smallest first level, a quarter of a usual second one.
inline constexpr std::size_t first_cache_bytes = 16 << 10;
inline constexpr std::size_t second_cache_bytes = 128 << 10;

// How many candidates a search hands to a kernel at once.
inline constexpr std::size_t rows_a_call = 64;

class Walk;

class Measurer {
public:
    explicit Measurer(const Options& options);

    Machine machine();
    // A kernel of every instruction set at once, interleaved with plain reading, so that what else goes on in the
    // machine slows all alike.
    std::vector<Result> measure(const Case& one, std::size_t dim);

private:
    Walk walk(std::size_t set_bytes, std::size_t stride, bool at_random);
    void call_in_batches(const Case& one, const kernels::Kernels& table, const Rows& rows, std::size_t dim);

    const Options& options_;
    Memory memory_;
    std::vector<kernels::ItemId> ids_;
    std::vector<std::uint64_t> query_, out_;
};

}  // namespace nearfile::bench
