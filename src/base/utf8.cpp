#include "base/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nearfile::base {
namespace {

struct Lead {
    std::size_t more;  // bytes that follow
    std::uint32_t least;
    std::uint32_t bits;
};

// Of the first byte of several; `more` is 0 where it can be none.
Lead lead_of(std::uint8_t byte) noexcept {
    if ((byte & 0xe0) == 0xc0) return {1, 0x80, byte & 0x1fu};
    if ((byte & 0xf0) == 0xe0) return {2, 0x800, byte & 0x0fu};
    if ((byte & 0xf8) == 0xf0) return {3, 0x10000, byte & 0x07u};
    return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size()) {
        std::uint64_t eight;
        if (text.size() - i >= sizeof eight) {
            std::memcpy(&eight, text.data() + i, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        const auto byte = static_cast<std::uint8_t>(text[i++]);
        if (byte < 0x80) continue;
        const Lead lead = lead_of(byte);
        if (lead.more == 0 || text.size() - i < lead.more) return false;
        std::uint32_t point = lead.bits;
        for (std::size_t end = i + lead.more; i < end; ++i) {
            const auto next = static_cast<std::uint8_t>(text[i]);
            if ((next & 0xc0) != 0x80) return false;
            point = point << 6 | (next & 0x3fu);
        }
        if (point < lead.least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    }
    return true;
}

}  // namespace nearfile::base
