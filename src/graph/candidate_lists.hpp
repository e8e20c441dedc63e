// For every item the best candidates so far, a bounded number. Different items may be added to at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/release.hpp"
#include "graph/candidate.hpp"
#include "kernels/prefetch.hpp"

namespace nearfile::graph {

class CandidateLists {
public:
    static constexpr std::uint32_t most_kept = 64;

    // `kept`: how many stay, at most most_kept.
    CandidateLists(std::uint32_t count, std::uint32_t kept);

    // Nothing that is not below can enter the item's list.
    Candidate limit(ItemId item) const noexcept { return begun_[item] ? places(item)[kept_ - 1] : no_candidate; }

    // For an item that is added to soon.
    void prefetch(ItemId item) const noexcept {
        for (std::size_t i = 0; i < kept_; i += 8) kernels::prefetch_to_write(places(item) + i);
    }

    // `some`: in ascending order without repetitions, and at the end no_candidate. What is there already is not added
    // again.
    void add(ItemId item, std::span<const Candidate> some);

    // In ascending order, without repetitions.
    std::span<const Candidate> best(ItemId item) const noexcept {
        const Candidate* first = places(item);
        return {first, begun_[item] ? std::lower_bound(first, first + kept_, no_candidate) : first};
    }

    // Gives the lists of items from `begin` up to, and without, `end` back to the system; nobody asks for them again.
    void release(ItemId begin, ItemId end) noexcept {
        const std::size_t row = kept_ * sizeof(Candidate);
        base::release_pages(places_.bytes().subspan(begin * row, (end - begin) * row));
    }

private:
    const Candidate* places(ItemId item) const noexcept {
        return places_.as<const Candidate>().data() + static_cast<std::size_t>(item) * kept_;
    }

    std::uint32_t kept_;
    // Ascending for each item; no_candidate where a place is free. The first who adds to an item writes these, so that
    // no thread has to touch all of the memory before the others can begin.
    base::AlignedBuffer places_;
    std::vector<std::uint8_t> begun_;
};

}  // namespace nearfile::graph
