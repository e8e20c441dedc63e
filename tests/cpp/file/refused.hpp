// Files written and refused, for the tests of where files may be written to, and opened and refused.
#pragma once

#include <array>
#include <span>
#include <string>

#include "check.hpp"
#include "file/atomic_write.hpp"
#include "file/container.hpp"
#include "file/sample.hpp"

namespace nearfile::file::sample {

inline base::Result<void> write_one(const std::string& path, std::span<const std::byte> bytes) {
    const std::array<std::span<const std::byte>, 1> pieces = {bytes};
    return write_atomically(path, pieces);
}

inline void check_refused(const std::string& path, int code, const std::string& words) {
    const auto written = write_one(path, pattern(10, 1));
    CHECK(!written.ok());
    if (written.ok()) return;
    CHECK(written.error().failure == base::Failure::io);
    CHECK(written.error().os_error == code);
    CHECK(says(written.error(), "'" + path + "'"));
    if (!says(written.error(), words))
        nearfile::test::fail(__FILE__, __LINE__, written.error().message + " says " + words);
}

// A message that names the path, and the errno that Python makes its exception from.
inline void check_not_opened(const std::string& path, int code, const std::string& words) {
    const auto opened = Container::open(path, kinds, false);
    CHECK(!opened.ok());
    if (opened.ok()) return;
    CHECK(opened.error().failure == base::Failure::io);
    CHECK(opened.error().os_error == code);
    CHECK(says(opened.error(), "'" + path + "'"));
    CHECK(says(opened.error(), words));
}

}  // namespace nearfile::file::sample
