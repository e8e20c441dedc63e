// Memory that was freed and that malloc keeps for the next who asks, given back to the system.
#pragma once

namespace nearfile::base {

// Between stages that free much and take much: the most that a process has had is the sum otherwise. Takes a
// millisecond or so; nothing where the C library has no such call.
void trim_heap() noexcept;

}  // namespace nearfile::base
