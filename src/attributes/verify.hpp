// The whole check of columns, in time proportional to their size.
#pragma once

#include "attributes/columns.hpp"
#include "base/result.hpp"

namespace nearfile::attributes {

// The error names the column and says what does not hold.
base::Result<void> verify(const Columns& columns);

}  // namespace nearfile::attributes
