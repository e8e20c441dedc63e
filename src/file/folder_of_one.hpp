// A folder that one process has at a time, and memory of files in it; work_folder.cpp is the only caller. One file a
// system. Functions return errno, or 0.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/aligned_buffer.hpp"
#include "file/file_number.hpp"

namespace nearfile::file {

class FolderOfOne {
public:
    FolderOfOne() = default;
    ~FolderOfOne() { close(); }
    FolderOfOne(FolderOfOne&& other) noexcept
        : path_(std::move(other.path_)), number_(std::exchange(other.number_, no_file)) {}
    FolderOfOne& operator=(FolderOfOne&&) = delete;

    // For its owner alone to look into. What is there already stays.
    static int make(const std::string& path);

    // EWOULDBLOCK: another process has it. ENOENT: it is gone, or another one is in its place. Some file systems know
    // no locks; there, nobody is told.
    int open(const std::string& path);

    const std::string& path() const noexcept { return path_; }

    // Zeros in a file that goes with the buffer, however the process ends. All of its room is taken.
    int make_buffer(std::size_t bytes, base::AlignedBuffer& to) const;

    // Lets go of it; it is gone where nothing is in it.
    void close() noexcept;

private:
    std::string path_;
    FileNumber number_ = no_file;  // open and locked
};

}  // namespace nearfile::file
