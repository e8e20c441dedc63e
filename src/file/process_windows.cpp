#include <windows.h>

#include "file/process.hpp"

namespace nearfile::file {

unsigned process_number() noexcept {
    return ::GetCurrentProcessId();
}

}  // namespace nearfile::file
