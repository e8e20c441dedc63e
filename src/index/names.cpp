// The words for enumerations, and what the library says about itself.
#include <array>
#include <string>

#include "file/writer.hpp"
#include "index/description.hpp"
#include "index/errors.hpp"
#include "index/kernel_choice.hpp"
#include "nearfile/nearfile.hpp"

namespace nearfile {
namespace {

constexpr std::array<std::string_view, 6> metric_names = {"angular", "cosine",    "euclidean",
                                                          "dot",     "manhattan", "hamming"};

}  // namespace

std::string_view metric_name(Metric metric) noexcept {
    const auto i = static_cast<std::size_t>(metric);
    return i < metric_names.size() ? metric_names[i] : "unknown";
}

std::string_view value_type_name(ValueType type) noexcept {
    constexpr std::array<std::string_view, 4> names = {"float32", "float16", "uint8", "bit"};
    const auto i = static_cast<std::size_t>(type);
    return i < names.size() ? names[i] : "unknown";
}

std::string_view structure_name(Structure structure) noexcept {
    constexpr std::array<std::string_view, 2> names = {"forest", "graph"};
    const auto i = static_cast<std::size_t>(structure);
    return i < names.size() ? names[i] : "unknown";
}

std::string_view profile_name(Profile profile) noexcept {
    constexpr std::array<std::string_view, 3> names = {"compact", "balanced", "fast"};
    const auto i = static_cast<std::size_t>(profile);
    return i < names.size() ? names[i] : "unknown";
}

std::string_view keep_name(Keep keep) noexcept {
    constexpr std::array<std::string_view, 3> names = {"exact", "half", "none"};
    const auto i = static_cast<std::size_t>(keep);
    return i < names.size() ? names[i] : "unknown";
}

std::string_view id_kind_name(IdKind kind) noexcept {
    constexpr std::array<std::string_view, 3> names = {"row", "int64", "string"};
    const auto i = static_cast<std::size_t>(kind);
    return i < names.size() ? names[i] : "unknown";
}

Metric metric_from_name(std::string_view name) {
    for (std::size_t i = 0; i < metric_names.size(); ++i) {
        if (metric_names[i] == name) return static_cast<Metric>(i);
    }
    std::string known;
    for (const auto metric : metric_names) known += (known.empty() ? "" : ", ") + std::string(metric);
    index::raise(ErrorCode::invalid_argument, "metric must be one of " + known + "; got '" + std::string(name) + "'");
}

std::string_view instruction_set() {
    return index::chosen_kernels().name;
}

std::vector<std::string_view> supported_instruction_sets() {
    std::vector<std::string_view> names;
    for (const auto* each = kernels::supported(); *each != nullptr; ++each) names.emplace_back((*each)->name);
    return names;
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
    const std::array<std::span<const std::byte>, 1> pieces = {bytes};
    index::unwrap(file::write_atomically(path, pieces));
}

namespace index {

const kernels::Kernels& chosen_kernels() {
    const char* message = nullptr;
    const kernels::Kernels* chosen = kernels::chosen(&message);
    if (chosen == nullptr) raise(ErrorCode::invalid_argument, message);
    return *chosen;
}

const char* section_name(std::uint32_t kind) noexcept {
    constexpr std::array<const char*, 21> names = {
        "unknown",  "codes",   "roots",     "splits",         "planes",  "leaf_starts", "leaf_items",
        "projection", "projection_scales", "center", "vectors", "int64_ids", "id_text_starts", "id_text",
        "id_order", "vertices", "nibbles", "rows", "places", "calibration", "entries"};
    return names[kind < names.size() ? kind : 0];
}

}  // namespace index
}  // namespace nearfile
