// Writing at once what is there already, so that readers see the old file or the new one: atomic_file.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.hpp"

namespace nearfile::file {

// The pieces one after another. As AtomicFile::replace(), and with its errors.
base::Result<void> write_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces);

}  // namespace nearfile::file
