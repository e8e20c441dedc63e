// A file that is made so that readers see the old one or the new one, never a part. May be made by any number of
// threads and processes at once, also for the same path: the last to finish wins.
//
// Its bytes go to a temporary file of the same folder (temporary.hpp), which comes to be with the first room that is
// made. replace() syncs it, renames it over the path, and syncs the folder. Whoever does not come so far leaves the old
// file untouched, and nothing else behind.
//
// A file that is replaced keeps its permission bits, and nobody else could read the new one meanwhile. Where the path
// is a link, the link stays, and the file that it leads to is replaced, or created where there is none.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "file/output.hpp"
#include "file/target.hpp"
#include "file/temporary.hpp"

namespace nearfile::file {

class AtomicFile final : public Output {
public:
    explicit AtomicFile(std::string path) : path_(std::move(path)) {}

    // `bytes`: how long the file will be, where it is known. An error of a full disk says so.
    void expect(std::uint64_t bytes) { expected_ = bytes; }

    // Failure::io with errno, also of the next two.
    base::Result<void> make_room(std::uint64_t bytes) override;
    base::Result<void> write(std::uint64_t at, std::span<const std::byte> bytes) override;
    base::Result<View> read() override;

    // After an error the old file is there; the one exception is a folder that cannot be synced, where the new one is
    // in place but might not survive a power cut.
    base::Result<void> replace();

private:
    base::Error write_error(int code) const;

    std::string path_;
    std::optional<std::uint64_t> expected_;
    std::uint64_t room_ = 0;
    Target target_;
    std::optional<Temporary> temporary_;  // refers to the target
};

}  // namespace nearfile::file
