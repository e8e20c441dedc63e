// What a build's long stages have made, kept on disk so that a build that was killed goes on from there: a container a
// result, as an index is one, written atomically, with checksums, and with a key of what it was made of.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "file/container.hpp"
#include "file/work_folder.hpp"
#include "graph/adjacency.hpp"

namespace nearfile::build::external {

// Of everything that the result depends on.
using Key = std::array<std::byte, file::description_bytes>;

class Kept {
public:
    // Results that have another key are of no use, and go.
    Kept(file::WorkFolder& folder, const Key& key);

    using Parts = std::vector<std::span<const std::byte>>;
    // Durable when it returns. Throws Error(io).
    void keep(const std::string& name, const Parts& parts) const;
    // Nothing where there is none, or where what is there is not whole.
    std::optional<file::Container> find(const std::string& name) const;
    bool has(const std::string& name) const;
    void drop(const std::string& name) const;

    // Neighbours of items begin to end - 1 of `graph`: as they were kept, or else as `make` writes them there now.
    void rows(const std::string& name, graph::Adjacency& graph, std::uint32_t begin, std::uint32_t end,
              const std::function<void()>& make) const;

private:
    file::WorkFolder& folder_;
    Key key_;
};

// Part `part` of a result.
inline std::span<const std::byte> part_of(const file::Container& kept, std::uint32_t part) noexcept {
    return kept.section(part + 1);
}
template <class T>
std::vector<T> values_of(const file::Container& kept, std::uint32_t part) {
    const auto bytes = part_of(kept, part);
    const auto* const first = reinterpret_cast<const T*>(bytes.data());
    return {first, first + bytes.size() / sizeof(T)};
}

}  // namespace nearfile::build::external
