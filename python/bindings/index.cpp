// Opening an index and asking it about its items; search.cpp has the searches, inspection.cpp what a file has of one.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "gil.hpp"
#include "shared_index.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

std::string path_of(const nb::bytes& path) {
    return {path.c_str(), path.size()};
}

std::unique_ptr<SharedIndex> open(const nb::bytes& path, bool prefault, bool verify) {
    return with_path(path_of(path), [&] {
        const WithoutGil released;
        return std::make_unique<SharedIndex>(Index::open(path_of(path), {.prefault = prefault, .verify = verify}));
    });
}

// The core's alignment: what open_buffer asks for.
constexpr std::align_val_t alignment{64};

// Keeps the bytes where they are if they can neither move nor change and start at a multiple of 64, else copies them.
std::unique_ptr<SharedIndex> open_buffer(nb::handle object, bool verify) {
    const std::shared_ptr<Buffer> buffer(new Buffer, [](Buffer* held) {
        if (is_ending()) return;  // what is still held goes with the process
        // The last search may end on a thread that does not hold the GIL.
        const PyGILState_STATE state = call_python([] { return PyGILState_Ensure(); });
        delete held;
        PyGILState_Release(state);
    });
    if (!buffer->acquire(object, PyBUF_SIMPLE)) {
        throw Error(
            ErrorCode::invalid_argument,
            "buffer: expected an object with contiguous bytes, such as bytes, memoryview, mmap or a NumPy array");
    }
    const Py_buffer& view = buffer->view();
    std::span bytes(static_cast<const std::byte*>(view.buf), static_cast<std::size_t>(view.len));
    std::shared_ptr<const void> owner = buffer;
    const WithoutGil released;
    const bool aligned = reinterpret_cast<std::uintptr_t>(view.buf) % static_cast<std::size_t>(alignment) == 0;
    if (view.readonly == 0 || !aligned) {
        const std::shared_ptr<void> copy(::operator new(bytes.size() + 1, alignment),
                                         [](void* memory) { ::operator delete(memory, alignment); });
        std::memcpy(copy.get(), bytes.data(), bytes.size());
        bytes = {static_cast<const std::byte*>(copy.get()), bytes.size()};
        owner = copy;
    }
    return std::make_unique<SharedIndex>(Index::open_buffer(bytes, std::move(owner), {.verify = verify}));
}

void save(const SharedIndex& shared, const nb::bytes& path) {
    const Index index = shared.get();
    with_path(path_of(path), [&] {
        const WithoutGil released;
        write_file(path_of(path), index.bytes());
    });
}

nb::bytes contents(const SharedIndex& shared) {
    const Index index = shared.get();
    return nb::bytes(index.bytes().data(), index.bytes().size());
}

void verify(const SharedIndex& shared) {
    const Index index = shared.get();
    with_path(index.info().path, [&] {
        const WithoutGil released;
        index.verify();
    });
}

nb::object query_drift(const SharedIndex& shared) {
    const QueryDrift drift = shared.get().query_drift();
    if (drift.seen < drift.watched) return nb::none();
    return nb::make_tuple(drift.far, drift.seen);
}

nb::object ids(const SharedIndex& shared) {
    const Index index = shared.get();
    if (index.id_kind() == IdKind::string) {
        nb::list names;
        for (std::uint32_t row = 0; row < index.size(); ++row) names.append(text(index.string_id(row)));
        return names;
    }
    NewArray<std::int64_t> numbers(index.size());
    for (std::uint32_t row = 0; row < index.size(); ++row) numbers.data()[row] = index.int64_id(row);
    return numbers.release();
}

nb::object vector(const SharedIndex& shared, std::uint32_t row) {
    const Index index = shared.get();
    NewArray<float> values(index.dim());
    index.vector(row, {values.data(), index.dim()});
    return values.release();
}

nb::object vectors(const SharedIndex& shared, const RowNumbers& rows) {
    const Index index = shared.get();
    NewArray<float> values(rows.shape(0), index.dim());
    {
        const WithoutGil released;
        for (std::size_t i = 0; i < rows.shape(0); ++i) {
            index.vector(row_number(rows.data()[i]), {values.data() + i * index.dim(), index.dim()});
        }
    }
    return values.release();
}

