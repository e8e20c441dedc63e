// What a build within a given memory works with: a folder on disk, and buffers made of files in it. The API makes one
// when the first rows come; docs/algorithms/external-build.md describes the whole.
#pragma once

#include <cstdint>
#include <string>

#include "base/large_buffers.hpp"
#include "file/advice.hpp"
#include "file/work_folder.hpp"
#include "opened/errors.hpp"

namespace nearfile::build::external {

class Workspace final : public base::LargeBuffers {
public:
    // Throws Error(io) where the folder cannot be made, or another process builds the same file.
    Workspace(const std::string& path, std::uint64_t memory)
        : folder_(opened::unwrap(file::WorkFolder::open(path))), memory_(memory) {}

    // Throws Error(io) where the disk is full.
    base::AlignedBuffer make(std::size_t bytes) override { return opened::unwrap(folder_.buffer(bytes)); }

    // Makes the same, for what is not read from its beginning to its end.
    base::LargeBuffers& read_at_random() noexcept { return read_at_random_; }

    file::WorkFolder& folder() noexcept { return folder_; }
    std::uint64_t memory() const noexcept { return memory_; }

private:
    class ReadAtRandom final : public base::LargeBuffers {
    public:
        explicit ReadAtRandom(Workspace& workspace) : workspace_(workspace) {}
        base::AlignedBuffer make(std::size_t bytes) override {
            base::AlignedBuffer buffer = workspace_.make(bytes);
            file::expect_random(buffer.bytes());
            return buffer;
        }

    private:
        Workspace& workspace_;
    };

    file::WorkFolder folder_;
    ReadAtRandom read_at_random_{*this};
    std::uint64_t memory_;  // bytes that the build may take
};

}  // namespace nearfile::build::external
