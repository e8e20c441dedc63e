// Filters: made by an index, combined by themselves; and the searches that take them.
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "gil.hpp"
#include "shared_index.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Mask = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class Rows>
nb::object numbers_of(const Rows& rows) {
    NewArray<std::int64_t> numbers(rows.size());
    std::ranges::copy(rows, numbers.data());
    return numbers.release();
}

Filter filter_of_mask(const SharedIndex& shared, const Mask& mask) {
    const Index index = shared.get();
    const WithoutGil released;
    return index.filter(std::span(mask.data(), mask.size()));
}

Filter filter_of_rows(const SharedIndex& shared, const RowNumbers& numbers) {
    const Index index = shared.get();
    const WithoutGil released;
    return index.filter_of_rows(row_numbers(numbers));
}

Filter filter_of_expression(const SharedIndex& shared, const Expression& allowed) {
    const Index index = shared.get();
    const WithoutGil released;
    return index.filter(allowed);
}

nb::object rows_in(const SharedIndex& shared, const Filter& filter) {
    const Index index = shared.get();
    return numbers_of(index.rows_in(filter));
}

// The rows of ids, without those that the index does not have: they can be neither allowed nor excluded.
nb::object known_rows(const SharedIndex& shared, const RowNumbers& ids) {
    const Index index = shared.get();
    std::vector<std::int64_t> rows;
    {
        const WithoutGil released;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (const auto row = index.find(ids.data()[i])) rows.push_back(*row);
        }
    }
    return numbers_of(rows);
}

nb::object known_rows_of_names(const SharedIndex& shared, const nb::list& names) {
    const Index index = shared.get();
    std::vector<std::int64_t> rows;
    for (const nb::handle name : names) {
        if (const auto row = index.find(nb::cast<std::string_view>(name))) rows.push_back(*row);
    }
    return numbers_of(rows);
}

nb::tuple state_of(const Filter& filter) {
    const auto words = filter.words();
    return nb::make_tuple(nb::bytes(words.data(), words.size_bytes()), filter.n_items(), filter.fingerprint());
}

using FilterState = std::tuple<nb::bytes, std::uint32_t, std::uint64_t>;

void set_state(Filter& filter, const FilterState& state) {
    const auto& [bytes, n_items, fingerprint] = state;
    std::vector<std::uint64_t> words(bytes.size() / sizeof(std::uint64_t));
    std::memcpy(words.data(), bytes.c_str(), words.size() * sizeof(std::uint64_t));
    new (&filter) Filter(Filter::of_words(words, n_items, fingerprint));
}

// One filter for all queries, or as many as queries; rows that are excluded of all, or of each from its start on.
void search_admitted(const SharedIndex& shared, const Rows& queries, std::uint32_t k, std::uint32_t effort,
                     float recall, std::uint64_t search_k, bool exact, std::uint32_t threads,
                     const std::vector<const Filter*>& filters, const RowNumbers& excluded, const RowNumbers& starts,
                     const NumbersToFill& ids, const RowsToFill& distances) {
    const Index index = shared.get();
    const WithoutGil released;
    const std::vector<std::uint32_t> rows = row_numbers(excluded);
    const std::vector<std::size_t> exclude_starts(starts.data(), starts.data() + starts.size());
    SearchOptions options{.k = k,
                          .effort = effort,
                          .recall = recall,
                          .search_k = search_k,
                          .exact = exact,
                          .threads = threads,
                          .exclude = rows,
                          .exclude_starts = exclude_starts};
    if (filters.size() == 1) options.filter = filters.front();
    if (filters.size() > 1) options.filters = filters;
    index.search_batch({queries.data(), queries.size()}, options, std::span(ids.data(), ids.size()),
                       std::span(distances.data(), distances.size()));
}

}  // namespace

void bind_filter(nb::module_& module, nb::class_<SharedIndex>& type) {
    nb::class_<Filter>(
        module, "Filter",
        "Which items of an index may be answers: what :meth:`nearfile.Index.filter` makes, and what its searches "
        "take.\n\n"
        "A bit an item. ``len()`` is how many it allows, ``&``, ``|`` and ``~`` combine filters of one index. It "
        "never\n"
        "changes, any number of threads may use it, and it is pickled with its bits: it serves the same file wherever\n"
        "that is opened, and no other one.")
        .def("__len__", &Filter::size, "How many items it allows.")
        .def("__and__", &Filter::operator&, "other"_a, nb::is_operator(), "What both allow.")
        .def("__or__", &Filter::operator|, "other"_a, nb::is_operator(), "What one of them allows.")
        .def("__invert__", &Filter::operator~, "What it does not allow.")
        .def("__repr__",
             [](const Filter& filter) {
                 return "<nearfile.Filter of " + std::to_string(filter.size()) + " of " +
                        std::to_string(filter.n_items()) + " items>";
             })
        .def("__getstate__", &state_of, nb::sig("def __getstate__(self) -> tuple[bytes, int, int]"))
        .def("__setstate__", &set_state);
    type.def("filter_of_mask", &filter_of_mask, "mask"_a.noconvert(),
             nb::sig("def filter_of_mask(self, mask: numpy.typing.NDArray[numpy.uint8]) -> Filter"),
             "Of a byte a row, not zero where it is allowed.")
        .def("filter_of_rows", &filter_of_rows, "rows"_a.noconvert(),
             nb::sig("def filter_of_rows(self, rows: numpy.typing.NDArray[numpy.int64]) -> Filter"), "Of rows.")
        .def("filter_of_expression", &filter_of_expression, "allowed"_a, "Of what an expression allows.")
        .def("rows_in", &rows_in, "filter"_a,
             nb::sig("def rows_in(self, filter: Filter) -> numpy.typing.NDArray[numpy.int64]"),
             "What a filter allows, ascending.")
        .def("known_rows", &known_rows, "ids"_a.noconvert(),
             nb::sig(
                 "def known_rows(self, ids: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.int64]"),
             "The rows of ids that are numbers, without those that are not there.")
        .def("known_rows_of_names", &known_rows_of_names, "names"_a,
             nb::sig("def known_rows_of_names(self, names: list[str]) -> numpy.typing.NDArray[numpy.int64]"),
             "The rows of ids that are str, without those that are not there.")
        .def(
            "search_admitted", &search_admitted, "queries"_a.noconvert(), "k"_a, "effort"_a, "recall"_a, "search_k"_a,
            "exact"_a, "threads"_a, "filters"_a, "excluded"_a.noconvert(), "starts"_a.noconvert(), "ids"_a.noconvert(),
            "distances"_a.noconvert(),
            nb::sig("def search_admitted(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, "
                    "recall: float, search_k: int, exact: bool, threads: int, filters: list[Filter], "
                    "excluded: numpy.typing.NDArray[numpy.int64], starts: numpy.typing.NDArray[numpy.int64], "
                    "ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32]) -> None"),
            "A batch with one filter or one a query, and rows that are excluded: of all, or of each from its start on. "
            "Into arrays of shape (q, width); -1 and nan behind the last answer of a query.");
}

}  // namespace nearfile::python
