// Searches within a radius, and the neighbours of all items: what has its own shape of answer.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "gil.hpp"
#include "shared_index.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using RowsOfNeighbors = nb::ndarray<std::int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

nb::object ids_of(const Index& index, std::span<const Neighbor> neighbors) {
    if (index.id_kind() == IdKind::string) {
        return new_objects(neighbors.size(), [&](std::size_t i) { return text(index.string_id(neighbors[i].row)); });
    }
    NewArray<std::int64_t> ids(neighbors.size());
    std::ranges::transform(neighbors, ids.data(), [&](const Neighbor& each) { return index.int64_id(each.row); });
    return ids.release();
}

nb::object search_radius(const SharedIndex& shared, const Rows& queries, float radius, float recall,
                         std::uint64_t search_k, bool exact, std::uint32_t max_results, std::uint32_t threads,
                         const std::vector<const Filter*>& filters) {
    const Index index = shared.get();
    if (queries.shape(1) != index.dim()) {
        throw Error(ErrorCode::invalid_argument, "queries: expected rows of " + std::to_string(index.dim()) +
                                                     " values, got rows of " + std::to_string(queries.shape(1)));
    }
    RaggedNeighbors found;
    {
        const WithoutGil released;
        RadiusOptions options{
            .recall = recall, .search_k = search_k, .exact = exact, .max_results = max_results, .threads = threads};
        if (filters.size() == 1) options.filter = filters.front();
        if (filters.size() > 1) options.filters = filters;
        found = index.search_radius_batch({queries.data(), queries.size()}, radius, options);
    }
    NewArray<float> distances(found.neighbors.size());
    std::ranges::transform(found.neighbors, distances.data(), &Neighbor::distance);
    NewArray<std::int64_t> offsets(found.offsets.size());
    std::ranges::copy(found.offsets, offsets.data());
    return nb::make_tuple(ids_of(index, found.neighbors), distances.release(), offsets.release());
}

void knn_graph(const SharedIndex& shared, std::uint32_t k, float recall, bool exact, std::uint32_t threads,
               const RowsOfNeighbors& rows, const RowsToFill& distances) {
    const Index index = shared.get();
    std::exception_ptr raised;  // a signal's KeyboardInterrupt
    try {
        WithoutGil released;
        const auto hear_signals = [&](std::string_view, std::uint64_t, std::uint64_t) {
            return released.with_gil([&] {
                try {
                    if (call_python([] { return PyErr_CheckSignals(); }) != 0) throw nb::python_error();
                } catch (...) {
                    raised = std::current_exception();
                }
                return raised == nullptr;
            });
        };
        index.knn_graph({.k = k, .recall = recall, .exact = exact, .threads = threads, .progress = hear_signals},
                        {reinterpret_cast<std::uint32_t*>(rows.data()), rows.size()},
                        {distances.data(), distances.size()});
    } catch (const Error&) {
        if (raised) std::rethrow_exception(raised);
        throw;
    }
}

}  // namespace

void bind_radius(nb::class_<SharedIndex>& type) {
    type.def("search_radius", &search_radius, "queries"_a.noconvert(), "radius"_a, "recall"_a, "search_k"_a, "exact"_a,
             "max_results"_a, "threads"_a, "filters"_a,
             nb::sig(
                 "def search_radius(self, queries: numpy.typing.NDArray[numpy.float32], radius: float, "
                 "recall: float, search_k: int, exact: bool, max_results: int, threads: int, filters: list[Filter]) -> "
                 "tuple[numpy.typing.NDArray[numpy.int64] | numpy.typing.NDArray[numpy.object_], "
                 "numpy.typing.NDArray[numpy.float32], "
                 "numpy.typing.NDArray[numpy.int64]]"),
             "What is within a radius of a batch of queries: ids and distances one query after the other, and offsets.")
        .def(
            "knn_graph", &knn_graph, "k"_a, "recall"_a, "exact"_a, "threads"_a, "rows"_a.noconvert(),
            "distances"_a.noconvert(),
            nb::sig("def knn_graph(self, k: int, recall: float, exact: bool, threads: int, "
                    "rows: numpy.typing.NDArray[numpy.int32], distances: numpy.typing.NDArray[numpy.float32]) -> None"),
            "The nearest of every item, itself first, into arrays of shape (size, min(k, size)).");
}

}  // namespace nearfile::python
