// Memory that ends at a page which must not be touched: whoever reads behind the end of a file, or writes into it, ends
// the program, with a sanitizer or without.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace nearfile::fuzz {

class Guarded {
public:
    // Starts at a multiple of 64, as a mapping does; what is left before the page is poisoned for AddressSanitizer.
    explicit Guarded(std::span<const std::byte> bytes);

    std::span<const std::byte> bytes() const { return {start_.get(), size_}; }
    std::shared_ptr<const void> owner() const { return start_; }

    // For those who damage what is open already.
    std::span<std::byte> writable();

private:
    std::shared_ptr<std::byte> start_;
    std::size_t size_;
    std::size_t mapped_;
};

}  // namespace nearfile::fuzz
