#include "graph/candidate_lists.hpp"

#include <algorithm>

namespace nearfile::graph {

CandidateLists::CandidateLists(std::uint32_t count, std::uint32_t kept, std::uint32_t added)
    : kept_(kept),
      // Room for two additions between settlings: sorting is what costs.
      capacity_(kept + 2 * added),
      places_(static_cast<std::size_t>(count) * capacity_),
      sizes_(count),
      limits_(count, no_candidate) {}

void CandidateLists::add(RowId item, std::span<const Candidate> some) {
    if (sizes_[item] + some.size() > capacity_) settle(item);
    std::copy(some.begin(), some.end(), places(item) + sizes_[item]);
    sizes_[item] = static_cast<std::uint16_t>(sizes_[item] + some.size());
}

void CandidateLists::settle(RowId item) {
    Candidate* first = places(item);
    std::sort(first, first + sizes_[item]);
    const auto size = static_cast<std::size_t>(std::unique(first, first + sizes_[item]) - first);
    sizes_[item] = static_cast<std::uint16_t>(std::min<std::size_t>(size, kept_));
    if (size >= kept_) limits_[item] = first[kept_ - 1];
}

std::span<const Candidate> CandidateLists::best(RowId item) {
    settle(item);
    return {places(item), sizes_[item]};
}

}  // namespace nearfile::graph
