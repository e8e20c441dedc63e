// Files that Annoy wrote, read where they are.
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <memory>
#include <nearfile/annoy.hpp>
#include <nearfile/nearfile.hpp>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "gil.hpp"
#include "nearest.hpp"
#include "vectors.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

std::unique_ptr<AnnoyFile> open(const nb::bytes& path, std::uint32_t dim, std::string_view metric, bool prefault) {
    const std::string file(path.c_str(), path.size());
    return with_path(file, [&] {
        const WithoutGil released;
        return std::make_unique<AnnoyFile>(AnnoyFile::open(file, dim, metric_from_name(metric), prefault));
    });
}

void save(const AnnoyFile& file, const nb::bytes& path) {
    const std::string target(path.c_str(), path.size());
    with_path(target, [&] {
        const WithoutGil released;
        write_file(target, file.bytes());
    });
}

nb::object layouts(const nb::bytes& path, std::uint32_t dim) {
    const std::string file(path.c_str(), path.size());
    const auto found = with_path(file, [&] {
        const WithoutGil released;
        return AnnoyFile::fitting_layouts(file, dim);
    });
    nb::list result;
    for (const AnnoyLayout layout : found) {
        result.append(nb::make_tuple(annoy_layout_name(layout), metric_name(annoy_layout_metric(layout))));
    }
    return result;
}

nb::object search(const AnnoyFile& file, const Rows& query, std::int64_t n, std::int64_t search_k) {
    std::vector<AnnoyNeighbor> found;
    {
        const WithoutGil released;
        found = file.search({query.data(), query.size()}, n, search_k);
    }
    NewArray<std::int64_t> ids(found.size());
    NewArray<float> distances(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        ids.data()[i] = found[i].id;
        distances.data()[i] = found[i].distance;
    }
    return nb::make_tuple(ids.release(), distances.release());
}

nb::object nearest_to(const AnnoyFile& file, std::span<const float> query, std::int64_t n, std::int64_t search_k,
                      bool with_distances) {
    std::vector<AnnoyNeighbor> found;
    {
        const WithoutGil released;
        found = file.search(query, n, search_k);
    }
    return lists_of<AnnoyNeighbor>(found, with_distances, [](const AnnoyNeighbor& neighbor) { return neighbor.id; });
}

nb::object nearest(const AnnoyFile& file, nb::handle vector, std::int64_t n, std::int64_t search_k,
                   bool with_distances) {
    std::vector<float> query(file.dim());
    read_vector(vector, file.metric() == Metric::hamming, query);
    return nearest_to(file, query, n, search_k, with_distances);
}

nb::object nearest_of(const AnnoyFile& file, std::int64_t id, std::int64_t n, std::int64_t search_k,
                      bool with_distances) {
    std::vector<float> query(file.dim());
    file.vector(id, query);
    return nearest_to(file, query, n, search_k, with_distances);
}

nb::object vector(const AnnoyFile& file, std::int64_t id) {
    NewArray<float> values(file.dim());
    file.vector(id, {values.data(), file.dim()});
    return values.release();
}

std::int64_t count(const AnnoyFile& file) {
    std::int64_t n = 0;
    for (std::int64_t id = 0; id < file.n_items(); ++id) n += file.has_item(id) ? 1 : 0;
    return n;
}

// Ids that are items, and their vectors, of the `most` ids from `start`.
nb::object block(const AnnoyFile& file, std::int64_t start, std::int64_t most) {
    start = std::clamp<std::int64_t>(start, 0, file.n_items());
    const std::int64_t end = start + std::clamp<std::int64_t>(most, 0, file.n_items() - start);
    std::size_t n = 0;
    for (std::int64_t id = start; id < end; ++id) n += file.has_item(id) ? 1 : 0;
    NewArray<std::int64_t> ids(n);
    NewArray<float> rows(n, file.dim());
    {
        const WithoutGil released;
        std::size_t row = 0;
        for (std::int64_t id = start; id < end && row < n; ++id) {
            if (!file.has_item(id)) continue;
            ids.data()[row] = id;
            file.vector(id, {rows.data() + row * file.dim(), file.dim()});
            ++row;
        }
    }
    return nb::make_tuple(ids.release(), rows.release());
}

}  // namespace

void bind_annoy_file(nb::module_& module) {
    nb::class_<AnnoyFile>(module, "AnnoyFile", "A file that Annoy wrote. Safe to use from any number of threads.")
        .def_static("open", &open, "path"_a, "dim"_a, "metric"_a, "prefault"_a, "Map a file and check all of it.")
        .def_static("layouts", &layouts, "path"_a, "dim"_a,
                    nb::sig("def layouts(path: bytes, dim: int) -> list[tuple[str, str]]"),
                    "The layouts that fit and their metrics.")
        .def("save", &save, "path"_a, "Write the file's bytes to `path`, atomically.")
        .def("search", &search, "query"_a.noconvert(), "n"_a, "search_k"_a,
             nb::sig("def search(self, query: numpy.typing.NDArray[numpy.float32], n: int, search_k: int) -> "
                     "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32]]"),
             "One query, of shape (1, dim), by Annoy's rules.")
        .def("nearest", &nearest, "vector"_a.none(), "n"_a, "search_k"_a, "with_distances"_a,
             nb::sig("def nearest(self, vector: object, n: int, search_k: int, with_distances: bool) -> "
                     "list[int] | tuple[list[int], list[float]]"),
             "One query as Items.add reads it, by Annoy's rules.")
        .def("nearest_of", &nearest_of, "id"_a, "n"_a, "search_k"_a, "with_distances"_a,
             nb::sig("def nearest_of(self, id: int, n: int, search_k: int, with_distances: bool) -> "
                     "list[int] | tuple[list[int], list[float]]"),
             "The vector of an id for a query.")
        .def("vector", &vector, "id"_a, nb::sig("def vector(self, id: int) -> numpy.typing.NDArray[numpy.float32]"),
             "The vector of an id.")
        .def("block", &block, "start"_a, "most"_a,
             nb::sig("def block(self, start: int, most: int) -> "
                     "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32]]"),
             "Ids that are items, and their vectors, of a range of ids.")
        .def("distance", &AnnoyFile::distance, "a"_a, "b"_a, "The distance of two items.")
        .def_prop_ro("n_items", &AnnoyFile::n_items, "The largest id + 1.")
        .def_prop_ro("count", &count, "How many items there are.")
        .def_prop_ro("n_trees", &AnnoyFile::n_trees, "How many trees were built.")
        .def_prop_ro("annoy_n_trees", &AnnoyFile::annoy_n_trees, "How many trees Annoy counts.")
        .def_prop_ro(
            "layout", [](const AnnoyFile& file) { return annoy_layout_name(file.layout()); }, "The layout's name.");
}

}  // namespace nearfile::python
