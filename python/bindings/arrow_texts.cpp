// Strings of Arrow's arrays, of every layout that it has for them.
#include <string_view>

#include "arrow_buffers.hpp"
#include "arrow_values.hpp"

namespace nearfile::python {
namespace {

// Text of every layout; `Derived` says where the bytes of one are.
class TextValues : public ArrowValues {
public:
    explicit TextValues(const ArrowArray& array) : present_(array, 0) {}

    void add(std::int64_t i, ColumnFiller& to) const final {
        if (!present_[i]) return to.add_missing();
        to.add_text(text(i, to.name()));
    }
    void add_to_list(std::int64_t i, ColumnFiller& to) const final {
        if (!present_[i]) return ArrowValues::add_to_list(i, to);
        to.add_to_list(text(i, to.name()));
    }

private:
    virtual std::string_view text(std::int64_t i, const std::string& column) const = 0;

    ArrowBits present_;
};

template <class Offset>
class OffsetTextValues : public TextValues {
public:
    OffsetTextValues(const ArrowArray& array, const std::string& column)
        : TextValues(array), offsets_(array, 1, column), data_(static_cast<const char*>(array.buffers[2])) {}

private:
    std::string_view text(std::int64_t i, const std::string& column) const override {
        const std::int64_t start = offsets_[i];
        const std::int64_t end = offsets_[i + 1];
        if (start < 0 || end < start || (data_ == nullptr && end > start)) {
            refuse_damaged(column, "a string from byte " + std::to_string(start) + " to " + std::to_string(end));
        }
        return data_ == nullptr ? std::string_view() : std::string_view(data_ + start, end - start);
    }

    ArrowBuffer<Offset> offsets_;
    const char* data_;
};

class ViewTextValues : public TextValues {
public:
    ViewTextValues(const ArrowArray& array, const std::string& column)
        : TextValues(array), views_(array, 1, column), array_(array) {
        if (buffers() > 0 && array.buffers[array.n_buffers - 1] == nullptr) {
            refuse_damaged(column, "no lengths of its buffers");
        }
    }

private:
    // As the format has it: of at most 12 bytes all of them, else where they are.
    struct View {
        std::int32_t length;
        std::int32_t start_or_prefix;
        std::int32_t buffer;
        std::int32_t offset;
    };

    std::int64_t buffers() const { return array_.n_buffers - 3; }

    std::string_view text(std::int64_t i, const std::string& column) const override {
        const View view = views_[i];
        if (view.length >= 0 && view.length <= 12) {
            return {views_.place(i) + sizeof view.length, static_cast<std::size_t>(view.length)};
        }
        if (view.length < 0 || view.buffer < 0 || view.buffer >= buffers() || view.offset < 0) {
            refuse_damaged(column, "a string of " + std::to_string(view.length) + " bytes at " +
                                       std::to_string(view.offset) + " in buffer " + std::to_string(view.buffer) +
                                       " of " + std::to_string(buffers()));
        }
        std::int64_t bytes = 0;
        const auto* const lengths = static_cast<const char*>(array_.buffers[array_.n_buffers - 1]);
        std::memcpy(&bytes, lengths + view.buffer * sizeof bytes, sizeof bytes);
        const auto* const data = static_cast<const char*>(array_.buffers[2 + view.buffer]);
        if (data == nullptr || view.offset > bytes - view.length) {
            refuse_damaged(column, "a string beyond the end of its buffer");
        }
        return {data + view.offset, static_cast<std::size_t>(view.length)};
    }

    ArrowBuffer<View> views_;
    const ArrowArray& array_;
};

}  // namespace

std::unique_ptr<ArrowValues> arrow_texts(Layout layout, const ArrowArray& array, const std::string& column) {
    if (layout == Layout::text) return std::make_unique<OffsetTextValues<std::int32_t>>(array, column);
    if (layout == Layout::large_text) return std::make_unique<OffsetTextValues<std::int64_t>>(array, column);
    return std::make_unique<ViewTextValues>(array, column);
}

}  // namespace nearfile::python
