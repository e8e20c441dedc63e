#include "attributes/encode.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "attributes/bitmap.hpp"
#include "attributes/block_range.hpp"
#include "attributes/dictionary.hpp"
#include "attributes/layout.hpp"

namespace nearfile::attributes {
namespace {

// One column on its way: what is counted first, so that it is known how long its arrays are, and then what fills them.
class ColumnEncoder {
public:
    ColumnEncoder(const Column& column, std::uint32_t count, std::span<const std::uint32_t> row_of_item)
        : column_(column), count_(count), row_of_item_(row_of_item) {}

    void prepare() {
        entry_.type = column_.type;
        entry_.ticks_per_second = column_.ticks_per_second;
        entry_.name_bytes = static_cast<std::uint32_t>(column_.name.size());
        entry_.time_zone_bytes = static_cast<std::uint32_t>(column_.time_zone.size());
        for (const std::uint8_t each : column_.missing) entry_.missing += each;
        if (!has_dictionary(column_.type)) return;
        dictionary_ = dictionary_of(column_);
        entry_.distinct = static_cast<std::uint32_t>(dictionary_.values.size());
        entry_.text_bytes = dictionary_.text_bytes;
        count_postings();
    }

    const ColumnEntry& entry() const noexcept { return entry_; }

    // `bytes` are zero.
    void write(std::byte* bytes, const ColumnLayout& layout) const {
        auto* present = reinterpret_cast<std::uint64_t*>(bytes + layout.present.offset);
        for (std::uint32_t item = 0; entry_.missing > 0 && item < count_; ++item) {
            if (!is_missing(item)) set_bit(present, item);
        }
        const std::uint64_t* there = entry_.missing > 0 ? present : nullptr;
        switch (column_.type) {
            case ColumnType::boolean:
                return write_bits(reinterpret_cast<std::uint64_t*>(bytes + layout.values.offset));
            case ColumnType::int64:
            case ColumnType::timestamp:
                return write_numbers<std::int64_t>(column_.integers, there, bytes, layout);
            case ColumnType::float64:
                return write_numbers<double>(column_.numbers, there, bytes, layout);
            case ColumnType::string:
            case ColumnType::strings:
                return write_strings(bytes, layout);
        }
    }

private:
    std::uint32_t row_of(std::uint32_t item) const noexcept { return row_of_item_.empty() ? item : row_of_item_[item]; }
    bool is_missing(std::uint32_t item) const noexcept {
        return !column_.missing.empty() && column_.missing[row_of(item)] != 0;
    }

    // The codes of an item, in the order of its list; of a column of strings one.
    std::span<const std::uint32_t> codes_of(std::uint32_t item) const noexcept {
        if (is_missing(item)) return {};
        const std::uint32_t row = row_of(item);
        const std::span<const std::uint32_t> codes = dictionary_.codes;
        if (column_.type == ColumnType::string) return codes.subspan(row, 1);
        return codes.subspan(column_.starts[row], column_.starts[row + 1] - column_.starts[row]);
    }

    // Tells each item of each distinct string that it has, items in order, the same one several times if it is there so
    // often.
    template <class Tell>
    void each_code(const Tell& tell) const {
        for (std::uint32_t item = 0; item < count_; ++item) {
            for (const std::uint32_t code : codes_of(item)) tell(item, code);
        }
    }

    void count_postings() {
        starts_.assign(std::size_t{entry_.distinct} + 1, 0);
        std::vector<std::uint32_t> last(entry_.distinct, ~0u);
        each_code([&](std::uint32_t item, std::uint32_t code) {
            if (column_.type == ColumnType::strings) ++entry_.elements;
            if (last[code] == item) return;
            last[code] = item;
            ++starts_[code + 1];
            ++entry_.postings;
        });
        for (std::size_t code = 0; code < entry_.distinct; ++code) starts_[code + 1] += starts_[code];
    }

    void write_bits(std::uint64_t* words) const {
        for (std::uint32_t item = 0; item < count_; ++item) {
            if (!is_missing(item) && column_.integers[row_of(item)] != 0) set_bit(words, item);
        }
    }

