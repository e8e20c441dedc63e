// The words for enumerations, and what the library says about itself.
#include <array>
#include <string>

#include "base/cores.hpp"
#include "base/thread_pool.hpp"
#include "file/atomic_write.hpp"
#include "nearfile/nearfile.hpp"
#include "opened/errors.hpp"
#include "opened/kernel_choice.hpp"

namespace nearfile {
namespace {

// By value, so that a name's place is what it stands for.
constexpr std::array<std::string_view, 6> metric_names = {"angular", "cosine",    "euclidean",
                                                          "dot",     "manhattan", "hamming"};
constexpr std::array<std::string_view, 4> value_type_names = {"float32", "float16", "uint8", "bit"};
constexpr std::array<std::string_view, 2> structure_names = {"forest", "graph"};
constexpr std::array<std::string_view, 3> profile_names = {"compact", "balanced", "fast"};
constexpr std::array<std::string_view, 3> keep_names = {"exact", "half", "none"};
constexpr std::array<std::string_view, 3> id_kind_names = {"row", "int64", "string"};

template <class Value, std::size_t n>
std::string_view name_of(Value value, const std::array<std::string_view, n>& names) noexcept {
    const auto i = static_cast<std::size_t>(value);
    return i < n ? names[i] : "unknown";
}

template <class Value, std::size_t n>
Value value_of(std::string_view name, const std::array<std::string_view, n>& names, const char* what) {
    for (std::size_t i = 0; i < n; ++i) {
        if (names[i] == name) return static_cast<Value>(i);
    }
    std::string known;
    for (const auto each : names) known += (known.empty() ? "" : ", ") + std::string(each);
    opened::raise(ErrorCode::invalid_argument,
                  std::string(what) + " must be one of " + known + "; got '" + std::string(name) + "'");
}

}  // namespace

std::string_view metric_name(Metric metric) noexcept {
    return name_of(metric, metric_names);
}
std::string_view value_type_name(ValueType type) noexcept {
    return name_of(type, value_type_names);
}
std::string_view structure_name(Structure structure) noexcept {
    return name_of(structure, structure_names);
}
std::string_view profile_name(Profile profile) noexcept {
    return name_of(profile, profile_names);
}
std::string_view keep_name(Keep keep) noexcept {
    return name_of(keep, keep_names);
}
std::string_view id_kind_name(IdKind kind) noexcept {
    return name_of(kind, id_kind_names);
}

Metric metric_from_name(std::string_view name) {
    return value_of<Metric>(name, metric_names, "metric");
}
Structure structure_from_name(std::string_view name) {
    return value_of<Structure>(name, structure_names, "structure");
}
Profile profile_from_name(std::string_view name) {
    return value_of<Profile>(name, profile_names, "profile");
}
Keep keep_from_name(std::string_view name) {
    return value_of<Keep>(name, keep_names, "keep");
}

std::string_view instruction_set() {
    return opened::chosen_kernels().name;
}

std::vector<std::string_view> supported_instruction_sets() {
    std::vector<std::string_view> names;
    for (const auto* each = kernels::supported(); *each != nullptr; ++each) names.emplace_back((*each)->name);
    return names;
}

static_assert(max_threads == base::max_threads);

unsigned cores() noexcept {
    return base::cores();
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
    const std::array<std::span<const std::byte>, 1> pieces = {bytes};
    opened::unwrap(file::write_atomically(path, pieces));
}

}  // namespace nearfile
