// Filters: made by an index, combined by themselves.
#include "nearfile/filter.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/filter_state.hpp"
#include "api/search_checks.hpp"
#include "nearfile/index.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile {
namespace {

using opened::raise;
using Words = std::vector<std::uint64_t>;

std::size_t words_of(std::uint32_t n_items) noexcept {
    return (std::size_t{n_items} + 63) / 64;
}

void set(Words& words, std::uint32_t item) noexcept {
    words[item / 64] |= std::uint64_t{1} << (item % 64);
}

std::shared_ptr<const Filter::State> made(Words words, std::uint32_t n_items, std::uint64_t fingerprint) {
    return std::make_shared<const Filter::State>(
        Filter::State{search::Eligible(std::move(words), n_items), fingerprint});
}

// Word by word, with nothing behind the last item.
template <class Combine>
std::shared_ptr<const Filter::State> combined(const Filter::State& a, const Filter::State& b, const Combine& combine) {
    const std::uint32_t n = a.eligible.n_items();
    if (a.fingerprint != b.fingerprint || n != b.eligible.n_items()) {
        raise(ErrorCode::invalid_argument,
              "filters must be of the same index to be combined; these are of two: make both by one index's filter()");
    }
    Words words(a.eligible.words().size());
    std::ranges::transform(a.eligible.words(), b.eligible.words(), words.begin(), combine);
    if (n % 64 != 0) words.back() &= (std::uint64_t{1} << (n % 64)) - 1;
    return made(std::move(words), n, a.fingerprint);
}

}  // namespace

const search::Eligible& api::eligible_of(const Filter& filter) noexcept {
    return filter.state().eligible;
}

std::uint32_t Filter::size() const noexcept {
    return state_->eligible.count();
}
std::span<const std::uint64_t> Filter::words() const noexcept {
    return state_->eligible.words();
}
std::uint64_t Filter::fingerprint() const noexcept {
    return state_->fingerprint;
}
std::uint32_t Filter::n_items() const noexcept {
    return state_->eligible.n_items();
}

Filter Filter::of_words(std::span<const std::uint64_t> words, std::uint32_t n_items, std::uint64_t fingerprint) {
    if (words.size() != words_of(n_items) || (n_items % 64 != 0 && words.back() >> (n_items % 64) != 0)) {
        raise(ErrorCode::invalid_argument, "a filter must have a bit for each item and none behind the last; got " +
                                               std::to_string(words.size()) + " words for " + std::to_string(n_items) +
                                               " items");
    }
    return Filter(made({words.begin(), words.end()}, n_items, fingerprint));
}

Filter Filter::operator&(const Filter& other) const {
    return Filter(combined(*state_, *other.state_, [](std::uint64_t a, std::uint64_t b) { return a & b; }));
}
Filter Filter::operator|(const Filter& other) const {
    return Filter(combined(*state_, *other.state_, [](std::uint64_t a, std::uint64_t b) { return a | b; }));
}
Filter Filter::operator~() const {
    return Filter(combined(*state_, *state_, [](std::uint64_t a, std::uint64_t) { return ~a; }));
}

Filter Index::filter(std::span<const std::uint8_t> mask) const {
    const std::uint32_t n = size();
    if (mask.size() != n) {
        raise(ErrorCode::invalid_argument, "a mask must have a value for each of the " + std::to_string(n) +
                                               " items; got " + std::to_string(mask.size()));
    }
    Words words(words_of(n));
    for (std::size_t word = 0; word < words.size(); ++word) {
        const auto first = static_cast<std::uint32_t>(word * 64);
        const std::uint32_t end = std::min(n, first + 64);
        std::uint64_t bits = 0;
        for (std::uint32_t item = first; item < end; ++item) {
            bits |= std::uint64_t{mask[state_->row_of(item)] != 0} << (item - first);
        }
        words[word] = bits;
    }
    return Filter(made(std::move(words), n, fingerprint()));
}

Filter Index::filter_of_rows(std::span<const std::uint32_t> rows) const {
    Words words(words_of(size()));
    for (const std::uint32_t row : rows) {
        api::check_row(*state_, row);
        set(words, state_->item_of(row));
    }
    return Filter(made(std::move(words), size(), fingerprint()));
}

std::vector<std::uint32_t> Index::rows_in(const Filter& filter) const {
    api::check_filter(*state_, filter);
    std::vector<std::uint32_t> rows(filter.size());
    filter.state().eligible.items_from(0, rows);
    for (std::uint32_t& each : rows) each = state_->row_of(each);
    std::ranges::sort(rows);
    return rows;
}

}  // namespace nearfile
