// Permissions, links, limits, full disks, and processes that are killed.
#include "file/atomic_write.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "check.hpp"
#include "child.hpp"
#include "file/refused.hpp"
#include "file/sample.hpp"
#include "file/target.hpp"
#include "file/temporary.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;
using nearfile::test::in_child;

namespace {

mode_t permissions(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// A file without a name, where the system and the file system have such files.
bool has_nameless_files(const std::string& folder) {
#if defined(O_TMPFILE)
    const int number = ::open(folder.c_str(), O_TMPFILE | O_WRONLY, 0600);
    if (number >= 0) ::close(number);
    return number >= 0;
#else
    return folder.empty();
#endif
}

// As kill -9 would in the middle of writing: the end comes when the file has 64 KiB, and nobody hears of it.
void die_while_writing(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit limit = {65536, 65536};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, [](int) { ::kill(::getpid(), SIGKILL); });
        (void)write_one(path, pattern(1 << 20, 2));
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#if defined(__linux__) && defined(__x86_64__)
// From now on this process gets `code` from a system call, or only where its third argument has `flag`.
void refuse(unsigned call, int code, unsigned flag = 0) {
    const sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, flag),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flag, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(code)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {static_cast<unsigned short>(std::size(steps)), const_cast<sock_filter*>(steps)};
    CHECK(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}
#endif

// The old file is there, with its bytes, and nothing else is.
void check_untouched(const Folder& folder, const std::string& path, std::span<const std::byte> old) {
    CHECK(same(read_file(path), old));
    CHECK(folder.count() == 1);
}

}  // namespace

TEST(atomic_write_over_what_is_no_file) {
    const Folder folder;
    ::mkfifo((folder / "pipe").c_str(), 0600);
    check_refused(folder / "pipe", EINVAL, "choose another path");
    check_refused("/dev/null", EINVAL, "choose another path");
    CHECK(folder.count() == 1);
}

TEST(atomic_write_into_a_folder_that_is_read_only) {
    const Folder folder;
    CHECK(write_one(folder / "a", pattern(10, 1)).ok());
    in_child([&] {
        ::chmod(folder.path().c_str(), 0555);
        if (::geteuid() == 0 && ::setuid(65534) != 0) return;  // root writes everywhere
        check_refused(folder / "a", EACCES, "does not let you create files");
        check_refused(folder / "b", EACCES, "choose another folder");
    });
    ::chmod(folder.path().c_str(), 0755);
    check_untouched(folder, folder / "a", pattern(10, 1));
}

TEST(atomic_write_in_the_current_folder) {
    const Folder folder;
    in_child([&] {
        CHECK(::chdir(folder.path().c_str()) == 0);
        CHECK(write_one("a", pattern(10, 1)).ok());
    });
    check_untouched(folder, folder / "a", pattern(10, 1));
}

TEST(atomic_write_respects_permissions) {
    const Folder folder;
    in_child([&] {
        ::umask(027);
        CHECK(write_one(folder / "a", pattern(10, 1)).ok());
        CHECK(permissions(folder / "a") == 0640);
        ::chmod((folder / "a").c_str(), 0600);  // private stays private
        CHECK(write_one(folder / "a", pattern(10, 2)).ok());
        CHECK(permissions(folder / "a") == 0600);
    });
    check_untouched(folder, folder / "a", pattern(10, 2));
}

TEST(atomic_write_shows_nobody_a_private_file_while_it_is_written) {
    const Folder folder;
    CHECK(write_one(folder / "private", pattern(10, 1)).ok());
    ::chmod((folder / "private").c_str(), 0600);
    for (const bool named : {false, true}) {
        const Target target = find_target(folder / "private").value();
        Temporary file(target);
        CHECK(file.create(named ? Temporary::Named::at_once : Temporary::Named::late) == 0);
        CHECK(file.write(0, pattern(10, 2)) == 0);
        CHECK(file.complete() == 0);
        CHECK(folder.count() == 2);
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            CHECK(permissions(entry.path().string()) == 0600);
        }
    }
}

TEST(atomic_write_gives_a_new_file_what_the_umask_leaves) {
    const Folder folder;
    for (const mode_t taken_off : {0u, 022u, 027u, 077u, 0777u}) {
        in_child([&] {
            ::umask(taken_off);
            const std::string path = folder / std::to_string(taken_off);
            CHECK(write_one(path, pattern(10, 1)).ok());
            CHECK(permissions(path) == (0666u & ~taken_off));
            CHECK(::umask(0) == taken_off);
        });
    }
    CHECK(folder.count() == 5);
}

