#include "build/external/kept.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "file/atomic_file.hpp"
#include "file/section_writer.hpp"
#include "opened/errors.hpp"

namespace nearfile::build::external {
namespace {

constexpr char suffix[] = ".kept";

}  // namespace

Kept::Kept(file::WorkFolder& folder, const Key& key) : folder_(folder), key_(key) {
    for (const std::string& name : folder_.names()) {
        const bool kept = name.ends_with(suffix) && has(name.substr(0, name.size() - (sizeof suffix - 1)));
        if (!kept) folder_.remove(name);
    }
}

void Kept::keep(const std::string& name, const Parts& parts) const {
    file::AtomicFile made(folder_.path_of(name + suffix));
    file::SectionWriter writer(made);
    for (std::uint32_t part = 0; part < parts.size(); ++part) {
        opened::unwrap(writer.add(part + 1, file::flag_required, parts[part]));
    }
    opened::unwrap(writer.finish(key_));
    opened::unwrap(made.replace());
}

std::optional<file::Container> Kept::find(const std::string& name) const {
    std::array<std::uint32_t, file::max_sections> kinds;
    std::iota(kinds.begin(), kinds.end(), 1u);
    auto opened = file::Container::open(folder_.path_of(name + suffix), kinds, false);
    if (!opened.ok()) return std::nullopt;
    file::Container& container = opened.value();
    if (!std::ranges::equal(container.description(), key_) || !container.verify().ok()) return std::nullopt;
    return std::move(container);
}

// Without reading all of it.
bool Kept::has(const std::string& name) const {
    std::array<std::uint32_t, file::max_sections> kinds;
    std::iota(kinds.begin(), kinds.end(), 1u);
    const auto opened = file::Container::open(folder_.path_of(name + suffix), kinds, false);
    return opened.ok() && std::ranges::equal(opened.value().description(), key_);
}

void Kept::drop(const std::string& name) const {
    folder_.remove(name + suffix);
}

void Kept::rows(const std::string& name, graph::Adjacency& graph, std::uint32_t begin, std::uint32_t end,
                const std::function<void()>& make) const {
    const std::span<std::byte> bytes = graph.rows(begin, end);
    if (const auto found = find(name); found && part_of(*found, 0).size() == bytes.size()) {
        std::memcpy(bytes.data(), part_of(*found, 0).data(), bytes.size());
        return;
    }
    make();
    keep(name, {bytes});
}

}  // namespace nearfile::build::external
