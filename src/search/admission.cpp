#include "search/admission.hpp"

#include <algorithm>
#include <numeric>

namespace nearfile::search {

std::size_t Admission::from(std::uint32_t rank, std::span<ItemId> out) const noexcept {
    if (filter_ != nullptr) return filter_->items_from(rank, out);
    const std::size_t n = std::min<std::size_t>(out.size(), n_items_ - rank);
    std::iota(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n), rank);
    return n;
}

}  // namespace nearfile::search
