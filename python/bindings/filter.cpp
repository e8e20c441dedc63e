// Filters: made by an index, combined by themselves.
#include <cstring>

#include "arrays.hpp"
#include "bindings.hpp"
#include "gil.hpp"
#include "shared_index.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Mask = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Filter filter_of_mask(const SharedIndex& shared, const Mask& mask) {
    const Index index = shared.get();
    const WithoutGil released;
    return index.filter(std::span(mask.data(), mask.size()));
}

std::vector<std::uint32_t> rows_of(const RowNumbers& rows) {
    std::vector<std::uint32_t> result(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        // A number that is no row stays none when made narrower: every row is below max_count.
        result[i] =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(rows.data()[i]), max_count));
    }
    return result;
}

Filter filter_of_rows(const SharedIndex& shared, const RowNumbers& rows) {
    const Index index = shared.get();
    const WithoutGil released;
    return index.filter_of_rows(rows_of(rows));
}

Filter filter_of_words(const SharedIndex& shared, const nb::bytes& bytes, std::uint64_t fingerprint) {
    const Index index = shared.get();
    std::vector<std::uint64_t> words(bytes.size() / sizeof(std::uint64_t));
    std::memcpy(words.data(), bytes.c_str(), words.size() * sizeof(std::uint64_t));
    return index.filter_of_words(words, fingerprint);
}

nb::object rows_in(const SharedIndex& shared, const Filter& filter) {
    const Index index = shared.get();
    const std::vector<std::uint32_t> rows = index.rows_in(filter);
    NewArray<std::int64_t> numbers(rows.size());
    std::ranges::copy(rows, numbers.data());
    return numbers.release();
}

}  // namespace

void bind_filter(nb::module_& module, nb::class_<SharedIndex>& type) {
    nb::class_<Filter>(module, "Filter", "Which items of an index may be answers.")
        .def("__len__", &Filter::size)
        .def("__and__", &Filter::operator&, "other"_a)
        .def("__or__", &Filter::operator|, "other"_a)
        .def("__invert__", &Filter::operator~)
        .def_prop_ro("fingerprint", &Filter::fingerprint, "Of the file that it is for.")
        .def(
            "words",
            [](const Filter& filter) {
                const auto words = filter.words();
                return nb::bytes(words.data(), words.size_bytes());
            },
            "A bit an item, in the order of the file.");
    type.def("filter_of_mask", &filter_of_mask, "mask"_a.noconvert())
        .def("filter_of_rows", &filter_of_rows, "rows"_a.noconvert())
        .def("filter_of_words", &filter_of_words, "words"_a, "fingerprint"_a)
        .def("rows_in", &rows_in, "filter"_a);
}

}  // namespace nearfile::python
