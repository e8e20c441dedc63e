#include <atomic>
#include <cerrno>
#include <cstdint>

#include "file/calls_windows.hpp"
#include "file/folder_of_one.hpp"
#include "file/process.hpp"

namespace nearfile::file {
namespace {

// The file, which goes when it is closed.
void unmap(std::byte* data, std::size_t, FileNumber file) {
    ::UnmapViewOfFile(data);
    ::CloseHandle(handle_of(file));
}

std::wstring next_path(const std::string& folder) {
    static std::atomic<std::uint32_t> counter{0};
    return wide_path(folder + "/buffer." + std::to_string(process_number()) + "." +
                     std::to_string(counter.fetch_add(1)));
}

}  // namespace

int FolderOfOne::make(const std::string& path) {
    if (::CreateDirectoryW(wide_path(path).c_str(), nullptr) != 0) return 0;
    const int code = last_errno();
    return code == EEXIST ? 0 : code;
}

// By a file in it, which nobody else may open and which goes with its process. (A folder itself that is open so that it
// may be removed cannot be listed on every system.)
int FolderOfOne::open(const std::string& path) {
    const HANDLE lock = ::CreateFileW(wide_path(path + "/lock").c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                      CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, nullptr);
    if (lock == INVALID_HANDLE_VALUE) {
        const DWORD error = ::GetLastError();
        return error == ERROR_SHARING_VIOLATION ? EWOULDBLOCK : errno_of(error);
    }
    path_ = path;
    number_ = number_of(lock);
    return 0;
}

void FolderOfOne::close() noexcept {
    if (number_ == no_file) return;
    ::CloseHandle(handle_of(std::exchange(number_, no_file)));
    ::RemoveDirectoryW(wide_path(path_).c_str());
}

// The end of the file takes its room on the disk, and reads as zeros.
int FolderOfOne::make_buffer(std::size_t bytes, base::AlignedBuffer& to) const {
    const std::uint64_t all = std::uint64_t{bytes} + base::AlignedBuffer::slack;
    Handle file(::CreateFileW(next_path(path_).c_str(), GENERIC_READ | GENERIC_WRITE | DELETE, share_all, nullptr,
                              CREATE_NEW, FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, nullptr));
    if (!file.is_open()) return last_errno();
    FILE_END_OF_FILE_INFO end{};
    end.EndOfFile.QuadPart = static_cast<LONGLONG>(all);
    if (::SetFileInformationByHandle(file.get(), FileEndOfFileInfo, &end, sizeof end) == 0) return last_errno();
    const Handle section(::CreateFileMappingW(file.get(), nullptr, PAGE_READWRITE, 0, 0, nullptr));
    if (!section.is_open()) return last_errno();
    void* const data = ::MapViewOfFile(section.get(), FILE_MAP_WRITE, 0, 0, static_cast<SIZE_T>(all));
    if (data == nullptr) return last_errno();
    to = base::AlignedBuffer(static_cast<std::byte*>(data), bytes, unmap, number_of(file.release()));
    return 0;
}

}  // namespace nearfile::file