nb::dict info(const SharedIndex& shared) {
    const Info info = shared.get().info();
    nb::list sections;
    for (const Section& section : info.sections) {
        nb::dict entry;
        entry["name"] = text(section.name);
        entry["offset"] = section.offset;
        entry["bytes"] = section.bytes;
        sections.append(entry);
    }
    nb::list calibration;
    for (const CalibrationPoint& point : info.calibration) {
        nb::dict entry;
        entry["k"] = point.k;
        entry["effort"] = point.effort;
        entry["recall"] = point.recall;
        entry["standard_error"] = point.standard_error;
        calibration.append(entry);
    }
    nb::dict walk_recall;
    for (const WalkRecall& each : info.walk_recall) walk_recall[nb::cast(each.k)] = each.recall;
    nb::dict nearest;
    if (info.calibrated_nearest != decltype(info.calibrated_nearest){}) {
        constexpr std::array<int, 5> hundredths = {1, 25, 50, 75, 99};
        for (std::size_t i = 0; i < hundredths.size(); ++i) {
            nearest[nb::cast(hundredths[i])] = info.calibrated_nearest[i];
        }
    }
    nb::dict result;
    result["metric"] = metric_name(info.metric);
    result["dim"] = info.dim;
    result["count"] = info.count;
    result["value_type"] = value_type_name(info.value_type);
    result["id_kind"] = id_kind_name(info.id_kind);
    const bool graph = info.structure == Structure::graph;
    result["structure"] = structure_name(info.structure);
    result["profile"] = graph ? nb::cast(profile_name(info.profile)) : nb::none();
    result["keep"] = graph ? nb::cast(keep_name(info.keep)) : nb::none();
    result["degree"] = graph ? nb::cast(info.degree) : nb::none();
    result["calibration"] = calibration;
    result["walk_recall"] = walk_recall;
    result["calibrated_nearest"] = nearest;
    result["n_trees"] = info.n_trees;
    result["n_trees_asked"] = info.n_trees_asked;
    result["leaf_size"] = info.leaf_size;
    result["seed"] = info.seed;
    result["file_bytes"] = info.file_bytes;
    result["format_version"] = info.format_version;
    result["library_version"] = text(info.library_version);
    result["sections"] = sections;
    return result;
}

}  // namespace

void bind_index(nb::module_& module) {
    nb::class_<SharedIndex> type(module, "Index", "A mapped index. Safe to use from any number of threads.");
    type.def_static("open", &open, "path"_a, "prefault"_a, "verify"_a, "Map a file; `path` as os.fsencode gives it.")
        .def_static("open_buffer", &open_buffer, "buffer"_a.none(), "verify"_a,
                    "Search the bytes of a file held in memory.")
        .def(
            "copy", [](const SharedIndex& shared) { return std::make_unique<SharedIndex>(shared.get()); },
            "Another one that shares the mapping and is closed by itself.")
        .def(
            "close",
            [](SharedIndex& shared) {
                const WithoutGil released;
                shared.close();
            },
            "Let go of the mapping; searches under way end as usual.")
        .def_prop_ro("closed", &SharedIndex::closed, "Whether close() was called.")
        .def("save", &save, "path"_a, "Write the file's bytes to `path`, atomically.")
        .def("contents", &contents, "The whole file.")
        .def("verify", &verify, "Check every checksum and every stored id.")
        .def("info", &info, nb::sig("def info(self) -> dict[str, object]"), "What the file says about itself.")
        .def_prop_ro(
            "size", [](const SharedIndex& shared) { return shared.get().size(); }, "The number of items.")
        .def_prop_ro(
            "dim", [](const SharedIndex& shared) { return shared.get().dim(); }, "Dimensions of a vector.")
        .def_prop_ro(
            "metric", [](const SharedIndex& shared) { return metric_name(shared.get().metric()); },
            "The metric's name.")
        .def_prop_ro(
            "structure", [](const SharedIndex& shared) { return structure_name(shared.get().info().structure); },
            "'forest' or 'graph'.")
        .def_prop_ro(
            "id_kind", [](const SharedIndex& shared) { return id_kind_name(shared.get().id_kind()); },
            "'row', 'int64' or 'string'.")
        .def_prop_ro(
            "fingerprint", [](const SharedIndex& shared) { return shared.get().fingerprint(); },
            "Made of the checksums of everything in the file.")
        .def(
            "query_drift", &query_drift, nb::sig("def query_drift(self) -> tuple[int, int] | None"),
            "How many of the first queries had a farther nearest item than nearly all of the calibration's, and of how "
            "many; (0, 0) without a calibration, None until enough were seen.")
        .def("ids", &ids, nb::sig("def ids(self) -> numpy.typing.NDArray[numpy.int64] | list[str]"), "Every id by row.")
        .def(
            "find", [](const SharedIndex& shared, std::int64_t id) { return shared.get().find(id); },
            "id"_a.noconvert(), "The row of an id, None where there is none.")
        .def(
            "find", [](const SharedIndex& shared, std::string_view id) { return shared.get().find(id); }, "id"_a,
            "The row of an id, None where there is none.")
        .def("vector", &vector, "row"_a, nb::sig("def vector(self, row: int) -> numpy.typing.NDArray[numpy.float32]"),
             "The vector of a row.")
        .def("vectors", &vectors, "rows"_a.noconvert(),
             nb::sig(
                 "def vectors(self, rows: numpy.typing.NDArray[numpy.int64]) -> numpy.typing.NDArray[numpy.float32]"),
             "The vectors of rows.")
        .def(
            "distance",
            [](const SharedIndex& shared, std::uint32_t a, std::uint32_t b) { return shared.get().distance(a, b); },
            "a"_a, "b"_a, "The distance of two rows.");
    bind_search(type);
    bind_radius(type);
    bind_nearest(type);
    bind_attributes(type);
    bind_inspection(type);
    bind_filter(module, type);
}

}  // namespace nearfile::python
