// Several indexes as one: made of open ones, and asked what an Index is asked, with the same names and arguments. Rows
// are numbered through all segments.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "gil.hpp"
#include "shared_index.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Mask = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void make(Segments* self, const std::vector<const SharedIndex*>& indexes,
          const std::vector<std::optional<Filter>>& live, const std::vector<std::int64_t>& first_ids) {
    if (live.size() != indexes.size() || first_ids.size() != indexes.size()) {
        throw Error(ErrorCode::invalid_argument,
                    "segments: expected a filter or None and a first id for each of " + std::to_string(indexes.size()) +
                        " indexes, got " + std::to_string(live.size()) + " and " + std::to_string(first_ids.size()));
    }
    std::vector<Segment> segments;
    for (std::size_t i = 0; i < indexes.size(); ++i) segments.push_back({indexes[i]->get(), live[i], first_ids[i]});
    const WithoutGil released;
    new (self) Segments(std::move(segments));
}

template <class Rows>
nb::object numbers_of(const Rows& rows) {
    NewArray<std::int64_t> numbers(rows.size());
    std::ranges::copy(rows, numbers.data());
    return numbers.release();
}

std::vector<std::uint64_t> rows_of(const RowNumbers& numbers) {
    return {numbers.data(), numbers.data() + numbers.size()};  // what is negative is no row
}

nb::object ids_of(const Segments& segments, std::span<const SegmentsNeighbor> neighbors) {
    if (segments.id_kind() == IdKind::string) {
        return new_objects(neighbors.size(), [&](std::size_t i) { return text(segments.string_id(neighbors[i].row)); });
    }
    NewArray<std::int64_t> ids(neighbors.size());
    std::ranges::transform(neighbors, ids.data(),
                           [&](const SegmentsNeighbor& each) { return segments.int64_id(each.row); });
    return ids.release();
}

nb::object distances_of(std::span<const SegmentsNeighbor> neighbors) {
    NewArray<float> distances(neighbors.size());
    std::ranges::transform(neighbors, distances.data(), &SegmentsNeighbor::distance);
    return distances.release();
}

std::span<const float> values_of(const std::optional<Rows>& rows) {
    return rows ? std::span(rows->data(), rows->size()) : std::span<const float>{};
}

nb::object search(const Segments& segments, nb::handle query, std::uint32_t k, std::uint32_t effort, float recall,
                  std::uint64_t search_k, bool exact, const SegmentsFilter* filter, const std::optional<Rows>& shares) {
    Buffer buffer;
    if (!acquire_row(query, buffer)) return nb::none();
    std::vector<SegmentsNeighbor> found;
    {
        const WithoutGil released;
        found = segments.search(floats(buffer),
                                {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact},
                                {.filter = filter}, values_of(shares));
    }
    return answer(ids_of(segments, found), distances_of(found));
}

void search_batch(const Segments& segments, const Rows& queries, std::uint32_t k, std::uint32_t effort, float recall,
                  std::uint64_t search_k, bool exact, std::uint32_t threads, const NumbersToFill& ids,
                  const RowsToFill& distances, const std::optional<Rows>& shares) {
    const WithoutGil released;
    segments.search_batch(
        {queries.data(), queries.size()},
        {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact, .threads = threads}, {},
        {ids.data(), ids.size()}, {distances.data(), distances.size()}, values_of(shares));
}

void search_admitted(const Segments& segments, const Rows& queries, std::uint32_t k, std::uint32_t effort, float recall,
                     std::uint64_t search_k, bool exact, std::uint32_t threads,
                     const std::vector<const SegmentsFilter*>& filters, const RowNumbers& excluded,
                     const RowNumbers& starts, const NumbersToFill& ids, const RowsToFill& distances) {
    const WithoutGil released;
    const std::vector<std::uint64_t> rows = rows_of(excluded);
    const std::vector<std::size_t> exclude_starts(starts.data(), starts.data() + starts.size());
    SegmentsAdmission admission{.exclude = rows, .exclude_starts = exclude_starts};
    if (filters.size() == 1) admission.filter = filters.front();
    if (filters.size() > 1) admission.filters = filters;
    segments.search_batch(
        {queries.data(), queries.size()},
        {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact, .threads = threads},
        admission, {ids.data(), ids.size()}, {distances.data(), distances.size()});
}

