#include "base/utf8.hpp"

#include <string>

#include "check.hpp"

using nearfile::base::is_utf8;

TEST(utf8_takes_text) {
    for (const char* text : {"", "a", "plain text of several words", "ä", "日本語", "\xf0\x9f\x90\x88", "\xed\x9f\xbf",
                             "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "eight: ä and eight more"}) {
        CHECK(is_utf8(text));
    }
    CHECK(is_utf8(std::string(3, '\0')));
}

TEST(utf8_refuses_what_is_none) {
    for (const char* text : {"\x80", "a\xff", "\xc3", "\xe6\x97", "\xf0\x9f\x90", "\xc0\x80", "\xc1\xbf",
                             "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80",
                             "\xf8\x88\x80\x80\x80", "\xc3(", "seven b\xe4nd more text"}) {
        CHECK(!is_utf8(text));
    }
}
