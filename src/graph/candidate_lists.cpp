#include "graph/candidate_lists.hpp"

#include <algorithm>
#include <array>

namespace nearfile::graph {

CandidateLists::CandidateLists(std::uint32_t count, std::uint32_t kept)
    : kept_(std::min(kept, most_kept)),
      places_(base::allocate(static_cast<std::size_t>(count) * kept_ * sizeof(Candidate))),
      begun_(count) {}

void CandidateLists::add(ItemId item, std::span<const Candidate> some) {
    std::array<Candidate, most_kept> merged;
    Candidate* const own = places_.as<Candidate>().data() + static_cast<std::size_t>(item) * kept_;
    if (!begun_[item]) std::fill_n(own, kept_, no_candidate);
    begun_[item] = 1;
    std::size_t from_own = 0;
    std::size_t from_some = 0;
    // Which is next is a coin flip to the processor, so there is no branch; equals advance both.
    for (std::size_t i = 0; i < kept_; ++i) {
        const Candidate a = own[from_own];
        const Candidate b = some[from_some];
        merged[i] = std::min(a, b);
        from_own += a <= b ? 1 : 0;
        from_some += b <= a && b != no_candidate ? 1 : 0;
    }
    std::copy_n(merged.begin(), kept_, own);
}

}  // namespace nearfile::graph
