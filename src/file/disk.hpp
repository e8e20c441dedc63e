// What is asked of the disk that a folder is on. atomic_file.cpp and work_folder.cpp are the callers. One file a
// system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nearfile::file {

// For who may write there; nothing where the system does not say.
std::optional<std::uint64_t> free_bytes_of(const std::string& folder);

// Makes the names in a folder survive a power cut. errno, or 0, also where the system cannot do it or does it by
// itself.
int sync_folder(const std::string& folder);

// Whether an errno says that there is no room left, for anybody or for this user.
bool is_about_room(int code) noexcept;

}  // namespace nearfile::file
