// Memory that is not needed any more, given back to the system while what is around it stays.
#pragma once

#include <cstddef>
#include <span>

namespace nearfile::base {

// Of bytes that nobody reads again, before they are freed with the block that they are in: the whole pages among them.
// From then on they are anything.
void release_pages(std::span<std::byte> bytes) noexcept;

}  // namespace nearfile::base
