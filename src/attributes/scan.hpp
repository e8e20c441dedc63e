// The items of one term, as a bitmap.
#pragma once

#include "attributes/bitmap.hpp"
#include "attributes/terms.hpp"

namespace nearfile::attributes {

// `items`: as many words as the column has items for, all zero.
void scan(const Term& term, Bitmap& items);

}  // namespace nearfile::attributes
