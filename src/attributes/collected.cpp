#include "attributes/collected.hpp"

#include <algorithm>
#include <string>

#include "attributes/checks.hpp"
#include "attributes/layout.hpp"

namespace nearfile::attributes {
namespace {

std::string description_of(const Column& column) {
    std::string text(column_type_name(column.type));
    if (column.type == ColumnType::timestamp) text += " of " + std::to_string(column.ticks_per_second) + " ticks";
    if (!column.time_zone.empty()) text += " in " + column.time_zone;
    return text;
}

std::string names_of(std::span<const Column> columns) {
    std::string names;
    for (const Column& each : columns) names += (names.empty() ? "'" : ", '") + each.name + "'";
    return names.empty() ? "no columns" : names;
}

const Column* find(std::span<const Column> columns, const std::string& name) noexcept {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const Column& each) { return each.name == name; });
    return at == columns.end() ? nullptr : &*at;
}

base::Error differs(const std::string& how) {
    return {base::Failure::invalid_argument, "every call must have the same columns; " + how};
}

base::Result<void> check_same(std::span<const Column> have, std::span<const Column> came) {
    for (const Column& each : have) {
        const Column* other = find(came, each.name);
        if (other == nullptr) {
            return differs("'" + each.name + "' is not there, got " + names_of(came) +
                           ": where its values are missing, say so of each row");
        }
        if (description_of(*other) != description_of(each)) {
            return differs("'" + each.name + "' was " + description_of(each) + ", got " + description_of(*other));
        }
    }
    for (const Column& each : came) {
        if (find(have, each.name) == nullptr) {
            return differs("'" + each.name + "' was not there before, which had " + names_of(have));
        }
    }
    return {};
}

template <class T>
void make_room(std::vector<T>& values, std::size_t more) {
    const std::size_t needed = values.size() + more;
    if (values.capacity() < needed) values.reserve(std::max(needed, values.size() * 2));
}

template <class T>
void append_all(std::vector<T>& to, const std::vector<T>& from) noexcept {
    to.insert(to.end(), from.begin(), from.end());
}

// Starts of `n` more, which begin where the last ended.
void append_starts(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from) noexcept {
    if (from.size() < 2) return;
    const std::uint64_t base = to.back();
    for (std::size_t i = 1; i < from.size(); ++i) to.push_back(base + from[i]);
}

}  // namespace

base::Result<void> CollectedColumns::check(std::span<const Column> columns, std::uint64_t rows) const {
    if (auto fits = check_columns(columns, rows); !fits) return fits;
    if (!settled_) return {};
    if (auto fits = check_same(columns_, columns); !fits) return fits;
    for (const Column& have : columns_) {
        if (have.type != ColumnType::strings) continue;
        const std::uint64_t all = have.starts.back() + (rows == 0 ? 0 : find(columns, have.name)->starts.back());
        if (all <= max_list_strings) continue;
        return base::Error{base::Failure::invalid_argument,
                           "column '" + have.name + "' may have " + std::to_string(max_list_strings) +
                               " strings in its lists; got " + std::to_string(all) + " in all"};
    }
    return {};
}

void CollectedColumns::reserve(std::span<const Column> columns, std::uint64_t rows) {
    if (!settled_) {
        first_.clear();
        for (const Column& each : columns) {
            Column& made = first_.emplace_back();
            made.name = each.name;
            made.type = each.type;
            made.ticks_per_second = each.ticks_per_second;
            made.time_zone = each.time_zone;
            if (each.type == ColumnType::strings) made.starts.push_back(0);
            if (has_dictionary(each.type)) made.text_starts.push_back(0);
        }
    }
    for (Column& have : settled_ ? columns_ : first_) {
        const Column& more = *find(columns, have.name);
        if (!more.missing.empty() || !have.missing.empty()) {
            make_room(have.missing, have.missing.empty() ? rows_ + rows : rows);
        }
        make_room(have.integers, more.integers.size());
        make_room(have.numbers, more.numbers.size());
        make_room(have.starts, more.starts.size());
        make_room(have.text_starts, more.text_starts.size());
        const std::size_t letters = have.text.size() + more.text.size();
        if (have.text.capacity() < letters) have.text.reserve(std::max(letters, have.text.size() * 2));
    }
}

void CollectedColumns::append(std::span<const Column> columns, std::uint64_t rows) noexcept {
    if (!settled_) columns_ = std::move(first_);
    settled_ = true;
    for (Column& have : columns_) {
        const Column& more = *find(columns, have.name);
        if (!more.missing.empty() || !have.missing.empty()) {
            have.missing.resize(rows_);
            if (more.missing.empty()) {
                have.missing.resize(rows_ + rows);
            } else {
                append_all(have.missing, more.missing);
            }
        }
        append_all(have.integers, more.integers);
        append_all(have.numbers, more.numbers);
        append_starts(have.starts, more.starts);
        append_starts(have.text_starts, more.text_starts);
        have.text += more.text;
    }
    rows_ += rows;
}

}  // namespace nearfile::attributes
