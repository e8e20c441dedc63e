#include <unistd.h>

#include "file/process.hpp"

namespace nearfile::file {

unsigned process_number() noexcept {
    return static_cast<unsigned>(::getpid());
}

}  // namespace nearfile::file
