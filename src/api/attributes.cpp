// What an index knows of its items beside their vectors.
#include "nearfile/attributes.hpp"

#include "nearfile/index.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile {

std::vector<ColumnInfo> Index::columns() const {
    return state_->columns.infos();
}

std::vector<Column> Index::attributes(std::span<const std::uint32_t> rows) const {
    std::vector<std::uint32_t> items;
    items.reserve(rows.size());
    for (const std::uint32_t row : rows) {
        if (row >= size()) {
            opened::raise(ErrorCode::not_found, "row " + std::to_string(row) + " is not in the index, which has " +
                                                    std::to_string(size()) + " items");
        }
        items.push_back(state_->item_of(row));
    }
    return state_->columns.values_of(items);
}

}  // namespace nearfile
