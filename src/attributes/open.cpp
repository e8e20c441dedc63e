// Opening columns: is the directory whole, and are its arrays there?
#include <algorithm>
#include <cstring>
#include <numeric>

#include "attributes/checks.hpp"
#include "attributes/columns.hpp"
#include "base/utf8.hpp"

namespace nearfile::attributes {
namespace {

base::Error damaged(const std::string& what) {
    return {base::Failure::bad_file, what};
}

// Numbers that go together, each such that what layout_of() computes does not overflow.
bool is_whole(const ColumnEntry& entry, std::uint32_t count, std::uint64_t all_bytes) {
    if (column_type_name(entry.type) == "unknown" || entry.missing > count) return false;
    const bool moments = entry.type == ColumnType::timestamp;
    if (moments != is_tick(entry.ticks_per_second) || (!moments && entry.ticks_per_second != 0)) return false;
    if ((!moments && entry.time_zone_bytes != 0) || entry.name_bytes == 0) return false;
    if (!has_dictionary(entry.type)) {
        return entry.distinct == 0 && entry.elements == 0 && entry.postings == 0 && entry.text_bytes == 0;
    }
    const bool lists = entry.type == ColumnType::strings;
    const std::uint64_t most = lists ? entry.elements : std::uint64_t{count} - entry.missing;
    const bool some = entry.postings > 0;
    return entry.elements <= (lists ? max_list_strings : 0) && entry.distinct <= entry.postings &&
           entry.postings <= most && (lists || entry.postings == most) && some == (entry.distinct > 0) &&
           some == (most > 0) && entry.text_bytes <= all_bytes;
}

// The arrays of a column in the section.
ColumnView view_of(const ColumnEntry& entry, const ColumnLayout& layout, std::span<const std::byte> bytes,
                   std::uint32_t count) {
    const auto part = [&bytes](const Extent& extent) { return bytes.subspan(extent.offset, extent.bytes); };
    const auto numbers = [&part](const Extent& extent) {
        const auto some = part(extent);
        return std::span(ColumnView::as<std::uint32_t>(some), some.size() / sizeof(std::uint32_t));
    };
    ColumnView view;
    view.info = {.name = {},
                 .type = entry.type,
                 .ticks_per_second = entry.ticks_per_second,
                 .time_zone = {},
                 .missing = entry.missing,
                 .distinct = entry.distinct};
    view.count = count;
    if (entry.missing > 0) view.present = ColumnView::as<std::uint64_t>(part(layout.present));
    if (entry.type == ColumnType::boolean) {
        view.bits = ColumnView::as<std::uint64_t>(part(layout.values));
    } else {
        view.values = part(layout.values);
    }
    view.minima = part(layout.minima);
    view.maxima = part(layout.maxima);
    view.codes = Integers(part(layout.codes), code_bytes(entry.distinct));
    view.list_starts = numbers(layout.list_starts);
    view.posting_starts = numbers(layout.posting_starts);
    view.postings = numbers(layout.postings);
    view.text_starts = Integers(part(layout.text_starts), text_start_bytes(entry.text_bytes));
    const auto text = part(layout.text);
    view.text = {ColumnView::as<char>(text), text.size()};
    return view;
}

// Names and time zones, which follow the entries.
class Names {
public:
    explicit Names(std::span<const std::byte> bytes) : bytes_(bytes) {}

    bool take(std::uint32_t size, std::string& to) {
        if (size > bytes_.size()) return false;
        to.assign(reinterpret_cast<const char*>(bytes_.data()), size);
        bytes_ = bytes_.subspan(size);
        return base::is_utf8(to);
    }
    bool all_taken() const noexcept { return bytes_.empty(); }

private:
    std::span<const std::byte> bytes_;
};

}  // namespace

base::Result<Columns> Columns::open(std::span<const std::byte> directory, std::span<const std::byte> values,
                                    std::uint32_t count) {
    std::uint64_t n = 0;
    if (directory.size() >= sizeof n) n = base::read_once<std::uint64_t>(directory.data());
    if (n == 0 || n > max_columns || (directory.size() - sizeof n) / sizeof(ColumnEntry) < n) {
        return damaged("the directory of columns has no columns, too many, or is cut short");
    }
    Names names(directory.subspan(sizeof n + n * sizeof(ColumnEntry)));
    Columns columns;
    columns.count_ = count;
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < n; ++i) {
        ColumnEntry entry;
        std::memcpy(&entry, directory.data() + sizeof n + i * sizeof entry, sizeof entry);
        if (!is_whole(entry, count, values.size())) {
            return damaged("the numbers of column " + std::to_string(i) + " do not go together");
        }
        const ColumnLayout layout = layout_of(entry, count, end);
        end = layout.end;
        if (end > values.size()) return damaged("the values of column " + std::to_string(i) + " are cut short");
        ColumnView& view = columns.views_.emplace_back(view_of(entry, layout, values, count));
        if (!names.take(entry.name_bytes, view.info.name) || !names.take(entry.time_zone_bytes, view.info.time_zone)) {
            return damaged("the name of column " + std::to_string(i) + " is cut short or no UTF-8");
        }
    }
    if (end != values.size() || !names.all_taken()) return damaged("there is more than the columns have");
    auto& order = columns.by_name_;
    order.resize(n);
    std::iota(order.begin(), order.end(), 0u);
    const auto name_of = [&](std::uint32_t i) -> const std::string& { return columns.views_[i].info.name; };
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return name_of(a) < name_of(b); });
    for (std::size_t i = 1; i < n; ++i) {
        if (name_of(order[i - 1]) == name_of(order[i])) {
            return damaged("two columns have the name '" + name_of(order[i]) + "'");
        }
    }
    return columns;
}

}  // namespace nearfile::attributes
