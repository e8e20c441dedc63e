// Chooses the kernels once: by what the processor and the operating system can run, or by the name in NEARFILE_ISA. The
// only file here that knows every instruction set; compiled without special flags, since it runs on every machine.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernels/tables.hpp"

#if defined(NEARFILE_KERNELS_X86) && defined(_MSC_VER)
#include <intrin.h>
#elif defined(NEARFILE_KERNELS_X86)
#include <cpuid.h>
#elif defined(NEARFILE_KERNELS_ARM) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(NEARFILE_KERNELS_ARM) && defined(_WIN32)
#include <windows.h>
#endif

namespace nearfile::kernels {
namespace {

#if defined(NEARFILE_KERNELS_X86)

struct Registers {
    unsigned a = 0, b = 0, c = 0, d = 0;
};

// cpuid() is all zeros where the processor has no such leaf; saved_state() is which register state the operating system
// saves at a context switch, and faults unless cpuid reports OSXSAVE.
#if defined(_MSC_VER)
Registers cpuid(unsigned leaf) {
    int r[4];
    __cpuid(r, 0);
    if (static_cast<unsigned>(r[0]) < leaf) return {};
    __cpuidex(r, static_cast<int>(leaf), 0);
    return {static_cast<unsigned>(r[0]), static_cast<unsigned>(r[1]), static_cast<unsigned>(r[2]),
            static_cast<unsigned>(r[3])};
}

unsigned saved_state() {
    return static_cast<unsigned>(_xgetbv(0));
}
#else
Registers cpuid(unsigned leaf) {
    Registers r;
    if (!__get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d)) return {};
    return r;
}

unsigned saved_state() {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}
#endif

constexpr unsigned bit(int number) {
    return 1U << number;
}

constexpr bool all_set(unsigned value, unsigned wanted) {
    return (value & wanted) == wanted;
}

#endif

// All that this machine can run, slowest first.
struct Supported {
    static constexpr std::size_t most = 5;
    Kernels composed = {};  // a table that takes part of its kernels from another one
    const Kernels* tables[most + 1] = {};
    std::size_t n_tables = 0;

    Supported() {
        add(&scalar_kernels);
#if defined(NEARFILE_KERNELS_X86)
        const Registers basic = cpuid(1);
        constexpr unsigned popcnt_osxsave_avx_f16c = bit(23) | bit(27) | bit(28) | bit(29);
        if (!all_set(basic.c, popcnt_osxsave_avx_f16c)) return;
        constexpr unsigned sse_avx = bit(1) | bit(2), masks_and_zmm = bit(5) | bit(6) | bit(7);
        const unsigned saved = saved_state();
        const Registers extended = cpuid(7);
        if (!all_set(saved, sse_avx) || !all_set(extended.b, bit(5))) return;
        add(&avx2_kernels);
        constexpr unsigned f_dq_bw_vl = bit(16) | bit(17) | bit(30) | bit(31);
        if (!all_set(saved, sse_avx | masks_and_zmm) || !all_set(extended.b, f_dq_bw_vl)) return;
        add(&avx512_kernels);
        if (all_set(extended.c, bit(11))) add_composed(avx512vnni_kernels, avx512_kernels);
#elif defined(NEARFILE_KERNELS_ARM)
        add(&neon_kernels);
        if (has_dot_product()) add_composed(neondotprod_kernels, neon_kernels);
#endif
    }

    void add(const Kernels* table) { tables[n_tables++] = table; }

    void add_composed(const Kernels& special, const Kernels& rest) {
        composed = rest;
        composed.name = special.name;
        if (special.dot_i8) composed.dot_i8 = special.dot_i8;
        if (special.dot_i8_block) composed.dot_i8_block = special.dot_i8_block;
        if (special.dot_u4) composed.dot_u4 = special.dot_u4;
        if (special.squared_l2_u8) composed.squared_l2_u8 = special.squared_l2_u8;
        add(&composed);
    }

#if defined(NEARFILE_KERNELS_ARM)
    static bool has_dot_product() {
#if defined(__APPLE__)
        return true;  // every Apple processor that runs macOS on ARM
#elif defined(__linux__)
        constexpr unsigned long asimddp = 1UL << 20;
        return (getauxval(AT_HWCAP) & asimddp) != 0;
#elif defined(_WIN32)
        return ::IsProcessorFeaturePresent(PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE) != 0;
#else
        return false;
#endif
    }
#endif
};

const Supported& machine() {
    static const Supported found;
    return found;
}

}  // namespace

Choice choose(const char* name) {
    Choice choice;
    const Supported& found = machine();
    if (!name || !*name) {
        choice.kernels = found.tables[found.n_tables - 1];
        return choice;
    }
    for (const Kernels* const* table = found.tables; *table; ++table)
        if (std::strcmp((*table)->name, name) == 0) choice.kernels = *table;
    if (choice.kernels) return choice;

    static const char* const known[] = {"scalar", "avx2", "avx512", "avx512vnni", "neon", "neondotprod"};
    bool is_known = false;
    for (const char* other : known) is_known = is_known || std::strcmp(other, name) == 0;
    // %.60s: whatever the variable holds, the names fit behind it.
    int used =
        std::snprintf(choice.message, sizeof choice.message, "NEARFILE_ISA is \"%.60s\", which %s; expected one of",
                      name, is_known ? "this machine cannot run" : "is not an instruction set of nearfile");
    for (std::size_t t = 0; t < found.n_tables; ++t) {
        const auto at = static_cast<std::size_t>(used);
        used += std::snprintf(choice.message + at, sizeof choice.message - at, "%s %s", t ? "," : "",
                              found.tables[t]->name);
    }
    const auto at = static_cast<std::size_t>(used);
    std::snprintf(choice.message + at, sizeof choice.message - at, ". Unset it to let the processor choose.");
    return choice;
}

const Kernels* chosen(const char** message) {
    static const Choice choice = choose(std::getenv("NEARFILE_ISA"));
    if (!choice.kernels && message) *message = choice.message;
    return choice.kernels;
}

const Kernels* const* supported() {
    return machine().tables;
}

}  // namespace nearfile::kernels
