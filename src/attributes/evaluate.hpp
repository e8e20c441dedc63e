// Which items an expression allows.
#pragma once

#include "attributes/bitmap.hpp"
#include "attributes/columns.hpp"
#include "base/result.hpp"
#include "nearfile/expression.hpp"

namespace nearfile::attributes {

// So often may `both` and `either` alternate from the root of an expression to a comparison, and so many comparisons
// and what combines them may there be; one that is shared by several counts for each.
inline constexpr std::size_t max_alternations = 100;
inline constexpr std::size_t max_parts = std::size_t{1} << 20;

// A bitmap of columns.count() items in the file's order. Failure::invalid_argument where a column is not there, a value
// does not fit its column, or the expression is too deep or too long.
//
// A value that is missing is neither equal to another nor unequal, so a comparison and its negation both do not allow
// it. A float that is no number is a value: it is unequal to every number, and not less than it.
base::Result<Bitmap> evaluate(const Columns& columns, const Expression::Node& node);

}  // namespace nearfile::attributes
