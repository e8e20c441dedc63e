#include <windows.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/system_cores.hpp"

namespace nearfile::base {
namespace {

// A mask has 64 processors, and a machine may have several groups of them. Where the process may run on all of its
// group it may run on all of each group that it is in: one before Windows 11, all of them since.
unsigned scheduled_cores() noexcept {
    DWORD_PTR allowed = 0;
    DWORD_PTR all = 0;
    if (::GetProcessAffinityMask(::GetCurrentProcess(), &allowed, &all) != 0 && allowed != 0 && allowed != all) {
        return static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(allowed)));
    }
    std::array<USHORT, 64> groups{};
    auto n = static_cast<USHORT>(groups.size());
    unsigned count = 0;
    if (::GetProcessGroupAffinity(::GetCurrentProcess(), &n, groups.data()) != 0) {
        for (USHORT i = 0; i < n; ++i) count += ::GetActiveProcessorCount(groups[i]);
    }
    return count > 0 ? count : std::max<unsigned>(1, ::GetActiveProcessorCount(ALL_PROCESSOR_GROUPS));
}

// Of the job that the process is in, as containers have one: a share of all processors, in hundredths of a percent.
unsigned cores_of_job(unsigned usable) noexcept {
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate{};
    if (::QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation, &rate, sizeof rate, nullptr) == 0) {
        return usable;
    }
    constexpr DWORD limits = JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP;
    if ((rate.ControlFlags & limits) != limits) return usable;
    constexpr std::uint64_t whole = 10'000;
    const std::uint64_t all = ::GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    const auto rounded_up = static_cast<unsigned>((all * rate.CpuRate + whole - 1) / whole);
    return std::clamp(rounded_up, 1u, usable);
}

}  // namespace

unsigned system_cores() noexcept {
    return cores_of_job(scheduled_cores());
}

}  // namespace nearfile::base
