#include "opened/description.hpp"

namespace nearfile::opened {

const char* section_name(std::uint32_t kind) noexcept {
    constexpr std::array<const char*, 27> names = {"unknown",         "codes",           "roots",
                                                   "splits",          "planes",          "leaf_starts",
                                                   "leaf_items",      "projection",      "projection_scales",
                                                   "center",          "vectors",         "int64_ids",
                                                   "id_text_starts",  "id_text",         "id_order",
                                                   "vertices",        "nibbles",         "row_of_item",
                                                   "item_of_row",     "calibration",     "whitening",
                                                   "nibble_tails",    "inverse_lengths", "lower_nibbles",
                                                   "sorted_vertices", "columns",         "column_values"};
    return names[kind < names.size() ? kind : 0];
}

}  // namespace nearfile::opened
