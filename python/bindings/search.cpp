// Searches: one query at the least cost for a call, or a batch. Ids come back as an array of int64, or as a list of
// str.
#include <algorithm>
#include <string>
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

nb::list names(const Index& index, std::span<const Neighbor> neighbors) {
    nb::list result;
    for (const Neighbor& neighbor : neighbors) result.append(text(index.string_id(neighbor.row)));
    return result;
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
                  std::uint64_t search_k, bool exact) {
    Buffer buffer;
    if (!acquire_row(query, buffer)) return nb::none();
    const Index index = shared.get();
    std::vector<Neighbor> neighbors;
    {
        const WithoutGil released;
        neighbors = index.search(floats(buffer),
                                 {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact});
    }
    NewArray<float> distances(neighbors.size());
    distances_into(neighbors, distances.data());
    if (index.id_kind() == IdKind::string) return nb::make_tuple(names(index, neighbors), distances.release());
    NewArray<std::int64_t> ids(neighbors.size());
    ids_into(index, neighbors, ids.data());
    return nb::make_tuple(ids.release(), distances.release());
}

nb::object search_batch(const SharedIndex& shared, const Rows& queries, std::uint32_t k, std::uint32_t effort,
                        float recall, std::uint64_t search_k, bool exact, std::uint32_t threads) {
    const Index index = shared.get();
    if (queries.shape(1) != index.dim()) {
        throw Error(ErrorCode::invalid_argument, "queries: expected rows of " + std::to_string(index.dim()) +
                                                     " values, got rows of " + std::to_string(queries.shape(1)));
    }
    const std::size_t width = std::min(k, index.size());
    NewArray<float> distances(queries.shape(0), width);
    NewArray<std::int64_t> ids(index.id_kind() == IdKind::string ? 0 : queries.shape(0), width);
    std::vector<Neighbor> neighbors;
    {
        const WithoutGil released;
        neighbors.resize(queries.shape(0) * width);
        index.search_batch(
            {queries.data(), queries.size()},
            {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact, .threads = threads},
            neighbors);
        distances_into(neighbors, distances.data());
        if (index.id_kind() != IdKind::string) ids_into(index, neighbors, ids.data());
    }
    if (index.id_kind() == IdKind::string) return nb::make_tuple(names(index, neighbors), distances.release());
    return nb::make_tuple(ids.release(), distances.release());
}

}  // namespace

void bind_search(nb::class_<SharedIndex>& type) {
    type.def("search", &search, "query"_a.none(), "k"_a, "effort"_a, "recall"_a, "search_k"_a, "exact"_a,
             nb::sig(
                 "def search(self, query: object, k: int, effort: int, recall: float, search_k: int, exact: bool) -> "
                 "tuple[numpy.typing.NDArray[numpy.int64] | list[str], numpy.typing.NDArray[numpy.float32]] | None"),
             "One query. None where `query` is not one contiguous row of float32.")
        .def("search_batch", &search_batch, "queries"_a.noconvert(), "k"_a, "effort"_a, "recall"_a, "search_k"_a,
             "exact"_a, "threads"_a,
             nb::sig("def search_batch(self, queries: numpy.typing.NDArray[numpy.float32], k: int, effort: int, "
                     "recall: float, search_k: int, exact: bool, threads: int) -> "
                     "tuple[numpy.typing.NDArray[numpy.int64] | list[str], numpy.typing.NDArray[numpy.float32]]"),
             "A batch of queries; a list of ids is row after row.");
}

}  // namespace nearfile::python
