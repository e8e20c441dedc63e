// A file that is being written, in the folder of the one that it is to replace. Only atomic_file.cpp uses it.
//
// On Linux it has no name until it is complete, so that a process that is killed leaves nothing behind; where the
// system or the file system cannot do that it has one from the start: .<name>.<pid>.<counter>.tmp. Whatever returns
// early leaves nothing behind in either case. Members return errno, or 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "file/target.hpp"

namespace nearfile::file {

class Temporary {
public:
    explicit Temporary(const Target& target) : target_(target) {}
    ~Temporary() { discard(); }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    // Open for writing, readable by nobody who may not read what it replaces; a new file has the permissions that the
    // process gives to new files.
    int create_nameless();
    int create_named();

    int resize(std::uint64_t bytes);  // what is more is zero
    int write(std::uint64_t at, std::span<const std::byte> bytes);
    int number() const noexcept { return number_; }
    std::uint64_t bytes_on_disk() const;
    int permit(mode_t permissions);
    int sync();
    // Gives it a name, where it has none, that is on the disk with all else of it. The bytes were synced before.
    int name();
    // For where it cannot be named: the same bytes in a file that has a name from the start.
    int copy_to_named();
    int close();
    // What stands in the target's place is gone, and this is there.
    int replace_target();
    void discard();

private:
    std::string next_path() const;

    const Target& target_;
    std::string path_;  // empty while it has no name
    int number_ = -1;
};

}  // namespace nearfile::file
