#include <windows.h>

#include <algorithm>
#include <limits>

#include "file/memory_allowed.hpp"

namespace nearfile::file {
namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

// Of the job that the process is in, as containers have one.
std::uint64_t limit_of_job() {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION job{};
    const BOOL known =
        ::QueryInformationJobObject(nullptr, JobObjectExtendedLimitInformation, &job, sizeof job, nullptr);
    if (known == 0) return endless;
    std::uint64_t least = endless;
    const DWORD limits = job.BasicLimitInformation.LimitFlags;
    const auto limit = [&](DWORD which, std::uint64_t bytes) {
        if ((limits & which) != 0) least = std::min(least, bytes);
    };
    limit(JOB_OBJECT_LIMIT_PROCESS_MEMORY, job.ProcessMemoryLimit);
    limit(JOB_OBJECT_LIMIT_JOB_MEMORY, job.JobMemoryLimit);
    limit(JOB_OBJECT_LIMIT_WORKINGSET, job.BasicLimitInformation.MaximumWorkingSetSize);
    return least;
}

}  // namespace

std::uint64_t memory_allowed() {
    MEMORYSTATUSEX machine{};
    machine.dwLength = sizeof machine;
    const std::uint64_t all = ::GlobalMemoryStatusEx(&machine) != 0 ? machine.ullTotalPhys : endless;
    return std::min(all, limit_of_job());
}

}  // namespace nearfile::file
