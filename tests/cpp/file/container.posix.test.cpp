// What is no file, or not this user's.
#include "file/container.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "check.hpp"
#include "file/refused.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;

TEST(container_open_of_what_is_no_file) {
    const Folder folder;
    ::mkfifo((folder / "pipe").c_str(), 0600);
    check_not_opened(folder / "pipe", ENODEV, "regular file");
    check_not_opened("/dev/null", ENODEV, "regular file");
    if (::geteuid() != 0) {  // root may read everything
        write_file(folder / "secret", small_image().bytes());
        ::chmod((folder / "secret").c_str(), 0);
        check_not_opened(folder / "secret", EACCES, "permission");
    }
}