TEST(atomic_write_that_is_killed_leaves_nothing) {
    const Folder folder;
    if (!has_nameless_files(folder.path())) {
        std::printf("       (no files without a name here)\n");
        return;
    }
    die_while_writing(folder / "new");
    CHECK(folder.count() == 0);
    CHECK(write_one(folder / "a", pattern(10, 1)).ok());
    for (int turn = 0; turn < 5; ++turn) die_while_writing(folder / "a");
    check_untouched(folder, folder / "a", pattern(10, 1));
}

#if defined(__linux__) && defined(__x86_64__)
TEST(atomic_write_where_files_need_a_name) {
    for (const bool at_once : {true, false}) {
        const Folder folder;
        in_child([&] {
            ::umask(027);
            // A file system that has no files without a name, and one that cannot name them later.
            if (at_once) refuse(SYS_openat, EOPNOTSUPP, O_TMPFILE);
            if (!at_once) refuse(SYS_linkat, EPERM);
            CHECK(has_nameless_files(folder.path()) != at_once);
            CHECK(write_one(folder / "a", pattern(100'000, 1)).ok());
            CHECK(permissions(folder / "a") == 0640);
            ::chmod((folder / "a").c_str(), 0600);
            CHECK(write_one(folder / "a", pattern(200'000, 2)).ok());
            CHECK(permissions(folder / "a") == 0600);
        });
        check_untouched(folder, folder / "a", pattern(200'000, 2));
    }
}
#endif

TEST(atomic_write_follows_links) {
    const Folder folder;
    const Folder other;
    CHECK(write_one(other / "target", pattern(10, 1)).ok());
    CHECK(::symlink((other / "target").c_str(), (folder / "link").c_str()) == 0);
    CHECK(write_one(folder / "link", pattern(20, 2)).ok());
    check_untouched(other, other / "target", pattern(20, 2));
    CHECK(std::filesystem::is_symlink(folder / "link"));
}

TEST(atomic_write_past_the_limit_of_file_sizes) {
    const Folder folder;
    CHECK(write_one(folder / "a", pattern(10, 1)).ok());
    in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {65536, 65536};
        CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
        const auto written = write_one(folder / "a", pattern(1 << 20, 2));
        CHECK(!written.ok() && written.error().os_error == EFBIG);
        CHECK(says(written.error(), "needs 1048576 bytes") && says(written.error(), "ulimit -f"));
        check_untouched(folder, folder / "a", pattern(10, 1));
    });
    check_untouched(folder, folder / "a", pattern(10, 1));
}

#if defined(__linux__)
TEST(atomic_write_on_a_full_disk) {
    const Folder folder;
    in_child([&] {
        // In a mount namespace of its own; without the right to it there is nothing to test with.
        if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=262144") != 0) {
            std::printf("       (no tmpfs to be had: %s)\n", std::strerror(errno));
            return;
        }
        CHECK(write_one(folder / "a", pattern(10'000, 1)).ok());
        for (int attempt = 0; attempt < 3; ++attempt) {
            const auto written = write_one(folder / "a", pattern(1 << 20, 2));
            CHECK(!written.ok() && written.error().failure == Failure::io && written.error().os_error == ENOSPC);
            CHECK(says(written.error(), "needs 1048576 bytes and 249856 are free"));
            check_untouched(folder, folder / "a", pattern(10'000, 1));
        }
        CHECK(write_one(folder / "a", pattern(100'000, 3)).ok());
        check_untouched(folder, folder / "a", pattern(100'000, 3));
    });
}
#endif

// The same from two processes, whose counters are equal and whose numbers differ.
TEST(atomic_write_by_two_processes) {
    const Folder folder;
    const std::string path = folder / "a";
    const pid_t child = ::fork();
    const auto mine = pattern(40'000, child == 0 ? 1 : 2);
    int failed = 0;
    for (int i = 0; i < 40; ++i) failed += write_one(path, mine).ok() ? 0 : 1;
    if (child == 0) ::_exit(failed == 0 ? 0 : 1);
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(failed == 0 && status == 0);
    const auto result = read_file(path);
    CHECK(same(result, pattern(40'000, 1)) || same(result, pattern(40'000, 2)));
    CHECK(folder.count() == 1);
}
