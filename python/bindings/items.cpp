// Vectors by id as Annoy's add_item takes them: one at a time, in any order, with gaps, from anything with len() and
// [].
//
// Rows are kept in chunks, so growing copies nothing, and ids next to them in the order of adding. While ids ascend,
// which they nearly always do, a row is found by its id without a table.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <nearfile/nearfile.hpp>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "gil.hpp"
#include "shared_index.hpp"
#include "vectors.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

void check_id(std::int64_t id) {
    if (id < 0) raise(PyExc_IndexError, "Item index can not be negative");
    if (id > max_id) raise(PyExc_OverflowError, "signed integer is greater than maximum");
}

// Room for one vector, without a call for memory where it is short.
class OneRow {
public:
    explicit OneRow(std::size_t dim) : long_(dim > short_.size() ? new float[dim] : nullptr), dim_(dim) {}
    std::span<float> values() { return {long_ ? long_.get() : short_.data(), dim_}; }

private:
    std::array<float, 256> short_;
    std::unique_ptr<float[]> long_;
    std::size_t dim_;
};

// Every member may be called from any thread, and locks. Nothing that runs Python code is called with the lock held.
class Items {
public:
    Items(std::uint32_t dim, bool bits)
        : dim_(dim), bits_(bits), chunk_rows_(std::max<std::size_t>(1, chunk_floats / dim)) {}

    std::uint32_t dim() const { return dim_; }
    bool bits() const { return bits_; }

    // From now on add() raises an Exception of these words; empty takes vectors again.
    void seal(std::string message) {
        const std::scoped_lock lock(mutex_);
        sealed_ = std::move(message);
    }

    void add(nb::handle i, nb::handle vector) {
        const std::int32_t id = int32(i);
        check_open();
        check_id(id);
        OneRow row(dim_);
        read_vector(vector, bits_, row.values());
        const std::string sealed = put_one(id, row.values().data());
        if (!sealed.empty()) raise(PyExc_Exception, sealed);
    }

    void add_many(const std::optional<RowNumbers>& ids, const Rows& rows) {
        check_open();
        const std::size_t n = rows.shape(0);
        if (rows.shape(1) != dim_) check_length(static_cast<Py_ssize_t>(rows.shape(1)), dim_);
        if (ids && ids->shape(0) != n) {
            raise(PyExc_ValueError, "ids: expected one for each of " + std::to_string(n) + " vectors, got " +
                                        std::to_string(ids->shape(0)));
        }
        for (std::size_t row = 0; ids && row < n; ++row) check_id(ids->data()[row]);
        if (!bits_) {
            for (std::size_t row = 0; row < n; ++row) check_finite({rows.data() + row * dim_, dim_});
        }
        const std::string sealed = put_many(ids ? ids->data() : nullptr, rows.data(), n);
        if (!sealed.empty()) raise(PyExc_Exception, sealed);
    }

    std::size_t count() const {
        const std::scoped_lock lock(mutex_);
        return ids_.size();
    }
    std::int64_t n_items() const {
        const std::scoped_lock lock(mutex_);
        return ids_.empty() ? 0 : std::int64_t{largest_} + 1;
    }
    bool has(std::int64_t id) const {
        const std::scoped_lock lock(mutex_);
        return find(id).has_value();
    }

    // The vector of an id, zeros where there is none.
    nb::object get(std::int64_t id) const {
        NewArray<float> values(dim_);
        const std::scoped_lock lock(mutex_);
        if (const auto row = find(id)) {
            std::memcpy(values.data(), at(*row), dim_ * sizeof(float));
        } else {
            std::fill_n(values.data(), dim_, 0.0f);
        }
        return values.release();
    }

    // Ids and vectors of `most` items at most, from the `start`th smallest id.
    nb::object block(std::size_t start, std::size_t most) const {
        const std::size_t have = count();  // never falls
        const std::size_t n = start < have ? std::min(most, have - start) : 0;
        NewArray<std::int64_t> ids(n);
        NewArray<float> rows(n, dim_);
        {
            const WithoutGil released;
            const std::scoped_lock lock(mutex_);
            sort();
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t row = ascending_ ? start + i : order_[start + i];
                ids.data()[i] = ids_[row];
                std::memcpy(rows.data() + i * dim_, at(row), dim_ * sizeof(float));
            }
        }
        return nb::make_tuple(ids.release(), rows.release());
    }

