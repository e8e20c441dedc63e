// Arrow's arrays whose values are in other arrays: dictionaries, and lists.
#include <utility>

#include "arrow_buffers.hpp"
#include "arrow_lists.hpp"
#include "arrow_values.hpp"

namespace nearfile::python {
namespace {

template <class Index>
class DictionaryValues : public ArrowValues {
public:
    DictionaryValues(const ArrowArray& array, std::unique_ptr<ArrowValues> values, const std::string& column)
        : present_(array, 0), indices_(array, 1, column), values_(std::move(values)), size_(array.dictionary->length) {}

    void add(std::int64_t i, ColumnFiller& to) const override {
        if (!present_[i]) return to.add_missing();
        values_->add(checked(i, to.name()), to);
    }
    void add_to_list(std::int64_t i, ColumnFiller& to) const override {
        if (!present_[i]) return ArrowValues::add_to_list(i, to);
        values_->add_to_list(checked(i, to.name()), to);
    }

private:
    std::int64_t checked(std::int64_t i, const std::string& column) const {
        const auto index = static_cast<std::int64_t>(indices_[i]);
        if (index < 0 || index >= size_) {
            refuse_damaged(column, "place " + std::to_string(index) + " of a dictionary of " + std::to_string(size_));
        }
        return index;
    }

    ArrowBits present_;
    ArrowBuffer<Index> indices_;
    std::unique_ptr<ArrowValues> values_;
    std::int64_t size_;
};

template <class Lists>
class ListValues : public ArrowValues {
public:
    ListValues(const ArrowArray& array, const Lists& lists, std::unique_ptr<ArrowValues> elements)
        : present_(array, 0), lists_(lists), elements_(std::move(elements)), size_(array.children[0]->length) {}

    void add(std::int64_t i, ColumnFiller& to) const override {
        if (!present_[i]) return to.add_missing();
        const Extent list = lists_[i];
        if (list.start < 0 || list.end < list.start || list.end > size_) {
            refuse_damaged(to.name(), "a list from " + std::to_string(list.start) + " to " + std::to_string(list.end) +
                                          " of " + std::to_string(size_) + " elements");
        }
        for (std::int64_t element = list.start; element < list.end; ++element) elements_->add_to_list(element, to);
        to.end_list();
    }

private:
    ArrowBits present_;
    Lists lists_;
    std::unique_ptr<ArrowValues> elements_;
    std::int64_t size_;
};

}  // namespace

std::unique_ptr<ArrowValues> arrow_dictionary(Layout indices, const ArrowArray& array,
                                              std::unique_ptr<ArrowValues> values, const std::string& column) {
    const auto of = [&]<class T>(T) -> std::unique_ptr<ArrowValues> {
        return std::make_unique<DictionaryValues<T>>(array, std::move(values), column);
    };
    switch (indices) {
        case Layout::int8:
            return of(std::int8_t{});
        case Layout::uint8:
            return of(std::uint8_t{});
        case Layout::int16:
            return of(std::int16_t{});
        case Layout::uint16:
            return of(std::uint16_t{});
        case Layout::int32:
            return of(std::int32_t{});
        case Layout::uint32:
            return of(std::uint32_t{});
        case Layout::int64:
        case Layout::uint64:
            return of(std::int64_t{});  // larger ones are negative, and refused
        default:
            refuse_damaged(column, "a dictionary whose places are no whole numbers");
    }
}

std::unique_ptr<ArrowValues> arrow_list(ListLayout layout, std::int64_t size, const ArrowArray& array,
                                        std::unique_ptr<ArrowValues> elements, const std::string& column) {
    const auto of = [&]<class Lists>(const Lists& lists) -> std::unique_ptr<ArrowValues> {
        return std::make_unique<ListValues<Lists>>(array, lists, std::move(elements));
    };
    switch (layout) {
        case ListLayout::offsets32:
            return of(OffsetLists<std::int32_t>(array, column));
        case ListLayout::offsets64:
            return of(OffsetLists<std::int64_t>(array, column));
        case ListLayout::views32:
            return of(ViewLists<std::int32_t>(array, column));
        case ListLayout::views64:
            return of(ViewLists<std::int64_t>(array, column));
        case ListLayout::fixed:
        case ListLayout::none:
            break;
    }
    return of(FixedLists(array, size));
}

}  // namespace nearfile::python
