#include "attributes/dictionary.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <unordered_map>

namespace nearfile::attributes {
namespace {

// Strings that count: of a row that has a value.
std::vector<std::uint8_t> counted(const Column& column, std::size_t n_texts) {
    std::vector<std::uint8_t> counts(n_texts, 1);
    for (std::size_t row = 0; row < column.missing.size(); ++row) {
        if (column.missing[row] == 0) continue;
        if (column.type == ColumnType::string) {
            counts[row] = 0;
        } else {
            std::fill(counts.begin() + static_cast<std::ptrdiff_t>(column.starts[row]),
                      counts.begin() + static_cast<std::ptrdiff_t>(column.starts[row + 1]), std::uint8_t{0});
        }
    }
    return counts;
}

}  // namespace

Dictionary dictionary_of(const Column& column) {
    const std::size_t n = column.text_starts.empty() ? 0 : column.text_starts.size() - 1;
    const std::vector<std::uint8_t> counts = counted(column, n);
    Dictionary made;
    made.codes.resize(n);
    std::unordered_map<std::string_view, std::uint32_t> numbers;  // in the order in which they came
    std::vector<std::string_view> came;
    for (std::size_t i = 0; i < n; ++i) {
        if (counts[i] == 0) continue;
        const std::uint64_t start = column.text_starts[i];
        const auto text = std::string_view(column.text).substr(start, column.text_starts[i + 1] - start);
        const auto [at, is_new] = numbers.try_emplace(text, static_cast<std::uint32_t>(came.size()));
        if (is_new) came.push_back(text);
        made.codes[i] = at->second;
    }
    std::vector<std::uint32_t> order(came.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return came[a] < came[b]; });
    std::vector<std::uint32_t> rank(came.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
        rank[order[i]] = i;
        made.values.push_back(came[order[i]]);
        made.text_bytes += came[order[i]].size();
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (counts[i] != 0) made.codes[i] = rank[made.codes[i]];
    }
    return made;
}

}  // namespace nearfile::attributes
