// Where in the file something lies that the views of an open index refer to.
#pragma once

#include <cstddef>

#include "nearfile/inspection.hpp"
#include "opened/state.hpp"

namespace nearfile::api {

// `at` points into a section that has `bytes` more.
inline Extent extent_of(const Index::State& state, const void* at, std::size_t bytes) noexcept {
    const auto offset = static_cast<std::uint64_t>(static_cast<const std::byte*>(at) - state.container.bytes().data());
    Extent extent{{}, offset, bytes};
    for (const file::SectionEntry& entry : state.container.sections()) {
        if (entry.offset <= offset) extent.section = opened::section_name(entry.kind);
    }
    return extent;
}

}  // namespace nearfile::api
