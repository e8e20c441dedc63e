// What a file has of one item, as dicts; python/nearfile/inspection.py says what is in them.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <cstdint>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "shared_index.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

template <class T, class Values>
nb::object array_of(const Values& values) {
    NewArray<T> array(values.size());
    std::copy(values.begin(), values.end(), array.data());
    return array.release();
}

class Teller {
public:
    explicit Teller(const Index& index) : index_(index) {}

    nb::dict tell(const Inspection& found) const {
        nb::dict told;
        told["id"] = id(found.row);
        told["row"] = found.row;
        told["item"] = found.item;
        told["extents"] = list(found.extents);
        told["leaves"] = list(found.leaves);
        told["vertex"] = told_or_none(found.vertex);
        told["nibbles"] = told_or_none(found.nibbles);
        told["code"] = told_or_none(found.code);
        told["vector"] = told_or_none(found.vector);
        told["vector_lower"] = told_or_none(found.vector_lower);
        told["values"] = array_of<float>(found.values);
        return told;
    }

private:
    nb::object id(std::uint32_t row) const {
        if (index_.id_kind() == IdKind::string) return text(index_.string_id(row));
        return nb::cast(index_.int64_id(row));
    }

    nb::dict tell(const Extent& extent) const {
        const auto data = index_.bytes().subspan(extent.offset, extent.bytes);
        nb::dict told;
        told["section"] = extent.section;
        told["offset"] = extent.offset;
        told["bytes"] = extent.bytes;
        told["data"] = nb::bytes(data.data(), data.size());
        return told;
    }

    nb::dict tell(const Inspection::Split& split) const {
        nb::dict told;
        told["split"] = split.number;
        told["extent"] = tell(split.extent);
        told["plane"] = told_or_none(split.plane);
        told["margin"] = split.margin;
        told["bit"] = split.bit;
        told["above"] = split.above;
        told["search_above"] = split.search_above;
        return told;
    }

    nb::dict tell(const Inspection::Leaf& leaf) const {
        nb::list ids;
        for (const std::uint32_t row : leaf.rows) ids.append(id(row));
        nb::dict told;
        told["tree"] = leaf.tree;
        told["root"] = tell(leaf.root);
        told["path"] = list(leaf.path);
        told["leaf"] = leaf.number;
        told["bounds"] = tell(leaf.bounds);
        told["ids"] = ids;
        return told;
    }

    nb::dict tell(const Inspection::Edge& edge) const {
        nb::dict told;
        told["place"] = edge.place;
        told["id"] = id(edge.row);
        told["distance"] = edge.distance;
        told["additive"] = edge.additive;
        told["factor"] = edge.factor;
        return told;
    }

    nb::dict tell(const Inspection::Vertex& vertex) const {
        nb::dict told;
        told["extent"] = tell(vertex.extent);
        told["places"] = vertex.places;
        told["id_bytes"] = vertex.id_bytes;
        told["numbers"] = tell(vertex.numbers);
        told["additives"] = told_or_none(vertex.additives);
        told["factors"] = told_or_none(vertex.factors);
        told["signs"] = told_or_none(vertex.signs);
        told["neighbors"] = list(vertex.edges);
        return told;
    }

    nb::dict tell(const Inspection::Code& code) const {
        nb::dict told;
        told["extent"] = tell(code.extent);
        told["code"] = array_of<std::int64_t>(code.code);
        told["decoded"] = array_of<float>(code.decoded);
        told["exact"] = code.exact.empty() ? nb::none() : array_of<float>(code.exact);
        told["scale"] = code.scale;
        told["factor"] = code.factor;
        told["squared_norm"] = code.squared_norm;
        told["error"] = code.error;
        return told;
    }

    template <class Part>
    nb::object told_or_none(const std::optional<Part>& part) const {
        return part ? nb::object(tell(*part)) : nb::none();
    }

    template <class Part>
    nb::list list(const std::vector<Part>& parts) const {
        nb::list told;
        for (const Part& part : parts) told.append(tell(part));
        return told;
    }

    const Index& index_;
};

nb::dict inspect(const SharedIndex& shared, std::uint32_t row) {
    const Index index = shared.get();
    const Inspection found = with_path(index.info().path, [&] {
        const nb::gil_scoped_release released;
        return index.inspect(row);
    });
    return Teller(index).tell(found);
}

}  // namespace

void bind_inspection(nb::class_<SharedIndex>& type) {
    type.def("inspect", &inspect, "row"_a, nb::sig("def inspect(self, row: int) -> dict[str, object]"),
             "What the file has of a row's item, and where.");
}

}  // namespace nearfile::python
