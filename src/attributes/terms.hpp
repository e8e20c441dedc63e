// A comparison of one column, as it is evaluated: which of its values it asks for.
#pragma once

#include "attributes/columns.hpp"
#include "attributes/interval.hpp"
#include "base/result.hpp"
#include "nearfile/expression.hpp"

namespace nearfile::attributes {

struct Term {
    const ColumnView* column = nullptr;
    bool asks_missing = false;  // for items without a value; there are no intervals then
    bool negated = false;       // for values, or missing ones, that are not among these
    // The one of the column's type: values of float64; codes of string and strings, 0 and 1 of bool, or the values.
    Intervals<double> floats;
    Intervals<std::int64_t> integers;
};

// Of a node that is no combination of others. The error says what does not fit the column, or which columns there are.
base::Result<Term> term_of(const Columns& columns, const Expression::Node& node);

}  // namespace nearfile::attributes
