#include "arrow_given.hpp"

#include <cerrno>

namespace nearfile::python {

namespace nb = nanobind;

namespace {

GivenStream& given_of(ArrowArrayStream* stream) {
    return *static_cast<GivenStream*>(stream->private_data);
}

template <class Call>
int told(const Call& call) noexcept {
    try {
        call();
        return 0;
    } catch (...) {  // of memory alone
        return ENOMEM;
    }
}

void give_stream(GivenStream given, ArrowArrayStream& to) {
    to = {};
    to.private_data = new GivenStream(std::move(given));
    to.get_schema = [](ArrowArrayStream* stream, ArrowSchema* out) {
        return told([&] { given_of(stream).schema(*out); });
    };
    to.get_next = [](ArrowArrayStream* stream, ArrowArray* out) {
        GivenStream& held = given_of(stream);
        *out = {};
        if (held.done) return 0;
        const int failed = told([&] { held.table(*out); });
        held.done = failed == 0;
        return failed;
    };
    to.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    to.release = [](ArrowArrayStream* stream) {
        delete &given_of(stream);
        stream->release = nullptr;
    };
}

}  // namespace

void give_schema(std::string name, std::string format, std::vector<ArrowSchema> children, ArrowSchema& to) {
    auto given = std::make_unique<Given<ArrowSchema>>();
    given->name = std::move(name);
    given->format = std::move(format);
    given->children = std::move(children);
    to = {};
    to.name = given->name.c_str();
    to.format = given->format.c_str();
    to.flags = arrow_nullable;
    Given<ArrowSchema>::give(std::move(given), to);
}

void give_table_schema(std::vector<ArrowSchema> columns, ArrowSchema& to) {
    give_schema("", "+s", std::move(columns), to);
    to.flags = 0;
}

void give_array(std::unique_ptr<Given<ArrowArray>> given, std::int64_t length, std::int64_t buffers, ArrowArray& to) {
    to = {};
    to.length = length;
    to.n_buffers = buffers;
    to.buffers = given->buffers.data();
    Given<ArrowArray>::give(std::move(given), to);
}

const void* starts_or_zero(const std::vector<std::uint64_t>& starts) {
    static constexpr std::uint64_t none = 0;
    return starts.empty() ? &none : starts.data();
}

nb::object stream_capsule(GivenStream stream) {
    auto content = std::make_unique<ArrowArrayStream>();
    give_stream(std::move(stream), *content);
    PyObject* const capsule = PyCapsule_New(content.get(), "arrow_array_stream", [](PyObject* object) {
        auto* const held = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(object, "arrow_array_stream"));
        if (held->release != nullptr) held->release(held);
        delete held;
    });
    if (capsule == nullptr) {
        content->release(content.get());
        throw nb::python_error();
    }
    static_cast<void>(content.release());
    return nb::steal(capsule);
}

}  // namespace nearfile::python
