#include "search/scan.hpp"

#include <algorithm>

namespace nearfile::search {

void scan(const Index::State& state, std::span<Reranker> rerankers) {
    const std::uint32_t count = state.description.count;
    // Of vectors without codes what several queries share is decoded for all of them.
    const bool decoded = state.description.code_kind == opened::CodeKind::none && rerankers.size() > 1;
    RowBlock vectors(state);
    for (std::uint32_t first = 0; first < count;) {
        const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(codes::batch, count - first));
        if (decoded) vectors.load(first, n);
        for (Reranker& each : rerankers) each.filter_stretch(first, n, decoded ? &vectors : nullptr);
        first += n;
    }
}

}  // namespace nearfile::search
