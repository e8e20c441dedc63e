// What the operating system leaves this process of the machine's cores; cores.cpp is the only caller. One file a
// system.
#pragma once

namespace nearfile::base {

// At least 1. Asked anew at each call.
unsigned system_cores() noexcept;

}  // namespace nearfile::base
