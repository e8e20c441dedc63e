// Whether bytes are text: UTF-8 as RFC 3629 has it, without surrogates, overlong forms, or code points past U+10FFFF.
#pragma once

#include <string_view>

namespace nearfile::base {

bool is_utf8(std::string_view text) noexcept;

}  // namespace nearfile::base
