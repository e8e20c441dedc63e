// The number of this process, for names that no other one gives. One file a system.
#pragma once

namespace nearfile::file {

unsigned process_number() noexcept;

}  // namespace nearfile::file
