#include "attributes/scan.hpp"

#include <algorithm>
#include <span>

namespace nearfile::attributes {
namespace {

// As many are compared one by one with 64 values at a time; among more each value is looked up.
constexpr std::size_t few_intervals = 8;
// Setting the bits of an item in so many costs as much as comparing the codes of all.
constexpr std::size_t few_items = 8;

// Of `count` values from `first` on, a multiple of 64, those in the intervals.
template <class T, class U>
void compare(const T* values, std::uint32_t first, std::uint32_t count, std::span<const Interval<U>> intervals,
             std::uint64_t* words) noexcept {
    const auto each_word = [&](const auto& holds) {
        std::uint32_t i = 0;
        for (; i + 64 <= count; i += 64) words[(first + i) / 64] |= word_where(values + first + i, holds);
        if (i < count) words[(first + i) / 64] |= word_where(values + first + i, count - i, holds);
    };
    if (intervals.size() > few_intervals) {
        return each_word([&](T value) {
            const auto after = std::upper_bound(intervals.begin(), intervals.end(), value,
                                                [](T wanted, const Interval<U>& each) { return wanted < each.low; });
            return after != intervals.begin() && value <= (after - 1)->high;
        });
    }
    for (const Interval<U>& each : intervals) {
        const T low = static_cast<T>(each.low);
        const T high = static_cast<T>(each.high);
        each_word([low, high](T value) { return (value >= low) & (value <= high); });
    }
}

// Block by block: what cannot be there is passed over, and what must be there is taken whole.
template <class T>
void scan_numbers(const ColumnView& column, const Intervals<T>& intervals, std::uint64_t* words) noexcept {
    const T* values = ColumnView::as<T>(column.values);
    for (std::uint32_t block = 0; block < blocks_of(column.count); ++block) {
        const T minimum = ColumnView::as<T>(column.minima)[block];
        const T maximum = ColumnView::as<T>(column.maxima)[block];
        const std::uint32_t first = block * block_items;
        const std::uint32_t size = std::min(block_items, column.count - first);
        // (A maximum that is no number is below nothing.)
        auto from = std::partition_point(intervals.begin(), intervals.end(),
                                         [&](const Interval<T>& each) { return each.high < minimum; });
        auto to =
            std::partition_point(from, intervals.end(), [&](const Interval<T>& each) { return !(each.low > maximum); });
        if (to - from == 1 && from->low <= minimum && maximum <= from->high) {
            std::fill_n(words + first / 64, words_of(size), ~std::uint64_t{0});
        } else {
            compare(values, first, size, std::span(from, to), words);
        }
    }
}

void scan_bits(const ColumnView& column, const Intervals<std::int64_t>& intervals, std::uint64_t* words) noexcept {
    const auto has = [&](std::int64_t value) {
        return std::any_of(intervals.begin(), intervals.end(),
                           [value](const auto& each) { return each.low <= value && value <= each.high; });
    };
    const bool truths = has(1);
    const bool falsehoods = has(0);
    for (std::size_t i = 0; i < words_of(column.count); ++i) {
        words[i] = (truths ? column.bits[i] : 0) | (falsehoods ? ~column.bits[i] : 0);
    }
}

// By the codes of all items, or by the postings of those that are asked for, whichever is less work.
void scan_codes(const ColumnView& column, const Intervals<std::int64_t>& intervals, std::uint64_t* words) {
    Intervals<std::uint32_t> codes;
    std::uint64_t n_items = 0;
    for (const Interval<std::int64_t>& each : intervals) {
        const std::int64_t low = std::max<std::int64_t>(each.low, 0);
        const std::int64_t high = std::min<std::int64_t>(each.high, std::int64_t{column.info.distinct} - 1);
        if (low > high) continue;
        codes.push_back({static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high)});
        n_items += column.items_of(codes.back().low, codes.back().high).size();
    }
    const bool lists = column.info.type == ColumnType::strings;
    if (lists || codes.size() > few_intervals || n_items < column.count / few_items) {
        for (const Interval<std::uint32_t>& each : codes) {
            for (const std::uint32_t& place : column.items_of(each.low, each.high)) {
                const std::uint32_t item = base::read_once(place);
                if (item < column.count) set_bit(words, item);
            }
        }
        return;
    }
    const std::span<const Interval<std::uint32_t>> wanted = codes;
    if (column.codes.width() == 1) return compare(column.codes.as<std::uint8_t>(), 0, column.count, wanted, words);
    if (column.codes.width() == 2) return compare(column.codes.as<std::uint16_t>(), 0, column.count, wanted, words);
    compare(column.codes.as<std::uint32_t>(), 0, column.count, wanted, words);
}

}  // namespace

void scan(const Term& term, Bitmap& items) {
    const ColumnView& column = *term.column;
    if (column.count == 0) return;
    std::uint64_t* words = items.data();
    if (!term.asks_missing) {
        switch (column.info.type) {
            case ColumnType::boolean:
                scan_bits(column, term.integers, words);
                break;
            case ColumnType::int64:
            case ColumnType::timestamp:
                scan_numbers<std::int64_t>(column, term.integers, words);
                break;
            case ColumnType::float64:
                scan_numbers<double>(column, term.floats, words);
                break;
            case ColumnType::string:
            case ColumnType::strings:
                scan_codes(column, term.integers, words);
                break;
        }
    }
    // Missing values were compared too, as zeros. Those that are asked for themselves are what is not present.
    const std::uint64_t flip = term.negated ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::uint64_t present = column.present == nullptr ? ~std::uint64_t{0} : column.present[i];
        words[i] = term.asks_missing ? ~present ^ flip : (words[i] ^ flip) & present;
    }
    items.back() &= last_word(column.count);
}

}  // namespace nearfile::attributes
