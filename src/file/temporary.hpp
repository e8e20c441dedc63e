// A file that is being written, in the folder of the one that it is to replace. Only atomic_file.cpp uses it. One file
// a system, and temporary.cpp for all.
//
// On Linux it has no name until it is complete, so that a process that is killed leaves nothing behind; where the
// system or the file system cannot do that it has one from the start: .<name>.<pid>.<counter>.tmp. Whatever returns
// early leaves nothing behind in either case. Members return errno, or 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "file/file_number.hpp"
#include "file/target.hpp"

namespace nearfile::file {

class Temporary {
public:
    explicit Temporary(const Target& target) : target_(target) {}
    ~Temporary() { discard(); }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    // When it gets its name: as late as can be, or at once.
    enum class Named { late, at_once };

    // Open for writing, readable by nobody who may not read what it replaces; a new file has the permissions that the
    // process, or on Windows the folder, gives to new files.
    int create(Named named = Named::late);

    int resize(std::uint64_t bytes);  // what is more is zero
    int write(std::uint64_t at, std::span<const std::byte> bytes);
    FileNumber number() const noexcept { return number_; }
    std::uint64_t bytes_on_disk() const;
    // Its bytes are on the disk, with the permissions of what it replaces, and it has a name.
    int complete();
    int close();
    // What stands in the target's place is gone, and this is there.
    int replace_target();
    void discard();

private:
    friend class Steps;  // of one system alone

    std::string next_path() const;

    const Target& target_;
    std::string path_;  // empty while it has no name
    FileNumber number_ = no_file;
};

}  // namespace nearfile::file