    template <class T>
    void write_numbers(std::span<const T> from, const std::uint64_t* present, std::byte* bytes,
                       const ColumnLayout& layout) const {
        T* values = reinterpret_cast<T*>(bytes + layout.values.offset);
        T* minima = reinterpret_cast<T*>(bytes + layout.minima.offset);
        T* maxima = reinterpret_cast<T*>(bytes + layout.maxima.offset);
        for (std::uint32_t item = 0; item < count_; ++item) {
            if (!is_missing(item)) values[item] = from[row_of(item)];
        }
        for (std::uint32_t block = 0; block < blocks_of(count_); ++block) {
            const std::uint32_t first = block * block_items;
            const auto range = block_range(values, present, first, first + std::min(block_items, count_ - first));
            minima[block] = range.minimum;
            maxima[block] = range.maximum;
        }
    }

    void write_strings(std::byte* bytes, const ColumnLayout& layout) const {
        write_codes(bytes, layout);
        std::memcpy(bytes + layout.posting_starts.offset, starts_.data(), layout.posting_starts.bytes);
        auto* postings = reinterpret_cast<std::uint32_t*>(bytes + layout.postings.offset);
        std::vector<std::uint32_t> next(starts_.begin(), starts_.end());
        each_code([&](std::uint32_t item, std::uint32_t code) {
            std::uint32_t& at = next[code];
            if (at == starts_[code] || postings[at - 1] != item) postings[at++] = item;
        });
        const std::size_t width = text_start_bytes(entry_.text_bytes);
        std::byte* text = bytes + layout.text.offset;
        std::uint64_t end = 0;
        for (std::size_t code = 0; code < dictionary_.values.size(); ++code) {
            const std::string_view value = dictionary_.values[code];
            if (!value.empty()) std::memcpy(text + end, value.data(), value.size());
            end += value.size();
            std::memcpy(bytes + layout.text_starts.offset + (code + 1) * width, &end, width);
        }
    }

    // A row without a value has the first code, or an empty list.
    void write_codes(std::byte* bytes, const ColumnLayout& layout) const {
        const std::size_t width = code_bytes(entry_.distinct);
        const bool lists = column_.type == ColumnType::strings;
        std::byte* codes = bytes + layout.codes.offset;
        std::uint32_t end = 0;
        for (std::uint32_t item = 0; item < count_; ++item) {
            if (!lists) end = item;
            for (const std::uint32_t code : codes_of(item)) std::memcpy(codes + width * end++, &code, width);
            if (!lists) continue;
            std::memcpy(bytes + layout.list_starts.offset + (std::size_t{item} + 1) * sizeof end, &end, sizeof end);
        }
    }

    const Column& column_;
    std::uint32_t count_;
    std::span<const std::uint32_t> row_of_item_;
    ColumnEntry entry_{};
    Dictionary dictionary_;
    std::vector<std::uint32_t> starts_;  // of the postings of each code
};

std::vector<std::byte> directory_of(std::span<const Column> columns, const std::vector<ColumnEncoder>& encoders) {
    std::vector<std::byte> bytes;
    const auto add = [&bytes](const void* from, std::size_t size) {
        const auto* first = static_cast<const std::byte*>(from);
        bytes.insert(bytes.end(), first, first + size);
    };
    const std::uint64_t n = columns.size();
    add(&n, sizeof n);
    for (const ColumnEncoder& each : encoders) add(&each.entry(), sizeof(ColumnEntry));
    for (const Column& each : columns) {
        add(each.name.data(), each.name.size());
        add(each.time_zone.data(), each.time_zone.size());
    }
    return bytes;
}

}  // namespace

EncodedColumns encode(std::span<const Column> columns, std::uint32_t count, std::span<const std::uint32_t> row_of_item,
                      const RunTasks& run) {
    EncodedColumns encoded;
    if (columns.empty()) return encoded;
    std::vector<ColumnEncoder> encoders;
    for (const Column& each : columns) encoders.emplace_back(each, count, row_of_item);
    run(encoders.size(), [&](std::size_t i) { encoders[i].prepare(); });
    std::vector<ColumnLayout> layouts;
    std::uint64_t end = 0;
    for (const ColumnEncoder& each : encoders) end = layouts.emplace_back(layout_of(each.entry(), count, end)).end;
    encoded.values = base::allocate(end);
    run(encoders.size(), [&](std::size_t i) { encoders[i].write(encoded.values.data(), layouts[i]); });
    encoded.directory = directory_of(columns, encoders);
    return encoded;
}

}  // namespace nearfile::attributes
