// What Arrow's capsules hold, moved out of them: so it is let go of once, by whoever took it.
#pragma once

#include <nanobind/nanobind.h>

#include <nearfile/error.hpp>
#include <string>

#include "arrow_abi.hpp"

namespace nearfile::python {

// `what` it is that capsules are read for, as errors name it.
template <class T>
void move_out(nanobind::handle capsule, const char* name, const std::string& what, Owned<T>& to) {
    auto* const held = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
    if (held == nullptr) throw nanobind::python_error();
    if (held->release == nullptr) {
        throw Error(ErrorCode::invalid_argument,
                    what + ": expected a capsule " + name + ", got one that was used already");
    }
    to.take(*held);
}

// Gives the schema to `begin`, then it and each array to `add`. Without the GIL: a stream may wait for threads that
// want it.
template <class Begin, class Add>
void read_stream(ArrowArrayStream* stream, const std::string& what, const Begin& begin, const Add& add) {
    const std::string expected = what + ": expected a stream of Arrow's arrays, got ";
    if (stream->get_schema == nullptr || stream->get_next == nullptr) {
        throw Error(ErrorCode::invalid_argument, expected + "one without its functions");
    }
    const auto check_told = [&](int failed) {
        if (failed == 0) return;
        const char* const reason = stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
        throw Error(ErrorCode::invalid_argument, expected + "error " + std::to_string(failed) + " from it" +
                                                     (reason == nullptr ? std::string() : std::string(": ") + reason));
    };
    Owned<ArrowSchema> schema;
    check_told(stream->get_schema(stream, schema.get()));
    begin(*schema);
    for (;;) {
        Owned<ArrowArray> array;
        check_told(stream->get_next(stream, array.get()));
        if (array.is_released()) return;  // the end
        add(*schema, array);
    }
}

}  // namespace nearfile::python
