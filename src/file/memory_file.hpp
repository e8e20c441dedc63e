// A file in memory: one buffer that grows with what is written.
#pragma once

#include "base/aligned_buffer.hpp"
#include "file/output.hpp"

namespace nearfile::file {

class MemoryFile final : public Output {
public:
    // Failure::out_of_memory; what is there stays.
    base::Result<void> make_room(std::uint64_t bytes) override;
    base::Result<void> write(std::uint64_t at, std::span<const std::byte> bytes) override;
    base::Result<View> read() override { return View{buffer_.bytes(), nullptr}; }

    base::AlignedBuffer take() && { return std::move(buffer_); }

private:
    base::AlignedBuffer buffer_;
};

}  // namespace nearfile::file