private:
    static constexpr std::size_t chunk_floats = 1 << 18;

    // Making an exception may run the garbage collector, and so any Python code: never with the lock held.
    void check_open() const {
        std::string sealed;
        {
            const std::scoped_lock lock(mutex_);
            sealed = sealed_;
        }
        if (!sealed.empty()) raise(PyExc_Exception, sealed);
    }

    // Empty, or why it was not put.
    std::string put_one(std::int32_t id, const float* values) {
        const std::scoped_lock lock(mutex_);
        if (sealed_.empty()) {
            const std::size_t place = places_for(1, [&](std::size_t) { return id; }).front();
            std::memcpy(at(place), values, dim_ * sizeof(float));
        }
        return sealed_;
    }

    float* at(std::size_t row) const { return chunks_[row / chunk_rows_].get() + row % chunk_rows_ * dim_; }

    std::optional<std::size_t> find(std::int64_t id) const {
        if (ascending_) {
            const auto near = static_cast<std::size_t>(std::max<std::int64_t>(id, 0));
            if (near < ids_.size() && ids_[near] == id) return near;
            const auto found = std::lower_bound(ids_.begin(), ids_.end(), id);
            if (found == ids_.end() || *found != id) return std::nullopt;
            return static_cast<std::size_t>(found - ids_.begin());
        }
        const auto found = rows_.find(id);
        return found == rows_.end() ? std::nullopt : std::optional(found->second);
    }

    void reserve(std::size_t n) {
        const std::size_t needed = ids_.size() + n;
        if (ids_.capacity() < needed) ids_.reserve(std::max(needed, 2 * ids_.size()));
        while (chunks_.size() * chunk_rows_ < needed) chunks_.emplace_back(new float[chunk_rows_ * dim_]);
    }

    // Where the vectors of `n` ids go; ids that are new get rows at the end. All or none, when memory runs out.
    template <class IdOf>
    std::vector<std::size_t> places_for(std::size_t n, const IdOf& id_of) {
        std::vector<std::size_t> places(n);
        reserve(n);
        const std::size_t before = ids_.size();
        const std::int32_t largest_before = largest_;
        try {
            for (std::size_t i = 0; i < n; ++i) places[i] = place_for(id_of(i));
        } catch (...) {
            for (std::size_t row = before; row < ids_.size(); ++row) rows_.erase(ids_[row]);
            ids_.resize(before);
            largest_ = largest_before;
            throw;
        }
        return places;
    }

    std::size_t place_for(std::int32_t id) {
        const std::size_t next = ids_.size();
        if (id > largest_) {
            if (!ascending_) rows_.emplace(id, next);
        } else {
            if (const auto row = find(id)) return *row;
            if (ascending_) index_rows();
            rows_.emplace(id, next);
            ascending_ = false;
        }
        ids_.push_back(id);  // there is room
        largest_ = std::max(largest_, id);
        return next;
    }

    // With ids from the largest on where there are none. Empty, or why nothing was put.
    std::string put_many(const std::int64_t* ids, const float* rows, std::size_t n) {
        const WithoutGil released;
        const std::scoped_lock lock(mutex_);
        if (!sealed_.empty()) return sealed_;
        const std::int64_t next = std::int64_t{largest_} + 1;
        if (ids == nullptr && next + static_cast<std::int64_t>(n) > max_id + 1) {
            throw Error(ErrorCode::invalid_argument, "ids: expected room for " + std::to_string(n) + " after " +
                                                         std::to_string(next - 1) + ", got past 2147483647");
        }
        const std::vector<std::size_t> places = places_for(n, [&](std::size_t row) {
            return static_cast<std::int32_t>(ids != nullptr ? ids[row] : next + static_cast<std::int64_t>(row));
        });
        // Nothing below can fail.
        for (std::size_t row = 0; row < n; ++row) {
            const float* values = rows + row * dim_;
            if (bits_) {
                std::transform(values, values + dim_, at(places[row]),
                               [](float value) { return value > 0.5f ? 1.0f : 0.0f; });
            } else {
                std::memcpy(at(places[row]), values, dim_ * sizeof(float));
            }
        }
        return {};
    }

    void index_rows() {
        rows_.clear();
        rows_.reserve(ids_.size() + 1);
        for (std::size_t row = 0; row < ids_.size(); ++row) rows_.emplace(ids_[row], row);
    }

    void sort() const {
        if (ascending_ || order_.size() == ids_.size()) return;
        order_.resize(ids_.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return ids_[a] < ids_[b]; });
    }

    const std::uint32_t dim_;
    const bool bits_;
    const std::size_t chunk_rows_;
    mutable std::mutex mutex_;
    std::string sealed_;
    std::vector<std::unique_ptr<float[]>> chunks_;
    std::vector<std::int32_t> ids_;
    std::int32_t largest_ = -1;
    bool ascending_ = true;
    std::unordered_map<std::int64_t, std::size_t> rows_;  // once ids do not ascend
    mutable std::vector<std::size_t> order_;              // of the rows by id, made by sort()
};

