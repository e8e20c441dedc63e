// Tables and columns that others hand over as Arrow's capsules, as columns of ours.
//
// A capsule's content is moved out of it, so that it is let go of once: by us, also after an error. The GIL is given up
// meanwhile, since a stream may wait for threads that want it.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <nearfile/attributes.hpp>
#include <nearfile/error.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow_buffers.hpp"
#include "arrow_capsules.hpp"
#include "arrow_values.hpp"
#include "bindings.hpp"
#include "columns.hpp"
#include "gil.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

[[noreturn]] void refuse(const std::string& message) {
    throw Error(ErrorCode::invalid_argument, "attributes: " + message);
}

// Columns of one table, or one column, that come in parts.
class Collector {
public:
    // `name` is that of the column where the schema is of one; a table has names of its own.
    Collector(std::optional<std::string> name, std::int64_t rows) : name_(std::move(name)), most_(rows) {}

    // Arrays of this schema follow; every schema has to say the same.
    void begin(const ArrowSchema& schema) {
        std::vector<ColumnFiller> fillers;
        std::vector<std::pair<std::string, ColumnHead>> heads;
        for (std::int64_t i = 0; i < columns_of(schema); ++i) {
            const ArrowSchema& column = schema_of(schema, i);
            const std::string name = name_ ? *name_ : column.name == nullptr ? "" : column.name;
            heads.emplace_back(name, arrow_head(column, name));
            fillers.emplace_back(name, heads.back().second);
        }
        if (begun_ && heads != heads_) refuse("expected the same columns in every part, got others: give one table");
        if (!begun_) fillers_ = std::move(fillers);
        heads_ = std::move(heads);
        begun_ = true;
    }

    void add(const ArrowSchema& schema, const ArrowArray& array) {
        check_extent(&array, name_.value_or(""));
        rows_ += array.length;
        if (rows_ > most_) {
            refuse("expected a row for each of " + std::to_string(most_) + " vectors, got more");
        }
        if (name_) return add_column(0, schema, array, 0, array.length);
        if (array.n_children != columns_of(schema) || (array.n_children > 0 && array.children == nullptr)) {
            refuse("expected an Arrow table that is whole, got one with " + std::to_string(array.n_children) +
                   " columns where its schema has " + std::to_string(columns_of(schema)));
        }
        const bool rows_missing = array.n_buffers > 0 && array.buffers != nullptr && array.buffers[0] != nullptr;
        for (std::int64_t i = 0; rows_missing && i < array.length; ++i) {
            if (ArrowBits(array, 0)[i]) continue;
            refuse("expected rows of a table, got a struct that is missing at row " + std::to_string(i));
        }
        for (std::int64_t i = 0; i < array.n_children; ++i) {
            const std::string& name = heads_[i].first;
            check_extent(array.children[i], name);
            if (array.children[i]->length < array.offset + array.length) {
                refuse_damaged(name, std::to_string(array.children[i]->length) + " rows in a table of " +
                                         std::to_string(array.offset + array.length));
            }
            add_column(i, *schema.children[i], *array.children[i], array.offset, array.length);
        }
    }

    void finish(Columns& to) {
        if (rows_ != most_) {
            refuse("expected a row for each of " + std::to_string(most_) + " vectors, got " + std::to_string(rows_));
        }
        for (ColumnFiller& filler : fillers_) to.add(filler.take());
    }

private:
    std::int64_t columns_of(const ArrowSchema& schema) const {
        if (name_) return 1;
        if (schema.format == nullptr || std::string_view(schema.format) != "+s") {
            refuse("expected a table, got one column: give it a name, {'name': column}");
        }
        const bool whole = schema.n_children >= 0 && schema.n_children <= most_columns &&
                           (schema.n_children == 0 || schema.children != nullptr);
        if (!whole)
            refuse("expected a table of at most " + std::to_string(most_columns) + " columns, got " +
                   std::to_string(schema.n_children));
        return schema.n_children;
    }

    const ArrowSchema& schema_of(const ArrowSchema& schema, std::int64_t column) const {
        if (name_) return schema;
        if (schema.children[column] == nullptr)
            refuse("expected an Arrow table that is whole, got one without a column");
        return *schema.children[column];
    }

    void add_column(std::int64_t i, const ArrowSchema& schema, const ArrowArray& array, std::int64_t start,
                    std::int64_t rows) {
        const auto values = arrow_values(schema, array, heads_[i].first);
        for (std::int64_t row = start; row < start + rows; ++row) values->add(row, fillers_[i]);
    }

    static constexpr std::int64_t most_columns = 4096;

    std::optional<std::string> name_;
    std::int64_t most_;
    std::int64_t rows_ = 0;
    bool begun_ = false;
    std::vector<std::pair<std::string, ColumnHead>> heads_;
    std::vector<ColumnFiller> fillers_;
};

void add_stream(Columns& columns, nb::handle capsule, std::optional<std::string> name, std::int64_t rows) {
    Owned<ArrowArrayStream> taken;
    move_out(capsule, "arrow_array_stream", "attributes", taken);
    const WithoutGil released;
    const Owned<ArrowArrayStream> stream(*taken.get());  // let go of without the GIL too
    Collector collector(std::move(name), rows);
    read_stream(
        stream.get(), "attributes", [&](const ArrowSchema& schema) { collector.begin(schema); },
        [&](const ArrowSchema& schema, const Owned<ArrowArray>& array) { collector.add(schema, *array); });
    collector.finish(columns);
}

// Of schemas and arrays by turns.
void add_arrays(Columns& columns, const nb::list& capsules, std::optional<std::string> name, std::int64_t rows) {
    const nb::tuple kept(capsules);
    Collector collector(std::move(name), rows);
    for (std::size_t i = 0; i + 1 < kept.size(); i += 2) {
        Owned<ArrowSchema> taken_schema;
        Owned<ArrowArray> taken_array;
        move_out(kept[i], "arrow_schema", "attributes", taken_schema);
        move_out(kept[i + 1], "arrow_array", "attributes", taken_array);
        const WithoutGil released;
        const Owned<ArrowSchema> schema(*taken_schema.get());
        const Owned<ArrowArray> array(*taken_array.get());
        collector.begin(*schema);
        collector.add(*schema, *array);
    }
    collector.finish(columns);
}

}  // namespace

void bind_arrow_import(nb::class_<Columns>& type) {
    type.def("add_arrow_stream", &add_stream, "capsule"_a, "name"_a.none(), "rows"_a,
             nb::sig("def add_arrow_stream(self, capsule: object, name: str | None, rows: int) -> None"),
             "Those of a table, or one of this name, that a capsule `arrow_array_stream` gives.")
        .def("add_arrow_arrays", &add_arrays, "capsules"_a, "name"_a.none(), "rows"_a,
             nb::sig("def add_arrow_arrays(self, capsules: list[object], name: str | None, rows: int) -> None"),
             "The same of capsules `arrow_schema` and `arrow_array` by turns.");
}

}  // namespace nearfile::python
