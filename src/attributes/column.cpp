#include <array>
#include <cstddef>

#include "nearfile/attributes.hpp"

namespace nearfile {

std::string_view column_type_name(ColumnType type) noexcept {
    constexpr std::array<std::string_view, 6> names = {"bool", "int64", "float64", "timestamp", "string", "strings"};
    const auto i = static_cast<std::size_t>(type);
    return i < names.size() ? names[i] : "unknown";
}

}  // namespace nearfile
