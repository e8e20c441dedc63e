// The nearest of several indexes together, merged from what each of them answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "opened/state.hpp"

namespace nearfile::search {

// One of the indexes.
struct JointPart {
    const Index::State* state;
    std::uint64_t start;    // the row of all that its first one is
    std::int64_t first_id;  // what is added to its ids where these are numbers
};

struct JointAnswer {
    float distance;    // smaller is nearer
    std::int64_t tie;  // of equal distances the smaller one comes first: the id, for strings the row of all
    std::uint32_t part;
    std::uint32_t row;  // of the part
};

class JointAnswers {
public:
    // For the k nearest.
    void reset(std::size_t k) noexcept {
        k_ = k;
        all_.clear();
    }

    // What one part found, nearest first, by row and with the user's distances.
    void merge(const JointPart& of, std::size_t part, std::span<const Neighbor> found);

    // What is farther is none of the nearest.
    float limit() const noexcept {
        return all_.size() < k_ ? std::numeric_limits<float>::infinity() : all_.back().distance;
    }
    std::span<const JointAnswer> all() const noexcept { return all_; }

private:
    std::size_t k_ = 0;
    std::vector<JointAnswer> all_;  // nearest first
    std::vector<JointAnswer> merged_;
};

}  // namespace nearfile::search
