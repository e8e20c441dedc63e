// Writing a file so that readers see the old one or the new one, never a part. The writer calls it, and whoever else
// saves a file. May be called from any number of threads and processes, also for the same path: the last to finish
// wins.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.hpp"

namespace nearfile::file {

// The pieces one after another, in a temporary file of the same folder (temporary.hpp), synced, renamed over `path`,
// and the folder synced. After a failure, Failure::io with errno, the temporary file is gone and the old one untouched;
// the one exception is a folder that cannot be synced, where the new file is in place but might not survive a power
// cut. A file that is replaced keeps its permission bits, and nobody else could read the new one meanwhile. Where
// `path` is a link, the link stays, and the file that it leads to is replaced, or created where there is none.
base::Result<void> write_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces);

}  // namespace nearfile::file
