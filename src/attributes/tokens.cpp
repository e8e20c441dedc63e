#include "attributes/tokens.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "attributes/literals.hpp"
#include "nearfile/error.hpp"

namespace nearfile::attributes {
namespace {

// What an error shows of a long text on either side of the place, in characters.
constexpr std::size_t most_shown = 60;

// Two bytes before one, so that "<=" is not "<".
constexpr std::array<std::string_view, 12> signs = {"==", "!=", "<>", "<=", ">=", "<", ">", "=", "(", ")", ",", "-"};

bool is_space(char byte) noexcept {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}
bool is_digit(char byte) noexcept {
    return byte >= '0' && byte <= '9';
}
// All bytes of a character in UTF-8 but its first.
bool goes_on(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}
std::size_t characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return !goes_on(byte); }));
}

// Without what would tear the line apart that the caret points at.
std::string in_a_line(std::string_view text) {
    std::string line(text);
    std::replace_if(
        line.begin(), line.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; },
        ' ');
    return line;
}

std::string_view last_characters(std::string_view text, std::size_t most) noexcept {
    std::size_t start = text.size();
    for (; start > 0 && most > 0; --most) {
        do --start;
        while (start > 0 && goes_on(text[start]));
    }
    return text.substr(start);
}
std::string_view first_characters(std::string_view text, std::size_t most) noexcept {
    std::size_t end = 0;
    for (; end < text.size() && most > 0; --most) {
        do ++end;
        while (end < text.size() && goes_on(text[end]));
    }
    return text.substr(0, end);
}

}  // namespace

bool Token::is(std::string_view keyword) const noexcept {
    return kind == Kind::word && same_word(said, keyword);
}

Tokens::Tokens(std::string_view text) : text_(text), next_(read()) {}

Token Tokens::take() {
    if (next_.kind == Token::Kind::end) return next_;
    Token taken = std::move(next_);
    next_ = read();
    return taken;
}

std::size_t Tokens::character(const Token& token) const noexcept {
    return characters(text_.substr(0, token.at)) + 1;
}

Token Tokens::upto(Token::Kind kind, std::size_t end) {
    Token token{kind, at_, text_.substr(at_, end - at_), {}};
    at_ = end;
    return token;
}

Token Tokens::read() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size()) return upto(Token::Kind::end, at_);
    const char first = text_[at_];
    if (first == '`' || first == '\'' || first == '"') return read_quoted(first);
    const char second = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    if (is_digit(first) || (first == '.' && is_digit(second))) return read_number();
    if (first == '-' && (is_digit(second) || second == '.')) return read_number();
    if (in_bare_name(first)) {
        const auto end = std::find_if_not(text_.begin() + at_, text_.end(), in_bare_name);
        return upto(Token::Kind::word, static_cast<std::size_t>(end - text_.begin()));
    }
    for (const std::string_view sign : signs) {
        if (text_.substr(at_, sign.size()) == sign) return upto(Token::Kind::sign, at_ + sign.size());
    }
    const std::string_view character = first_characters(text_.substr(at_), 1);
    fail("a column, a value, a comparison, and, or, not, ( or )", in_a_line(character), at_);
}

Token Tokens::read_quoted(char mark) {
    std::string content;
    for (std::size_t end = at_ + 1; end < text_.size(); ++end) {
        if (text_[end] != mark) {
            content += text_[end];
        } else if (end + 1 < text_.size() && text_[end + 1] == mark) {
            content += text_[++end];
        } else {
            Token token = upto(mark == '`' ? Token::Kind::quoted_name : Token::Kind::text, end + 1);
            token.content = std::move(content);
            return token;
        }
    }
    fail(std::string("a closing ") + mark + ", and two of them where one is meant inside", "the end", at_);
}

Token Tokens::read_number() {
    std::size_t end = at_ + (text_[at_] == '-' ? 1 : 0);
    const auto digits = [&] {
        const std::size_t start = end;
        while (end < text_.size() && is_digit(text_[end])) ++end;
        return end - start;
    };
    std::size_t read = digits();
    if (end < text_.size() && text_[end] == '.') {
        ++end;
        read += digits();
    }
    bool whole = read > 0;
    if (whole && end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
        ++end;
        if (end < text_.size() && (text_[end] == '+' || text_[end] == '-')) ++end;
        whole = digits() > 0;
    }
    // "20px" and "1.2.3" are no numbers with something after them.
    if (end < text_.size() && (in_bare_name(text_[end]) || text_[end] == '.')) {
        whole = false;
        while (end < text_.size() && (in_bare_name(text_[end]) || text_[end] == '.')) ++end;
    }
    Token token = upto(Token::Kind::number, end);
    if (!whole) fail("a number such as 20, -1.5 or 1e6", token);
    return token;
}

void Tokens::fail(const std::string& expected, const Token& got) const {
    const bool long_one = characters(got.said) > most_shown;
    const std::string said = in_a_line(first_characters(got.said, most_shown)) + (long_one ? "..." : "");
    fail(expected, got.kind == Token::Kind::end ? "the end" : said, got.at);
}

void Tokens::fail(const std::string& expected, const std::string& got, std::size_t at) const {
    const std::string_view before = text_.substr(0, at);
    const std::string_view after = text_.substr(at);
    const std::string_view shown_before = last_characters(before, most_shown);
    const std::string_view shown_after = first_characters(after, most_shown);
    const std::string start = shown_before.size() < before.size() ? "  ..." : "  ";
    const std::string end = shown_after.size() < after.size() ? "..." : "";
    const std::string line = start + in_a_line(shown_before) + in_a_line(shown_after) + end;
    const std::string caret = std::string(start.size() + characters(shown_before), ' ') + '^';
    throw Error(ErrorCode::invalid_argument, "expression: expected " + expected + ", got " + got + " at character " +
                                                 std::to_string(characters(before) + 1) + ":\n" + line + "\n" + caret);
}

}  // namespace nearfile::attributes
