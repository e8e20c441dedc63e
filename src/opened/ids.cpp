#include "opened/ids.hpp"

#include <algorithm>
#include <numeric>

#include "base/once.hpp"

namespace nearfile::opened {
namespace {

// Binary search over the rows in the order of their ids.
template <class Id, class GetId>
std::optional<std::uint32_t> search(const IdTable& ids, const Id& wanted, const GetId& id_of) noexcept {
    std::uint32_t low = 0;
    std::uint32_t high = ids.count;
    const auto row_at = [&ids](std::uint32_t rank) {
        return ids.order.empty() ? rank : base::read_once(ids.order[rank]);
    };
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        const std::uint32_t row = row_at(middle);
        if (row >= ids.count) return std::nullopt;  // a damaged file
        if (id_of(row) < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == ids.count) return std::nullopt;
    const std::uint32_t row = row_at(low);
    if (row >= ids.count || id_of(row) != wanted) return std::nullopt;
    return row;
}

template <class GetId>
std::vector<std::uint32_t> order_of(std::uint32_t count, const GetId& id_of) {
    bool ascending = true;
    for (std::uint32_t row = 1; row < count && ascending; ++row) ascending = id_of(row - 1) < id_of(row);
    if (ascending) return {};
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        const auto& left = id_of(a);
        const auto& right = id_of(b);
        return left < right || (left == right && a < b);
    });
    return order;
}

template <class GetId, class Show>
base::Result<std::vector<std::uint32_t>> sort_distinct(std::uint32_t count, const GetId& id_of, const Show& show) {
    auto order = order_of(count, id_of);
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (id_of(order[i - 1]) == id_of(order[i])) {
            return base::Error{base::Failure::invalid_argument, "ids must be distinct; " + show(order[i]) +
                                                                    " came for rows " + std::to_string(order[i - 1]) +
                                                                    " and " + std::to_string(order[i]) +
                                                                    ": drop one of the two or give it another id"};
        }
    }
    return order;
}

}  // namespace

std::string_view IdTable::string(std::uint32_t row) const noexcept {
    const std::uint64_t start = base::read_once(text_starts[row]);
    const std::uint64_t end = base::read_once(text_starts[row + 1]);
    if (start > end || end > text.size()) return {};
    return {text.data() + start, end - start};
}

std::optional<std::uint32_t> IdTable::find(std::int64_t id) const noexcept {
    if (kind == IdKind::string) return std::nullopt;
    if (kind == IdKind::row) {
        if (id < 0 || id >= static_cast<std::int64_t>(count)) return std::nullopt;
        return static_cast<std::uint32_t>(id);
    }
    return search(*this, id, [this](std::uint32_t row) { return numbers[row]; });
}

std::optional<std::uint32_t> IdTable::find(std::string_view id) const noexcept {
    if (kind != IdKind::string) return std::nullopt;
    return search(*this, id, [this](std::uint32_t row) { return string(row); });
}

IdTable IdList::table(std::uint32_t count) const noexcept {
    return {.kind = kind,
            .count = count,
            .numbers = numbers,
            .text_starts = text_starts,
            .text = {text.data(), text.size()},
            .order = {}};
}

base::Result<std::vector<std::uint32_t>> sort_ids(const IdTable& ids) {
    switch (ids.kind) {
        case IdKind::int64:
            return sort_distinct(
                ids.count, [&](std::uint32_t row) { return ids.numbers[row]; },
                [&](std::uint32_t row) { return std::to_string(ids.numbers[row]); });
        case IdKind::string:
            return sort_distinct(
                ids.count, [&](std::uint32_t row) { return ids.string(row); },
                [&](std::uint32_t row) { return std::string("'").append(ids.string(row).substr(0, 100)).append("'"); });
        case IdKind::row:
            break;
    }
    return std::vector<std::uint32_t>{};
}

}  // namespace nearfile::opened
