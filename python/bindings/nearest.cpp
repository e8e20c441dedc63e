// Searches as Annoy's methods ask them: one vector, of whatever type, or one id, and lists for an answer.
#include "nearest.hpp"

#include <vector>

#include "bindings.hpp"
#include "gil.hpp"
#include "shared_index.hpp"
#include "vectors.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

nb::object nearest_to(const Index& index, std::span<const float> query, const SearchOptions& options,
                      bool with_distances) {
    std::vector<Neighbor> found;
    {
        const WithoutGil released;
        found = index.search(query, options);
    }
    return lists_of<Neighbor>(found, with_distances,
                              [&](const Neighbor& neighbor) { return index.int64_id(neighbor.row); });
}

nb::object nearest(const SharedIndex& shared, nb::handle vector, std::uint32_t k, std::uint32_t effort, float recall,
                   std::uint64_t search_k, bool exact, bool with_distances) {
    const Index index = shared.get();
    std::vector<float> query(index.dim());
    read_vector(vector, index.metric() == Metric::hamming, query);
    return nearest_to(index, query, {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact},
                      with_distances);
}

nb::object nearest_of(const SharedIndex& shared, std::int64_t id, std::uint32_t k, std::uint32_t effort, float recall,
                      std::uint64_t search_k, bool exact, bool with_distances) {
    const Index index = shared.get();
    std::vector<float> query(index.dim());
    if (const auto row = index.find(id)) index.vector(*row, query);
    return nearest_to(index, query, {.k = k, .effort = effort, .recall = recall, .search_k = search_k, .exact = exact},
                      with_distances);
}

}  // namespace

void bind_nearest(nb::class_<SharedIndex>& type) {
    type.def("nearest", &nearest, "vector"_a.none(), "k"_a, "effort"_a, "recall"_a, "search_k"_a, "exact"_a,
             "with_distances"_a,
             nb::sig("def nearest(self, vector: object, k: int, effort: int, recall: float, search_k: int, "
                     "exact: bool, with_distances: bool) -> list[int] | tuple[list[int], list[float]]"),
             "One query as Items.add reads it, of an index whose ids are numbers.")
        .def("nearest_of", &nearest_of, "id"_a, "k"_a, "effort"_a, "recall"_a, "search_k"_a, "exact"_a,
             "with_distances"_a,
             nb::sig("def nearest_of(self, id: int, k: int, effort: int, recall: float, search_k: int, "
                     "exact: bool, with_distances: bool) -> list[int] | tuple[list[int], list[float]]"),
             "The vector of an id for a query, zeros where there is none.");
}

}  // namespace nearfile::python
