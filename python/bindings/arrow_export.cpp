// Columns given out as Arrow's capsules, which share our memory: it stays for as long as whoever took them needs it.
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <nearfile/error.hpp>
#include <string>
#include <utility>
#include <vector>

#include "arrow_abi.hpp"
#include "arrow_format.hpp"
#include "bindings.hpp"
#include "columns.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Shared = std::shared_ptr<const std::vector<Column>>;
using Bits = std::vector<std::uint8_t>;

// A schema or an array with all that it points at, in one piece that its release() deletes.
template <class T>
struct Given {
    std::string name;
    std::string format;
    Shared columns;
    std::array<Bits, 2> bits;
    std::array<const void*, 3> buffers{};
    std::vector<T> children;
    std::vector<T*> places;

    // `to` becomes what is here, and lets go of it.
    static void give(std::unique_ptr<Given> given, T& to) {
        for (T& child : given->children) given->places.push_back(&child);
        to.n_children = static_cast<std::int64_t>(given->children.size());
        to.children = given->places.data();
        to.release = [](T* held) {
            for (std::int64_t i = 0; i < held->n_children; ++i) {
                T* const child = held->children[i];
                if (child->release != nullptr) child->release(child);  // else it was moved out
            }
            delete static_cast<Given*>(held->private_data);
            held->release = nullptr;
        };
        to.private_data = given.release();
    }
};

void give_schema(std::string name, std::string format, std::vector<ArrowSchema> children, ArrowSchema& to) {
    auto given = std::make_unique<Given<ArrowSchema>>();
    given->name = std::move(name);
    given->format = std::move(format);
    given->children = std::move(children);
    to = {};
    to.name = given->name.c_str();
    to.format = given->format.c_str();
    to.flags = arrow_nullable;
    Given<ArrowSchema>::give(std::move(given), to);
}

void give_schema(const std::vector<Column>& columns, ArrowSchema& to) {
    std::vector<ArrowSchema> children(columns.size());
    for (std::size_t i = 0; i < children.size(); ++i) {
        const Column& column = columns[i];
        std::vector<ArrowSchema> elements(column.type == ColumnType::strings ? 1 : 0);
        if (!elements.empty()) give_schema("item", "U", {}, elements.front());
        give_schema(column.name, format_of_column(column), std::move(elements), children[i]);
    }
    give_schema("", "+s", std::move(children), to);
    to.flags = 0;
}

template <class Holds>
Bits bits_where(std::size_t rows, const Holds& holds) {
    Bits bits((rows + 7) / 8);
    for (std::size_t i = 0; i < rows; ++i) bits[i / 8] |= static_cast<std::uint8_t>((holds(i) ? 1 : 0) << i % 8);
    return bits;
}

void give_array(std::unique_ptr<Given<ArrowArray>> given, std::int64_t length, std::int64_t buffers, ArrowArray& to) {
    to = {};
    to.length = length;
    to.n_buffers = buffers;
    to.buffers = given->buffers.data();
    Given<ArrowArray>::give(std::move(given), to);
}

const void* starts_of(const std::vector<std::uint64_t>& starts) {
    static constexpr std::uint64_t none = 0;  // of no rows
    return starts.empty() ? &none : starts.data();
}

void give_texts(const Shared& columns, const Column& column, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->columns = columns;
    given->buffers = {nullptr, starts_of(column.text_starts), column.text.data()};
    const std::size_t texts = column.text_starts.empty() ? 0 : column.text_starts.size() - 1;
    give_array(std::move(given), static_cast<std::int64_t>(texts), 3, to);
}

