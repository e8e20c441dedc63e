// A folder for what a long build has on disk while it is under way, beside the file that it will write: .<name>.build.
// build/external/ is the caller. One process at a time has it, any number of its threads; it stays when the process is
// killed, so that the next one finds what was kept there, and goes with remove(), or when nothing is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/aligned_buffer.hpp"
#include "base/result.hpp"

namespace nearfile::file {

class WorkFolder {
public:
    // Makes it where it is not there. `path`: of the file that will be written. Failure::io where another process has
    // it, or it cannot be made.
    static base::Result<WorkFolder> open(const std::string& path);

    ~WorkFolder();
    WorkFolder(WorkFolder&& other) noexcept
        : path_(std::move(other.path_)), number_(std::exchange(other.number_, -1)) {}
    WorkFolder& operator=(WorkFolder&&) = delete;

    const std::string& path() const noexcept { return path_; }
    std::string path_of(const std::string& name) const { return path_ + "/" + name; }

    // Zeros in a file without a name, which goes with the buffer, however the process ends. All of its room is taken
    // now, so that a disk that fills up later cannot end the process.
    base::Result<base::AlignedBuffer> buffer(std::size_t bytes) const;

    // Of its disk, for who may write there.
    std::uint64_t free_bytes() const;
    // Failure::io where fewer than `needed` are free, those of the folder's own files included; `what` needs them.
    base::Result<void> check_free(std::uint64_t needed, const std::string& what) const;

    // With all that is in it. Nothing of it is used afterwards.
    void remove();

private:
    WorkFolder(std::string path, int number) : path_(std::move(path)), number_(number) {}

    std::string path_;
    int number_;  // of the folder, open and locked
};

}  // namespace nearfile::file
