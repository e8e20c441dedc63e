// For every item the best candidates met so far, a bounded number. Different items may be added to at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/candidate.hpp"

namespace nearfile::graph {

class CandidateLists {
public:
    // `kept`: how many stay. `added`: the most that one call adds.
    CandidateLists(std::uint32_t count, std::uint32_t kept, std::uint32_t added);

    // Nothing that is not below can enter the item's list.
    Candidate limit(RowId item) const noexcept { return limits_[item]; }

    void add(RowId item, std::span<const Candidate> some);

    // In ascending order, without repetitions. The list is settled in place.
    std::span<const Candidate> best(RowId item);

private:
    Candidate* places(RowId item) noexcept { return places_.data() + static_cast<std::size_t>(item) * capacity_; }
    void settle(RowId item);

    std::uint32_t kept_;
    std::uint32_t capacity_;
    std::vector<Candidate> places_;
    std::vector<std::uint16_t> sizes_;
    std::vector<Candidate> limits_;
};

}  // namespace nearfile::graph
