#include "column_filler.hpp"

namespace nearfile::python {

ColumnFiller::ColumnFiller(std::string name, const ColumnHead& head) {
    column_.name = std::move(name);
    column_.type = head.type;
    column_.ticks_per_second = head.ticks_per_second;
    column_.time_zone = head.time_zone;
    if (head.type == ColumnType::string || head.type == ColumnType::strings) column_.text_starts.push_back(0);
    if (head.type == ColumnType::strings) column_.starts.push_back(0);
}

void ColumnFiller::add_missing() {
    switch (column_.type) {
        case ColumnType::boolean:
        case ColumnType::int64:
        case ColumnType::timestamp:
            column_.integers.push_back(0);
            break;
        case ColumnType::float64:
            column_.numbers.push_back(0);
            break;
        case ColumnType::string:
            add_to_list({});
            break;
        case ColumnType::strings:
            break;
    }
    end_row(true);
}

void ColumnFiller::end_row(bool missing) {
    if (column_.type == ColumnType::strings) column_.starts.push_back(column_.text_starts.size() - 1);
    // Nothing is noted of those before the first that is missing.
    if (missing && column_.missing.empty()) column_.missing.assign(rows_, 0);
    ++rows_;
    if (missing || !column_.missing.empty()) column_.missing.push_back(missing ? 1 : 0);
}

}  // namespace nearfile::python
