// Searches: one query at the least cost for a call, or a batch. Ids come back as an array of int64, or of objects that
// are str.
#include <algorithm>
#include <string>
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

nb::object names(const Index& index, std::span<const Neighbor> neighbors) {
    return new_objects(neighbors.size(), [&](std::size_t i) { return text(index.string_id(neighbors[i].row)); });
}

void ids_into(const Index& index, std::span<const Neighbor> neighbors, std::int64_t* ids) {
    std::transform(neighbors.begin(), neighbors.end(), ids,
                   [&](const Neighbor& neighbor) { return index.int64_id(neighbor.row); });
}

void distances_into(std::span<const Neighbor> neighbors, float* distances) {
    std::transform(neighbors.begin(), neighbors.end(), distances,
                   [](const Neighbor& neighbor) { return neighbor.distance; });
}

nb::object search(const SharedIndex& shared, nb::handle query, std::uint32_t k, std::uint32_t effort, float recall,
                  std::uint64_t search_k, bool exact, const Filter* filter) {
    Buffer buffer;
    if (!acquire_row(query, buffer)) return nb::none();
    const Index index = shared.get();
    std::vector<Neighbor> neighbors;
    {
        const WithoutGil released;
        neighbors = index.search(
            floats(buffer),
            {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact, .filter = filter});
    }
    NewArray<float> distances(neighbors.size());
    distances_into(neighbors, distances.data());
    if (index.id_kind() == IdKind::string) return answer(names(index, neighbors), distances.release());
    NewArray<std::int64_t> ids(neighbors.size());
    ids_into(index, neighbors, ids.data());
    return answer(ids.release(), distances.release());
}

std::span<const float> checked(const Rows& queries, const Index& index) {
    if (queries.shape(1) == index.dim()) return {queries.data(), queries.size()};
    throw Error(ErrorCode::invalid_argument, "queries: expected rows of " + std::to_string(index.dim()) +
                                                 " values, got rows of " + std::to_string(queries.shape(1)));
}

void search_batch(const SharedIndex& shared, const Rows& queries, std::uint32_t k, std::uint32_t effort, float recall,
                  std::uint64_t search_k, bool exact, std::uint32_t threads, const NumbersToFill& ids,
                  const RowsToFill& distances) {
    const Index index = shared.get();
    const std::span<const float> values = checked(queries, index);
    const WithoutGil released;
    index.search_batch(
        values, {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact, .threads = threads},
        std::span(ids.data(), ids.size()), std::span(distances.data(), distances.size()));
}

nb::list names_of_rows(const SharedIndex& shared, const NumbersToFill& rows) {
    const Index index = shared.get();
    nb::list result;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        result.append(text(index.string_id(row_number(rows.data()[i]))));
    }
    return result;
}

}  // namespace

void bind_search(nb::class_<SharedIndex>& type) {
    type.def("search", &search, "query"_a.none(), "k"_a, "effort"_a, "recall"_a, "search_k"_a, "exact"_a,
             "filter"_a.none() = nb::none(),
             nb::sig("def search(self, query: object, k: int, effort: int, recall: float, search_k: int, exact: bool, "
                     "filter: Filter | None = None) -> "
                     "nearfile.results.Neighbors | None"),
             "One query. None where `query` is not one contiguous row of float32.")
        .def("search_batch", &search_batch, "queries"_a.noconvert(), "k"_a, "effort"_a, "recall"_a, "search_k"_a,
             "exact"_a, "threads"_a, "ids"_a.noconvert(), "distances"_a.noconvert(),
             nb::sig("def search_batch(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, "
                     "recall: float, search_k: int, exact: bool, threads: int, "
                     "ids: numpy.typing.NDArray[numpy.int64], distances: numpy.typing.NDArray[numpy.float32]) -> None"),
             "A batch of queries, into arrays of shape (q, min(k, size)); rows for ids where these are str.")
        .def("names", &names_of_rows, "rows"_a.noconvert(),
             nb::sig("def names(self, rows: numpy.typing.NDArray[numpy.int64]) -> list[str]"),
             "The ids of rows, of an index whose ids are str.");
}

}  // namespace nearfile::python
