// The values of Arrow's arrays as rows of columns. What an array says of itself is checked as far as it can be: that
// its buffers are as long as it says is the word of whoever made it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow_abi.hpp"
#include "arrow_format.hpp"
#include "column_filler.hpp"

namespace nearfile::python {

class ArrowValues {
public:
    virtual ~ArrowValues() = default;

    // Row `i` of the array, counted from its offset, as a row of a column.
    virtual void add(std::int64_t i, ColumnFiller& to) const = 0;

    // The same as one of the strings of a list. This one refuses a string that is missing.
    virtual void add_to_list(std::int64_t i, ColumnFiller& to) const;
};

// What follows throws Error(invalid_argument) that names the column.

// Which column is made of arrays of a schema.
ColumnHead arrow_head(const ArrowSchema& schema, const std::string& column);

// Of an array that stays as long as this does, and of a schema that arrow_head() was asked about.
std::unique_ptr<ArrowValues> arrow_values(const ArrowSchema& schema, const ArrowArray& array,
                                          const std::string& column);

// That there is an array, and that its offset and length are no nonsense.
void check_extent(const ArrowArray* array, const std::string& column);

// That it has as many buffers and children as its type has, and that they are there.
void check_shape(const ArrowArray& array, std::int64_t buffers, std::int64_t children, const std::string& column);

// The parts of arrow_values(), of arrays that have as many buffers and children as their type has.
std::unique_ptr<ArrowValues> arrow_numbers(const ArrowFormat& format, const ArrowArray& array,
                                           const std::string& column);
std::unique_ptr<ArrowValues> arrow_texts(Layout layout, const ArrowArray& array, const std::string& column);
std::unique_ptr<ArrowValues> arrow_dictionary(Layout indices, const ArrowArray& array,
                                              std::unique_ptr<ArrowValues> values, const std::string& column);
std::unique_ptr<ArrowValues> arrow_list(ListLayout layout, std::int64_t size, const ArrowArray& array,
                                        std::unique_ptr<ArrowValues> elements, const std::string& column);

}  // namespace nearfile::python
