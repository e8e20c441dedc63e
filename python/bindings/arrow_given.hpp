// Schemas, arrays and streams of Arrow that are given out: each with all that it points at, until whoever took it lets
// go.
#pragma once

#include <nanobind/nanobind.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow_abi.hpp"

namespace nearfile::python {

// A schema or an array with all that it points at, in one piece that its release() deletes.
template <class T>
struct Given {
    std::string name;
    std::string format;
    std::shared_ptr<const void> owner;  // of what buffers point at and is not here
    std::array<std::vector<std::uint8_t>, 2> bits;
    std::array<const void*, 3> buffers{};
    std::vector<T> children;
    std::vector<T*> places;

    // `to` becomes what is here, and lets go of it.
    static void give(std::unique_ptr<Given> given, T& to) {
        for (T& child : given->children) given->places.push_back(&child);
        to.n_children = static_cast<std::int64_t>(given->children.size());
        to.children = given->places.data();
        to.release = [](T* held) {
            for (std::int64_t i = 0; i < held->n_children; ++i) {
                T* const child = held->children[i];
                if (child->release != nullptr) child->release(child);  // else it was moved out
            }
            delete static_cast<Given*>(held->private_data);
            held->release = nullptr;
        };
        to.private_data = given.release();
    }
};

void give_schema(std::string name, std::string format, std::vector<ArrowSchema> children, ArrowSchema& to);

// A table's, whose rows are never missing.
void give_table_schema(std::vector<ArrowSchema> columns, ArrowSchema& to);

void give_array(std::unique_ptr<Given<ArrowArray>> given, std::int64_t length, std::int64_t buffers, ArrowArray& to);

// What offsets of no rows are: one zero.
const void* starts_or_zero(const std::vector<std::uint64_t>& starts);

// A stream of one table, which is made when it is asked for; without the GIL, as likely as not.
struct GivenStream {
    std::function<void(ArrowSchema&)> schema;
    std::function<void(ArrowArray&)> table;
    bool done = false;
};

// A capsule `arrow_array_stream`.
nanobind::object stream_capsule(GivenStream stream);

}  // namespace nearfile::python
