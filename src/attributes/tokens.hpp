// The words, signs and values that the text of an expression is made of, and errors that point at one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nearfile::attributes {

struct Token {
    enum class Kind { end, word, quoted_name, text, number, sign };

    Kind kind;
    std::size_t at;         // of its first byte
    std::string_view said;  // all its bytes
    std::string content;    // of quoted_name and text: what the quotes hold

    bool is(std::string_view keyword) const noexcept;  // a word, in any case
    bool is_sign(std::string_view wanted) const noexcept { return kind == Kind::sign && said == wanted; }
};

// Reads one token after another. Throws Error(invalid_argument) that points at what is none.
class Tokens {
public:
    explicit Tokens(std::string_view text);

    const Token& next() const noexcept { return next_; }
    Token take();  // and go on

    std::size_t character(const Token& token) const noexcept;  // where it is, counted from 1

    // "expected ..., got ... at character 14:", the text, and a caret below the place.
    [[noreturn]] void fail(const std::string& expected, const Token& got) const;

private:
    Token read();
    Token read_quoted(char mark);
    Token read_number();
    Token upto(Token::Kind kind, std::size_t end);
    [[noreturn]] void fail(const std::string& expected, const std::string& got, std::size_t at) const;

    std::string_view text_;
    std::size_t at_ = 0;  // of what follows `next_`
    Token next_;
};

}  // namespace nearfile::attributes
