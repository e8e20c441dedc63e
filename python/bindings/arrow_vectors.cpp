// Vectors and ids that others hand over as Arrow's capsules, as NumPy's arrays: of one array where it lies, which stays
// for as long as NumPy's does.
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <memory>
#include <nearfile/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow_buffers.hpp"
#include "arrow_capsules.hpp"
#include "arrow_rows.hpp"
#include "arrow_values.hpp"
#include "bindings.hpp"
#include "gil.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

// A part of a column, and the array that it lies in.
struct Part {
    ArrowRows rows;
    std::shared_ptr<const Owned<ArrowArray>> array;
};

struct VectorColumn {
    std::string name;
    std::vector<Part> parts;
};

// One column, or those of a table, in parts.
class Parts {
public:
    explicit Parts(std::string what) : what_(std::move(what)) {}

    void begin(const ArrowSchema& schema) {
        is_table_ = schema.format != nullptr && std::string_view(schema.format) == "+s";
        const std::int64_t count = is_table_ ? schema.n_children : 1;
        const bool whole =
            count >= 0 && count <= most_columns && (!is_table_ || count == 0 || schema.children != nullptr);
        if (!whole) refuse_damaged(what_, std::to_string(count) + " columns");
        for (std::int64_t i = 0; i < count; ++i) {
            if (is_table_ && schema.children[i] == nullptr) refuse_damaged(what_, "a column that is not there");
            const ArrowSchema& column = is_table_ ? *schema.children[i] : schema;
            // What no array says the type does: how long a list of fixed size is.
            columns_.push_back(
                {column.name == nullptr ? "" : column.name, {{arrow_rows(column, nullptr, 0, 0, what_), {}}}});
        }
    }

    void add(const ArrowSchema& schema, Owned<ArrowArray>& taken) {
        const auto array = std::make_shared<Owned<ArrowArray>>();
        array->take(*taken.get());
        const ArrowArray& whole = **array;
        check_extent(&whole, what_);
        if (!is_table_) return add_part(columns_[0], schema, whole, 0, whole.length, array);
        check_shape(whole, 1, schema.n_children, what_);
        const ArrowBits present(whole, 0);
        for (std::int64_t i = 0; !present.is_absent() && i < whole.length; ++i) {
            if (!present[i]) refuse_damaged(what_, "a row of a table that is missing");
        }
        for (std::int64_t i = 0; i < whole.n_children; ++i) {
            check_extent(whole.children[i], what_);
            if (whole.children[i]->length < whole.offset + whole.length)
                refuse_damaged(what_, "columns that are too short");
            add_part(columns_[i], *schema.children[i], *whole.children[i], whole.offset, whole.length, array);
        }
    }

    const std::vector<VectorColumn>& columns() const { return columns_; }

private:
    void add_part(VectorColumn& column, const ArrowSchema& schema, const ArrowArray& array, std::int64_t start,
                  std::int64_t rows, const std::shared_ptr<const Owned<ArrowArray>>& owner) {
        ArrowRows part = arrow_rows(schema, &array, start, rows, what_);
        if (rows > 0) column.parts.push_back({std::move(part), owner});
    }

    static constexpr std::int64_t most_columns = 1 << 16;

    std::string what_;
    bool is_table_ = false;
    std::vector<VectorColumn> columns_;
};

nb::dlpack::dtype type_of(Layout layout) {
    switch (layout) {
        case Layout::bit:
            return nb::dtype<bool>();
        case Layout::int8:
            return nb::dtype<std::int8_t>();
        case Layout::uint8:
            return nb::dtype<std::uint8_t>();
        case Layout::int16:
            return nb::dtype<std::int16_t>();
        case Layout::uint16:
            return nb::dtype<std::uint16_t>();
        case Layout::int32:
            return nb::dtype<std::int32_t>();
        case Layout::uint32:
            return nb::dtype<std::uint32_t>();
        case Layout::int64:
            return nb::dtype<std::int64_t>();
        case Layout::uint64:
            return nb::dtype<std::uint64_t>();
        case Layout::float16:
            return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
        case Layout::float64:
            return nb::dtype<double>();
        default:
            return nb::dtype<float>();
    }
}

nb::object array_of(Part part) {
    if (part.rows.layout == Layout::text) {
        nb::list texts;
        for (const std::string& each : part.rows.texts) texts.append(text(each));
        return texts;
    }
    static constexpr std::uint64_t nothing = 0;  // of no values
    auto held = std::make_unique<Part>(std::move(part));
    const ArrowRows& rows = held->rows;
    const std::size_t shape[] = {static_cast<std::size_t>(rows.rows), static_cast<std::size_t>(rows.dim.value_or(0))};
    const void* const values = rows.values() == nullptr ? &nothing : rows.values();
    const nb::dlpack::dtype type = type_of(rows.layout);
    const std::size_t dimensions = rows.dim ? 2 : 1;
    const nb::capsule owner(held.get(), [](void* kept) noexcept { delete static_cast<Part*>(kept); });
    static_cast<void>(held.release());
    return nb::cast(nb::ndarray<nb::numpy, nb::ro>(values, dimensions, shape, owner, nullptr, type));
}

nb::list given(const Parts& parts) {
    nb::list columns;
    for (const VectorColumn& column : parts.columns()) {
        nb::list arrays;
        // The first is of the type alone.
        for (std::size_t i = column.parts.size() > 1 ? 1 : 0; i < column.parts.size(); ++i) {
            arrays.append(array_of(column.parts[i]));
        }
        columns.append(nb::make_tuple(text(column.name), arrays));
    }
    return columns;
}

nb::list of_stream(const std::string& what, nb::handle capsule) {
    Parts parts(what);
    Owned<ArrowArrayStream> taken;
    move_out(capsule, "arrow_array_stream", what, taken);
    {
        const WithoutGil released;
        const Owned<ArrowArrayStream> stream(*taken.get());  // let go of without the GIL too
        read_stream(
            stream.get(), what, [&](const ArrowSchema& schema) { parts.begin(schema); },
            [&](const ArrowSchema& schema, Owned<ArrowArray>& array) { parts.add(schema, array); });
    }
    return given(parts);
}

nb::list of_array(const std::string& what, nb::handle schema_capsule, nb::handle array_capsule) {
    Parts parts(what);
    Owned<ArrowSchema> schema;
    Owned<ArrowArray> array;
    move_out(schema_capsule, "arrow_schema", what, schema);
    move_out(array_capsule, "arrow_array", what, array);
    {
        const WithoutGil released;
        parts.begin(*schema);
        parts.add(*schema, array);
    }
    return given(parts);
}

}  // namespace

void bind_arrow_vectors(nb::module_& module) {
    module
        .def(
            "arrow_vectors", &of_stream, "what"_a, "capsule"_a,
            nb::sig("def arrow_vectors(what: str, capsule: object) -> "
                    "list[tuple[str, list[numpy.typing.NDArray[typing.Any] | list[str]]]]"),
            "What a capsule `arrow_array_stream` gives: of each column its name and its parts, at least one, as arrays "
            "of shape (rows,) or (rows, dim), or lists of str.")
        .def("arrow_vectors_of_array", &of_array, "what"_a, "schema"_a, "array"_a,
             nb::sig("def arrow_vectors_of_array(what: str, schema: object, array: object) -> "
                     "list[tuple[str, list[numpy.typing.NDArray[typing.Any] | list[str]]]]"),
             "The same of capsules `arrow_schema` and `arrow_array`.");
}

}  // namespace nearfile::python
