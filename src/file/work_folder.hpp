// A folder for what a long build has on disk while it is under way, beside the file that it will write: .<name>.build.
// build/external/ is the caller. One process at a time has it, any number of its threads; it stays when the process is
// killed, so that the next one finds what was kept there, and goes with remove(), or when nothing is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/result.hpp"
#include "file/folder_of_one.hpp"

namespace nearfile::file {

class WorkFolder {
public:
    // Makes it where it is not there. `path`: of the file that will be written. Failure::io where another process has
    // it, or it cannot be made.
    static base::Result<WorkFolder> open(const std::string& path);

    const std::string& path() const noexcept { return folder_.path(); }
    std::string path_of(const std::string& name) const { return path() + "/" + name; }

    // Zeros in a file of their own, which goes with the buffer, however the process ends. All of its room is taken
    // now, so that a disk that fills up later cannot end the process.
    base::Result<base::AlignedBuffer> buffer(std::size_t bytes) const;

    // Of its disk, for who may write there.
    std::uint64_t free_bytes() const;
    // Failure::io where fewer than `needed` are free, those of the folder's own files included; `what` needs them.
    base::Result<void> check_free(std::uint64_t needed, const std::string& what) const;

    // With all that is in it. Nothing of it is used afterwards.
    void remove();

    // What is in it, and one of them less.
    std::vector<std::string> names() const;
    void remove(const std::string& name) const;

private:
    explicit WorkFolder(FolderOfOne folder) : folder_(std::move(folder)) {}

    FolderOfOne folder_;
};

}  // namespace nearfile::file
