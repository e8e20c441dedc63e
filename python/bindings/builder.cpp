// Building, with signals and the progress callable heard while the GIL is released.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <nearfile/nearfile.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "columns.hpp"
#include "errors.hpp"
#include "gil.hpp"
#include "shared_index.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

// A Builder belongs to one thread at a time; a second call that comes meanwhile, from another thread or from the
// progress callable, is refused rather than made to wait, since waiting for itself would never end.
class SharedBuilder {
public:
    SharedBuilder(std::uint32_t dim, Metric metric) : builder_(dim, metric) {}
    SharedBuilder(std::uint32_t dim, Metric metric, const MemoryLimit& limit) : builder_(dim, metric, limit) {}

    class Turn {
    public:
        explicit Turn(SharedBuilder& shared) : shared_(shared) {
            if (shared_.busy_.test_and_set()) {
                throw Error(ErrorCode::invalid_argument,
                            "builder: expected one call at a time, got a second while add() or build() runs: "
                            "use one Builder a thread, and do not call it from its progress function");
            }
        }
        ~Turn() { shared_.busy_.clear(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        Builder& builder() const { return shared_.builder_; }
        // Keeps what is borrowed of an array, which NumPy then refuses to resize.
        Vectors take(const Rows& rows, bool borrowed) const {
            if (borrowed) shared_.borrowed_.push_back(rows);
            return borrowed ? Vectors::borrowed : Vectors::copied;
        }

    private:
        SharedBuilder& shared_;
    };

private:
    std::vector<Rows> borrowed_;
    Builder builder_;
    std::atomic_flag busy_;
};

std::span<const float> checked(const Rows& rows, const Builder& builder, const char* name = "vectors") {
    if (rows.shape(1) != builder.dim()) {
        throw Error(ErrorCode::invalid_argument, std::string(name) + ": expected rows of " +
                                                     std::to_string(builder.dim()) + " values, got rows of " +
                                                     std::to_string(rows.shape(1)));
    }
    return {rows.data(), rows.size()};
}

// The columns of `n` rows from `start` on; of all their rows where they are.
class Block {
public:
    Block(const Columns* columns, std::uint64_t start, std::size_t n) {
        if (columns == nullptr) return;
        shared_ = columns->shared();
        const bool all = start == 0 && std::all_of(shared_->begin(), shared_->end(),
                                                   [&](const Column& each) { return rows_of(each) == n; });
        if (!all) shared_ = std::make_shared<const std::vector<Column>>(slice(*shared_, start, n));
    }
    std::span<const Column> columns() const {
        return shared_ == nullptr ? std::span<const Column>() : std::span<const Column>(*shared_);
    }

private:
    std::shared_ptr<const std::vector<Column>> shared_;
};

void add(SharedBuilder& shared, const Rows& rows, const Columns* columns, std::uint64_t start, bool borrowed) {
    const SharedBuilder::Turn turn(shared);
    const Vectors vectors = turn.take(rows, borrowed);
    const WithoutGil released;
    turn.builder().add(checked(rows, turn.builder()), Block(columns, start, rows.shape(0)).columns(), vectors);
}

void check(SharedBuilder& shared, const Rows& rows) {
    const SharedBuilder::Turn turn(shared);
    const WithoutGil released;
    turn.builder().check(checked(rows, turn.builder()));
}

void check_columns(SharedBuilder& shared, const Columns& columns, std::uint32_t rows) {
    const SharedBuilder::Turn turn(shared);
    const auto kept = columns.shared();
    const WithoutGil released;
    turn.builder().check(*kept, rows);
}

void check_room(SharedBuilder& shared, std::uint32_t rows) {
    const SharedBuilder::Turn turn(shared);
    turn.builder().check_room(rows);
}

void add_int64(SharedBuilder& shared, const Rows& rows, const RowNumbers& ids, const Columns* columns,
               std::uint64_t start, bool borrowed) {
    const SharedBuilder::Turn turn(shared);
    const Vectors vectors = turn.take(rows, borrowed);
    const WithoutGil released;
    turn.builder().add(checked(rows, turn.builder()), std::span(ids.data(), ids.size()),
                       Block(columns, start, rows.shape(0)).columns(), vectors);
}

void add_strings(SharedBuilder& shared, const Rows& rows, const nb::list& ids, const Columns* columns,
                 std::uint64_t start, bool borrowed) {
    const SharedBuilder::Turn turn(shared);
    const Vectors vectors = turn.take(rows, borrowed);
    // The views are into the str objects, which `kept` holds: another thread may change the list.
    const nb::tuple kept(ids);
    std::vector<std::string_view> views;
    views.reserve(kept.size());
    for (const nb::handle id : kept) views.push_back(nb::cast<std::string_view>(id));
    const WithoutGil released;
    turn.builder().add(checked(rows, turn.builder()), views, Block(columns, start, rows.shape(0)).columns(), vectors);
}

// Hears signals, and calls the user's function where there is one.
void tell(const nb::object& progress, std::string_view stage, std::uint64_t done, std::uint64_t total) {
    if (call_python([] { return PyErr_CheckSignals(); }) != 0) throw nb::python_error();
    if (progress.is_none()) return;
    const nb::object told = nb::steal(call_python([&] {
        PyObject* const name = PyUnicode_FromStringAndSize(stage.data(), static_cast<Py_ssize_t>(stage.size()));
        return PyObject_CallFunction(progress.ptr(), "NKK", name, static_cast<unsigned long long>(done),
                                     static_cast<unsigned long long>(total));
    }));
    if (!told.is_valid()) throw nb::python_error();
}

std::unique_ptr<SharedIndex> build(SharedBuilder& shared, const std::optional<nb::bytes>& path,
                                   std::string_view structure, std::string_view profile, std::string_view keep,
                                   std::uint32_t n_trees, const std::optional<Rows>& queries, std::uint64_t seed,
                                   std::uint32_t threads, const nb::object& progress,
                                   const std::optional<RowMatrix>& candidates, const SharedIndex* like) {
    const SharedBuilder::Turn turn(shared);
    const std::string file = path ? std::string(path->c_str(), path->size()) : std::string();
    std::exception_ptr raised;  // a signal's KeyboardInterrupt, or what the callable raised
    const auto report = [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
        try {
            tell(progress, stage, done, total);
        } catch (...) {
            raised = std::current_exception();
        }
        return raised == nullptr;
    };
    // A copy stays open whoever closes the other.
    const std::optional<Index> kept = like != nullptr ? std::optional(like->get()) : std::nullopt;
    BuildOptions options{
        .structure = structure_from_name(structure),
        .profile = profile_from_name(profile),
        .keep = keep_from_name(keep),
        .n_trees = n_trees,
        .queries = queries ? checked(*queries, turn.builder(), "queries") : std::span<const float>(),
        .candidates = candidates ? std::span(candidates->data(), candidates->size()) : std::span<const std::int64_t>(),
        .like = kept ? &*kept : nullptr,
        .seed = seed,
        .threads = threads,
        .progress = {}};
    try {
        return with_path(file, [&] {
            WithoutGil released;
            options.progress = [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
                return released.with_gil([&] { return report(stage, done, total); });
            };
            const Builder& builder = turn.builder();
            return std::make_unique<SharedIndex>(path ? builder.build(file, options) : builder.build(options));
        });
    } catch (const Error&) {
        if (raised) std::rethrow_exception(raised);
        throw;
    }
}

}  // namespace

void bind_builder(nb::module_& module) {
    nb::class_<SharedBuilder>(module, "Builder", "Collects vectors and builds an index from them.")
        .def(
            "__init__",
            [](SharedBuilder* self, std::uint32_t dim, std::string_view metric, std::uint64_t memory,
               const std::optional<nb::bytes>& path) {
                if (!path) {
                    new (self) SharedBuilder(dim, metric_from_name(metric));
                    return;
                }
                const std::string file(path->c_str(), path->size());
                with_path(file, [&] {
                    return new (self) SharedBuilder(dim, metric_from_name(metric), MemoryLimit{memory, file});
                });
            },
            "dim"_a, "metric"_a, "memory"_a = 0, "path"_a.none() = nb::none(),
            nb::sig("def __init__(self, dim: int, metric: str, memory: int = 0, path: bytes | None = None) -> None"))
        .def_prop_ro(
            "size", [](SharedBuilder& shared) { return SharedBuilder::Turn(shared).builder().size(); },
            "The number of vectors added.")
        .def("add", &add, "rows"_a.noconvert(), "columns"_a.none() = nb::none(), "start"_a = 0, "borrowed"_a = false,
             nb::sig("def add(self, rows: numpy.typing.NDArray[numpy.float32], columns: Columns | None = None, "
                     "start: int = 0, borrowed: bool = False) -> None"),
             "Add rows named by number, and what columns have from row `start` on; the first may be read where they "
             "are.")
        .def("check", &check, "rows"_a.noconvert(),
             nb::sig("def check(self, rows: numpy.typing.NDArray[numpy.float32]) -> None"),
             "Raise what add() would raise; nothing is added.")
        .def("check_columns", &check_columns, "columns"_a, "rows"_a,
             "Raise what add() would raise for columns of so many rows; nothing is added.")
        .def("check_room", &check_room, "rows"_a,
             "Raise what add() would raise for so many rows where memory is limited.")
        .def("add_int64", &add_int64, "rows"_a.noconvert(), "ids"_a.noconvert(), "columns"_a.none() = nb::none(),
             "start"_a = 0, "borrowed"_a = false,
             nb::sig("def add_int64(self, rows: numpy.typing.NDArray[numpy.float32], "
                     "ids: numpy.typing.NDArray[numpy.int64], columns: Columns | None = None, start: int = 0, "
                     "borrowed: bool = False) -> None"),
             "Add rows named by int64.")
        .def("add_strings", &add_strings, "rows"_a.noconvert(), "ids"_a, "columns"_a.none() = nb::none(), "start"_a = 0,
             "borrowed"_a = false,
             nb::sig("def add_strings(self, rows: numpy.typing.NDArray[numpy.float32], ids: list[str], "
                     "columns: Columns | None = None, start: int = 0, borrowed: bool = False) -> None"),
             "Add rows named by str.")
        .def(
            "build", &build, "path"_a.none(), "structure"_a, "profile"_a, "keep"_a, "n_trees"_a,
            "queries"_a.none().noconvert(), "seed"_a, "threads"_a, "progress"_a.none(),
            "candidates"_a.none().noconvert() = nb::none(), "like"_a.none() = nb::none(),
            nb::sig("def build(self, path: bytes | None, structure: str, profile: str, keep: str, n_trees: int, "
                    "queries: numpy.typing.NDArray[numpy.float32] | None, seed: int, threads: int, "
                    "progress: collections.abc.Callable[[str, int, int], object] | None, "
                    "candidates: numpy.typing.NDArray[numpy.int64] | None = None, like: Index | None = None) -> Index"),
            "Build, into a file or in memory.");
}

}  // namespace nearfile::python
