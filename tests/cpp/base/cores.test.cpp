// How many cores control groups leave, told from texts as the system gives them.
#include "base/cores.hpp"

#if defined(__linux__)
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <map>
#include <thread>
#include <vector>

#include "base/parallel.hpp"
#include "check.hpp"

using namespace nearfile::base;

namespace {

using Files = std::map<std::string, std::string>;

std::optional<unsigned> limit(const Files& files) {
    return cores_of_control_groups([&](const std::string& path) {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    });
}

const std::string second_version_mount =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string first_version_mounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n";

}  // namespace

TEST(cores_are_rounded_up_from_a_quota) {
    CHECK(cores_of_quota("100000", "100000") == 1u);
    CHECK(cores_of_quota("150000", "100000") == 2u);
    CHECK(cores_of_quota("1000", "100000") == 1u);
    CHECK(cores_of_quota("0", "100000") == 1u);
    CHECK(cores_of_quota("400000\n", "50000\n") == 8u);
    CHECK(cores_of_quota("9223372036854775807", "1") == 1u << 20);
}

TEST(cores_without_a_quota_have_no_limit) {
    for (const char* quota : {"max", "max\n", "-1", "-1\n", "", "\n", "many", "1.5", "99999999999999999999"}) {
        CHECK(!cores_of_quota(quota, "100000"));
    }
    for (const char* period : {"0", "-1", "", "max", "100000 5"}) CHECK(!cores_of_quota("100000", period));
}

TEST(cores_of_nested_groups_are_those_of_the_smallest) {
    Files files = {{"/proc/self/cgroup", "0::/user.slice/user-1000.slice/job.scope\n"},
                   {"/proc/self/mountinfo", second_version_mount}};
    CHECK(!limit(files));
    files["/sys/fs/cgroup/user.slice/user-1000.slice/job.scope/cpu.max"] = "max 100000\n";
    CHECK(!limit(files));
    files["/sys/fs/cgroup/user.slice/cpu.max"] = "650000 100000\n";
    CHECK(limit(files) == 7u);
    files["/sys/fs/cgroup/user.slice/user-1000.slice/cpu.max"] = "250000 100000\n";
    CHECK(limit(files) == 3u);
    files["/sys/fs/cgroup/user.slice/user-1000.slice/job.scope/cpu.max"] = "400000 100000\n";
    CHECK(limit(files) == 3u);
    files["/sys/fs/cgroup/cpu.max"] = "50000 100000\n";
    CHECK(limit(files) == 1u);
    files["/sys/fs/cgroup/another.slice/cpu.max"] = "1 100000\n";
    files["/cpu.max"] = "1 100000\n";
    CHECK(limit(files) == 1u);
}

TEST(cores_of_a_container_that_sees_its_own_group_as_the_root) {
    CHECK(limit({{"/proc/self/cgroup", "0::/\n"},
                 {"/proc/self/mountinfo", second_version_mount},
                 {"/sys/fs/cgroup/cpu.max", "200000 100000"}}) == 2u);
}

// The names of the host's groups, in a container that has only its own part of them mounted.
TEST(cores_of_a_container_that_sees_the_names_of_its_host) {
    Files files = {
        {"/proc/self/cgroup", "4:cpu,cpuacct:/docker/4f2a/inner\n0::/docker/4f2a/inner\n"},
        {"/proc/self/mountinfo", "32 31 0:29 /docker/4f2a /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpuacct,cpu\n"},
        {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n"},
        {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}};
    CHECK(limit(files) == 3u);
    files["/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us"] = "150000\n";
    files["/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us"] = "100000\n";
    CHECK(limit(files) == 2u);
    // And one that has the root of another mounted: what is there counts.
    files["/proc/self/cgroup"] = "4:cpu,cpuacct:/elsewhere\n";
    CHECK(limit(files) == 3u);
}

TEST(cores_of_the_first_version) {
    Files files = {{"/proc/self/cgroup", "9:cpuset:/a\n3:cpuacct,cpu:/jobs/7\n1:name=systemd:/\n"},
                   {"/proc/self/mountinfo", first_version_mounts},
                   {"/sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us", "-1\n"},
                   {"/sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_period_us", "100000\n"}};
    CHECK(!limit(files));
    files["/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us"] = "120000\n";
    CHECK(!limit(files));  // without a period
    files["/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us"] = "100000\n";
    CHECK(limit(files) == 2u);
}

TEST(cores_of_strange_texts_have_no_limit) {
    const std::vector<std::string> groups = {"", "\n", "0", "0:", "0::", ":::::", "x\n::\n0:cpu", "0::/../.."};
    const std::vector<std::string> mounts = {"", "- - - -", "a b c d e f - cgroup2", " - cgroup2 x y",
                                             second_version_mount};
    for (const std::string& group : groups) {
        for (const std::string& mount : mounts) {
            CHECK(!limit({{"/proc/self/cgroup", group}, {"/proc/self/mountinfo", mount}}));
        }
    }
    CHECK(!limit({}));
}

TEST(cores_of_this_process) {
    CHECK(cores() >= 1);
    CHECK(cores() <= std::max(1u, std::thread::hardware_concurrency()));
    CHECK(cores() == cores());
    CHECK(resolve_threads(0) == cores());
}

#if defined(__linux__)
// Asked in a process of its own, before it has asked: the answer is kept.
TEST(cores_are_those_the_scheduler_allows) {
    const pid_t child = ::fork();
    if (child == 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
        ::sched_setaffinity(0, sizeof one, &one);
        ::execl(nearfile::test::program().c_str(), "nearfile_tests", "cores_are_one_where_allowed_one", nullptr);
        ::_exit(2);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// What that process runs.
TEST(cores_are_one_where_allowed_one) {
    cpu_set_t set;
    CHECK(::sched_getaffinity(0, sizeof set, &set) == 0);
    if (CPU_COUNT(&set) == 1) CHECK(cores() == 1);
}
#endif