void give_column(const Shared& columns, const Column& column, std::size_t rows, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->columns = columns;
    const auto missing = static_cast<std::int64_t>(std::count(column.missing.begin(), column.missing.end(), 1));
    if (missing > 0) {
        given->bits[0] = bits_where(rows, [&](std::size_t i) { return column.missing[i] == 0; });
        given->buffers[0] = given->bits[0].data();
    }
    std::int64_t buffers = 2;
    switch (column.type) {
        case ColumnType::boolean:
            given->bits[1] = bits_where(rows, [&](std::size_t i) { return column.integers[i] != 0; });
            given->buffers[1] = given->bits[1].data();
            break;
        case ColumnType::int64:
        case ColumnType::timestamp:
            given->buffers[1] = column.integers.data();
            break;
        case ColumnType::float64:
            given->buffers[1] = column.numbers.data();
            break;
        case ColumnType::string:
            given->buffers[1] = starts_of(column.text_starts);
            given->buffers[2] = column.text.data();
            buffers = 3;
            break;
        case ColumnType::strings:
            given->buffers[1] = starts_of(column.starts);
            given->children.resize(1);
            give_texts(columns, column, given->children.front());
            break;
    }
    give_array(std::move(given), static_cast<std::int64_t>(rows), buffers, to);
    to.null_count = missing;
}

void give_table(const Shared& columns, std::size_t rows, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->columns = columns;
    given->children.resize(columns->size());
    for (std::size_t i = 0; i < columns->size(); ++i) give_column(columns, (*columns)[i], rows, given->children[i]);
    give_array(std::move(given), static_cast<std::int64_t>(rows), 1, to);
}

// A stream of one table.
struct GivenStream {
    Shared columns;
    std::size_t rows;
    bool done = false;
};

GivenStream& given_of(ArrowArrayStream* stream) {
    return *static_cast<GivenStream*>(stream->private_data);
}

template <class Call>
int told(const Call& call) noexcept {
    try {
        call();
        return 0;
    } catch (...) {  // of memory alone
        return ENOMEM;
    }
}

void give_stream(Shared columns, std::size_t rows, ArrowArrayStream& to) {
    to = {};
    to.private_data = new GivenStream{std::move(columns), rows};
    to.get_schema = [](ArrowArrayStream* stream, ArrowSchema* out) {
        return told([&] { give_schema(*given_of(stream).columns, *out); });
    };
    to.get_next = [](ArrowArrayStream* stream, ArrowArray* out) {
        GivenStream& given = given_of(stream);
        *out = {};
        if (given.done) return 0;
        const int failed = told([&] { give_table(given.columns, given.rows, *out); });
        given.done = failed == 0;
        return failed;
    };
    to.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    to.release = [](ArrowArrayStream* stream) {
        delete &given_of(stream);
        stream->release = nullptr;
    };
}

nb::object stream(const Columns& columns, std::size_t rows) {
    for (const Column& column : columns.all()) {
        if ((column.name + column.time_zone).find('\0') != std::string::npos) {
            throw Error(ErrorCode::invalid_argument, "column '" + column.name +
                                                         "': expected a name and a time zone without zero bytes, at "
                                                         "which they end in Arrow: take to_dict()");
        }
        if (rows_of(column) == rows) continue;
        throw Error(ErrorCode::invalid_argument, "column '" + column.name + "': expected " + std::to_string(rows) +
                                                     " rows, got " + std::to_string(rows_of(column)));
    }
    auto content = std::make_unique<ArrowArrayStream>();
    give_stream(columns.shared(), rows, *content);
    PyObject* const capsule = PyCapsule_New(content.get(), "arrow_array_stream", [](PyObject* object) {
        auto* const held = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(object, "arrow_array_stream"));
        if (held->release != nullptr) held->release(held);
        delete held;
    });
    if (capsule == nullptr) {
        content->release(content.get());
        throw nb::python_error();
    }
    content.release();
    return nb::steal(capsule);
}

}  // namespace

void bind_arrow_export(nb::class_<Columns>& type) {
    type.def("arrow_stream", &stream, "rows"_a, nb::sig("def arrow_stream(self, rows: int) -> object"),
             "A capsule `arrow_array_stream` of one table, which shares the memory.");
}

}  // namespace nearfile::python