nb::object search_radius(const Segments& segments, const Rows& queries, float radius, float recall,
                         std::uint64_t search_k, bool exact, std::uint32_t max_results, std::uint32_t threads,
                         const std::vector<const SegmentsFilter*>& filters) {
    RaggedSegmentsNeighbors found;
    {
        const WithoutGil released;
        SegmentsAdmission admission;
        if (filters.size() == 1) admission.filter = filters.front();
        if (filters.size() > 1) admission.filters = filters;
        found = segments.search_radius_batch(
            {queries.data(), queries.size()}, radius,
            {.recall = recall, .search_k = search_k, .exact = exact, .max_results = max_results, .threads = threads},
            admission);
        if (segments.n_segments() == 0) found.offsets.resize(queries.shape(0) + 1);
    }
    return nb::make_tuple(ids_of(segments, found.neighbors), distances_of(found.neighbors), numbers_of(found.offsets));
}

nb::object names_of_rows(const Segments& segments, const NumbersToFill& rows) {
    nb::list result;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        result.append(text(segments.string_id(static_cast<std::uint64_t>(rows.data()[i]))));
    }
    return result;
}

nb::object ids(const Segments& segments) {
    std::vector<std::uint64_t> rows;
    {
        const WithoutGil released;
        rows = segments.live_rows();
    }
    if (segments.id_kind() == IdKind::string) {
        nb::list names;
        for (const std::uint64_t row : rows) names.append(text(segments.string_id(row)));
        return names;
    }
    NewArray<std::int64_t> numbers(rows.size());
    std::ranges::transform(rows, numbers.data(), [&](std::uint64_t row) { return segments.int64_id(row); });
    return numbers.release();
}

nb::object known_rows(const Segments& segments, const RowNumbers& ids) {
    std::vector<std::uint64_t> rows;
    {
        const WithoutGil released;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (const auto row = segments.find(ids.data()[i])) rows.push_back(*row);
        }
    }
    return numbers_of(rows);
}

nb::object known_rows_of_names(const Segments& segments, const nb::list& names) {
    std::vector<std::uint64_t> rows;
    for (const nb::handle name : names) {
        if (const auto row = segments.find(nb::cast<std::string_view>(name))) rows.push_back(*row);
    }
    return numbers_of(rows);
}

nb::object places_of(const Segments& segments, const RowNumbers& rows) {
    NewArray<std::int64_t> in(rows.size());
    NewArray<std::int64_t> at(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const SegmentRow place = segments.place_of(static_cast<std::uint64_t>(rows.data()[i]));
        in.data()[i] = place.segment;
        at.data()[i] = place.row;
    }
    return nb::make_tuple(in.release(), at.release());
}

void vector_into(const Segments& segments, std::uint64_t row, float* values) {
    const SegmentRow place = segments.place_of(row);
    segments.index(place.segment).vector(place.row, {values, segments.dim()});
}

nb::object vector(const Segments& segments, std::int64_t row) {
    NewArray<float> values(segments.dim());
    vector_into(segments, static_cast<std::uint64_t>(row), values.data());
    return values.release();
}

nb::object vectors(const Segments& segments, const RowNumbers& rows) {
    NewArray<float> values(rows.size(), segments.dim());
    const WithoutGil released;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        vector_into(segments, static_cast<std::uint64_t>(rows.data()[i]), values.data() + i * segments.dim());
    }
    return values.release();
}

nb::object query_drift(const Segments& segments) {
    const QueryDrift drift = segments.query_drift();
    if (drift.seen < drift.watched) return nb::none();
    return nb::make_tuple(drift.far, drift.seen);
}

using FilterState = std::tuple<std::vector<Filter>, std::vector<std::optional<Filter>>, std::uint64_t>;

FilterState state_of(const SegmentsFilter& filter) {
    return {{filter.parts().begin(), filter.parts().end()},
            {filter.live().begin(), filter.live().end()},
            filter.fingerprint()};
}

void set_state(SegmentsFilter& filter, const FilterState& state) {
    const auto& [parts, live, fingerprint] = state;
    new (&filter) SegmentsFilter(SegmentsFilter::of_parts(parts, live, fingerprint));
}

void bind_segments_filter(nb::module_& module) {
    nb::class_<SegmentsFilter>(module, "SegmentsFilter",
                               "Which live items of some segments may be answers: as Filter is of one index.")
        .def("__len__", &SegmentsFilter::size, "How many items it allows.")
        .def("__and__", &SegmentsFilter::operator&, "other"_a, nb::is_operator(), "What both allow.")
        .def("__or__", &SegmentsFilter::operator|, "other"_a, nb::is_operator(), "What one of them allows.")
        .def("__invert__", &SegmentsFilter::operator~, "What is live and it does not allow.")
        .def_prop_ro("fingerprint", &SegmentsFilter::fingerprint, "That of the Segments it is for.")
        .def("__repr__",
             [](const SegmentsFilter& filter) {
                 return "<nearfile.SegmentsFilter of " + std::to_string(filter.size()) + " items>";
             })
        .def("__getstate__", &state_of)
        .def("__setstate__", &set_state);
}