nb::object row(nb::handle vector, std::uint32_t dim, bool bits) {
    NewArray<float> values(dim);
    read_vector(vector, bits, {values.data(), dim});
    return values.release();
}

// The smallest and largest id of an index that has items and no strings.
nb::object id_range(const SharedIndex& shared) {
    const Index index = shared.get();
    if (index.size() == 0 || index.id_kind() == IdKind::string) return nb::none();
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = std::numeric_limits<std::int64_t>::min();
    {
        const WithoutGil released;
        if (index.id_kind() == IdKind::row) {
            least = 0;
            most = index.size() - std::int64_t{1};
        }
        for (std::uint32_t item = 0; index.id_kind() == IdKind::int64 && item < index.size(); ++item) {
            least = std::min(least, index.int64_id(item));
            most = std::max(most, index.int64_id(item));
        }
    }
    return nb::make_tuple(least, most);
}

}  // namespace

void bind_items(nb::module_& module) {
    nb::class_<Items>(module, "Items", "Vectors by id, added as Annoy's add_item takes them.")
        .def(
            "__init__",
            [](Items* self, std::uint32_t dim, bool bits) {
                if (dim < 1 || dim > max_dim) raise(PyExc_ValueError, "dim: expected 1 to 65536");
                new (self) Items(dim, bits);
            },
            "dim"_a, "bits"_a)
        .def("add", &Items::add, "i"_a.none(), "vector"_a.none(),
             nb::sig("def add(self, i: typing.SupportsIndex, vector: object) -> None"),
             "Add or replace one vector: anything with len() and [].")
        .def("add_many", &Items::add_many, "ids"_a.noconvert().none(), "rows"_a.noconvert(),
             nb::sig("def add_many(self, ids: numpy.typing.NDArray[numpy.int64] | None, "
                     "rows: numpy.typing.NDArray[numpy.float32]) -> None"),
             "Add or replace rows, all or none; without ids after the largest one.")
        .def("seal", &Items::seal, "message"_a, "Have add() raise an Exception of these words; none ends that.")
        .def("has", &Items::has, "id"_a, "Whether an id was added.")
        .def("get", &Items::get, "id"_a, nb::sig("def get(self, id: int) -> numpy.typing.NDArray[numpy.float32]"),
             "The vector of an id, zeros where there is none.")
        .def("block", &Items::block, "start"_a, "most"_a,
             nb::sig("def block(self, start: int, most: int) -> "
                     "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32]]"),
             "Ids and vectors, in the order of ids.")
        .def_prop_ro("count", &Items::count, "How many ids there are.")
        .def_prop_ro("n_items", &Items::n_items, "The largest id + 1.");
    module.def("row", &row, "vector"_a.none(), "dim"_a, "bits"_a,
               nb::sig("def row(vector: object, dim: int, bits: bool) -> numpy.typing.NDArray[numpy.float32]"),
               "One vector as Items.add reads it.");
    module.def("int32", &int32, "value"_a.none(), nb::sig("def int32(value: object) -> int"),
               "A whole number of 32 bits, or Annoy's errors.");
    module.def("id_range", &id_range, "index"_a, nb::sig("def id_range(index: Index) -> tuple[int, int] | None"),
               "The smallest and largest id, None where there are no numbers.");
}

}  // namespace nearfile::python
