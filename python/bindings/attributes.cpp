// What an index knows of its items beside their vectors.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "columns.hpp"
#include "errors.hpp"
#include "gil.hpp"
#include "shared_index.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

nb::list columns(const SharedIndex& shared) {
    nb::list told;
    for (const ColumnInfo& column : shared.get().columns()) {
        nb::dict each;
        each["name"] = text(column.name);
        each["type"] = text(column_type_name(column.type));
        const bool moments = column.type == ColumnType::timestamp;
        each["ticks_per_second"] = moments ? nb::object(nb::int_(column.ticks_per_second)) : nb::none();
        each["time_zone"] = column.time_zone.empty() ? nb::none() : text(column.time_zone);
        each["missing"] = column.missing;
        const bool texts = column.type == ColumnType::string || column.type == ColumnType::strings;
        each["distinct"] = texts ? nb::object(nb::int_(column.distinct)) : nb::none();
        told.append(each);
    }
    return told;
}

Columns attributes(const SharedIndex& shared, const RowNumbers& rows) {
    const Index index = shared.get();
    return with_path(index.info().path, [&] {
        const WithoutGil released;
        Columns made;
        for (Column& column : index.attributes(row_numbers(rows))) made.add(std::move(column));
        return made;
    });
}

}  // namespace

void bind_attributes(nb::class_<SharedIndex>& type) {
    type.def("columns", &columns, nb::sig("def columns(self) -> list[dict[str, object]]"),
             "What is known of the items: of each column its name, type, ticks_per_second, time_zone, missing, "
             "distinct.")
        .def("attributes", &attributes, "rows"_a.noconvert(),
             nb::sig("def attributes(self, rows: numpy.typing.NDArray[numpy.int64]) -> Columns"),
             "The values of some rows.");
}

}  // namespace nearfile::python