void bind_searches(nb::class_<Segments>& type) {
    type.def("search", &search, "query"_a.none(), "k"_a, "effort"_a, "recall"_a, "search_k"_a, "exact"_a,
             "filter"_a.none() = nb::none(), "shares"_a.noconvert().none() = nb::none(),
             nb::sig("def search(self, query: object, k: int, effort: int, recall: float, search_k: int, exact: bool, "
                     "filter: SegmentsFilter | None = None, "
                     "shares: numpy.typing.NDArray[numpy.float32] | None = None) -> "
                     "nearfile.results.Neighbors | None"),
             "One query. None where `query` is not one contiguous row of float32. Graphs go by effort and recall, "
             "forests "
             "by search_k. `shares`: which part of the answers to expect in each segment, shape (1, segments).")
        .def("search_batch", &search_batch, "queries"_a.noconvert(), "k"_a, "effort"_a, "recall"_a, "search_k"_a,
             "exact"_a, "threads"_a, "ids"_a.noconvert(), "distances"_a.noconvert(),
             "shares"_a.noconvert().none() = nb::none(),
             nb::sig("def search_batch(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, "
                     "recall: float, search_k: int, exact: bool, threads: int, "
                     "ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32], "
                     "shares: numpy.typing.NDArray[numpy.float32] | None = None) -> None"),
             "A batch of queries, into arrays of shape (q, min(k, size)); rows for ids where these are str. `shares`: "
             "which part of the answers of each to expect in each segment, shape (q, segments).")
        .def(
            "search_admitted", &search_admitted, "queries"_a.noconvert(), "k"_a, "effort"_a, "recall"_a, "search_k"_a,
            "exact"_a, "threads"_a, "filters"_a, "excluded"_a.noconvert(), "starts"_a.noconvert(), "ids"_a.noconvert(),
            "distances"_a.noconvert(),
            nb::sig("def search_admitted(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, "
                    "recall: float, search_k: int, exact: bool, threads: int, filters: list[SegmentsFilter], "
                    "excluded: numpy.typing.NDArray[numpy.int64], starts: numpy.typing.NDArray[numpy.int64], "
                    "ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32]) -> None"),
            "A batch with one filter or one a query, and rows that are excluded: of all, or of each from its start on. "
            "Into arrays of shape (q, width); -1 and nan behind the last answer of a query.")
        .def(
            "search_radius", &search_radius, "queries"_a.noconvert(), "radius"_a, "recall"_a, "search_k"_a, "exact"_a,
            "max_results"_a, "threads"_a, "filters"_a,
            nb::sig("def search_radius(self, queries: numpy.typing.NDArray[numpy.float32], radius: float, "
                    "recall: float, search_k: int, exact: bool, max_results: int, threads: int, "
                    "filters: list[SegmentsFilter]) -> "
                    "tuple[numpy.typing.NDArray[numpy.int64] | numpy.typing.NDArray[numpy.object_], "
                    "numpy.typing.NDArray[numpy.float32], "
                    "numpy.typing.NDArray[numpy.int64]]"),
            "What is within a radius of a batch of queries: ids and distances one query after the other, and offsets.");
}

void bind_rows(nb::class_<Segments>& type) {
    type.def("ids", &ids, nb::sig("def ids(self) -> numpy.typing.NDArray[numpy.int64] | list[str]"),
             "Every live id, in the order of rows.")
        .def(
            "live_rows", [](const Segments& segments) { return numbers_of(segments.live_rows()); },
            nb::sig("def live_rows(self) -> numpy.typing.NDArray[numpy.int64]"), "Every live row.")
        .def("names", &names_of_rows, "rows"_a.noconvert(),
             nb::sig("def names(self, rows: numpy.typing.NDArray[numpy.int64]) -> list[str]"),
             "The ids of rows, where ids are str.")
        .def(
            "find", [](const Segments& segments, std::int64_t id) { return segments.find(id); }, "id"_a.noconvert(),
            "The live row of an id, None where there is none.")
        .def(
            "find", [](const Segments& segments, std::string_view id) { return segments.find(id); }, "id"_a,
            "The live row of an id, None where there is none.")
        .def("known_rows", &known_rows, "ids"_a.noconvert(),
             nb::sig(
                 "def known_rows(self, ids: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.int64]"),
             "The live rows of ids that are numbers, without those that are not there.")
        .def("known_rows_of_names", &known_rows_of_names, "names"_a,
             nb::sig("def known_rows_of_names(self, names: list[str]) -> numpy.typing.NDArray[numpy.int64]"),
             "The live rows of ids that are str, without those that are not there.")
        .def("places_of", &places_of, "rows"_a.noconvert(),
             nb::sig("def places_of(self, rows: numpy.typing.NDArray[numpy.int64]) -> "
                     "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]"),
             "Of rows, the segment that each is in and which row it is there.")
        .def("vector", &vector, "row"_a, nb::sig("def vector(self, row: int) -> numpy.typing.NDArray[numpy.float32]"),
             "The vector of a row.")
        .def("vectors", &vectors, "rows"_a.noconvert(),
             nb::sig(
                 "def vectors(self, rows: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.float32]"),
             "The vectors of rows.");
}

void bind_filters(nb::class_<Segments>& type) {
    type.def(
            "filter_of_mask",
            [](const Segments& segments, const Mask& mask) {
                const WithoutGil released;
                return segments.filter(std::span(mask.data(), mask.size()));
            },
            "mask"_a.noconvert(),
            nb::sig("def filter_of_mask(self, mask: numpy.typing.NDArray[numpy.uint8]) -> SegmentsFilter"),
            "Of a byte a live item, in the order of ids(), not zero where it is allowed.")
        .def(
            "filter_of_rows",
            [](const Segments& segments, const RowNumbers& rows) {
                const WithoutGil released;
                return segments.filter_of_rows(rows_of(rows));
            },
            "rows"_a.noconvert(),
            nb::sig("def filter_of_rows(self, rows: numpy.typing.NDArray[numpy.int64]) -> SegmentsFilter"),
            "Of rows; those that are not live are not allowed.")
        .def(
            "filter_of_expression",
            [](const Segments& segments, const Expression& allowed) {
                const WithoutGil released;
                return segments.filter(allowed);
            },
            "allowed"_a, "Of what is live and an expression allows.")
        .def(
            "rows_in",
            [](const Segments& segments, const SegmentsFilter& filter) { return numbers_of(segments.rows_in(filter)); },
            "filter"_a, nb::sig("def rows_in(self, filter: SegmentsFilter) -> numpy.typing.NDArray[numpy.int64]"),
            "What a filter allows, ascending.");
}

}  // namespace

void bind_segments(nb::module_& module) {
    bind_segments_filter(module);
    nb::class_<Segments> type(
        module, "Segments",
        "Open indexes searched as one: the answer is that of one index of all live items.\n\n"
        "Rows are numbered through all segments, in their order, those that are not live among them. It never changes, "
        "keeps the\nfiles mapped for as long as it lives, and any number of threads may use it. Filters are of what is "
        "live: whoever makes one\nneed not look to that.");
    type.def("__init__", &make, "indexes"_a, "live"_a, "first_ids"_a,
             nb::sig(
                 "def __init__(self, indexes: list[Index], live: list[Filter | None], first_ids: list[int]) -> None"),
             "`live`: of each index what is not deleted, None for everything. `first_ids`: of ids that are rows, that "
             "of "
             "row 0.")
        .def_prop_ro("size", &Segments::size, "The number of live items.")
        .def_prop_ro("n_rows", &Segments::n_rows, "The number of rows, those that are not live among them.")
        .def_prop_ro("dim", &Segments::dim, "Dimensions of a vector, 0 without segments.")
        .def_prop_ro(
            "metric", [](const Segments& segments) { return metric_name(segments.metric()); },
            "The metric's name, 'angular' without segments.")
        .def_prop_ro(
            "id_kind", [](const Segments& segments) { return id_kind_name(segments.id_kind()); },
            "'row' where all segments have that, 'int64' or 'string'.")
        .def_prop_ro("fingerprint", &Segments::fingerprint, "Of indexes, what is live and first ids.")
        .def("query_drift", &query_drift, nb::sig("def query_drift(self) -> tuple[int, int] | None"),
             "As an Index has it: far are queries whose nearest live item is farther than `far_from`.")
        .def_prop_ro("far_from", &Segments::far_from,
                     "The largest distance that 99 in 100 of the queries of a segment's calibration do not exceed.");
    bind_searches(type);
    bind_rows(type);
    bind_filters(type);
}

}  // namespace nearfile::python
