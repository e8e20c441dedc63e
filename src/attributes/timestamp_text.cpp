// Moments as ISO 8601 has them, and back.
#include <array>
#include <chrono>
#include <cstdio>

#include "attributes/literals.hpp"

namespace nearfile::attributes {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t first_second = -62167219200;  // of the year 0
constexpr std::int64_t last_second = 253402300799;   // of the year 9999

// Reads from the front of a text; what is not as it should be is remembered.
class Reader {
public:
    explicit Reader(std::string_view text) : left_(text) {}

    bool take(char wanted) {
        const bool there = !left_.empty() && left_.front() == wanted;
        if (there) left_.remove_prefix(1);
        return there;
    }
    void expect(char wanted) { ok_ = take(wanted) && ok_; }

    // So many digits, of a number from `least` to `most`.
    int number(std::size_t digits, int least, int most) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
        ok_ = ok_ && value >= least && value <= most;
        return value;
    }

    // One to nine digits after a point, as billionths.
    std::uint32_t fraction() {
        std::uint32_t value = static_cast<std::uint32_t>(digit());
        for (int i = 1; i < 9; ++i) value = value * 10 + static_cast<std::uint32_t>(starts_with_digit() ? digit() : 0);
        return value;
    }

    bool starts_with_digit() const { return !left_.empty() && left_.front() >= '0' && left_.front() <= '9'; }
    bool at_end() const { return left_.empty(); }
    bool ok() const { return ok_; }

private:
    int digit() {
        ok_ = ok_ && starts_with_digit();
        if (!ok_) return 0;
        const int value = left_.front() - '0';
        left_.remove_prefix(1);
        return value;
    }

    std::string_view left_;
    bool ok_ = true;
};

std::int64_t read_date(Reader& reader, bool& is_date) {
    const int year = reader.number(4, 0, 9999);
    reader.expect('-');
    const int month = reader.number(2, 1, 12);
    reader.expect('-');
    const int day = reader.number(2, 1, 31);
    const chrono::year_month_day date(chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                      chrono::day(static_cast<unsigned>(day)));
    is_date = reader.ok() && date.ok();
    return is_date ? std::int64_t{chrono::sys_days(date).time_since_epoch().count()} * day_seconds : 0;
}

// Seconds that the text is ahead of UTC.
std::int64_t read_offset(Reader& reader) {
    if (reader.at_end() || reader.take('Z') || reader.take('z')) return 0;
    const bool behind = reader.take('-');
    if (!behind) reader.expect('+');
    std::int64_t offset = reader.number(2, 0, 23) * 3600;
    if (!reader.at_end()) {
        reader.take(':');
        offset += reader.number(2, 0, 59) * 60;
    }
    return behind ? -offset : offset;
}

}  // namespace

bool is_sayable(const Timestamp& value) noexcept {
    return value.seconds >= first_second && value.seconds <= last_second && value.nanoseconds < 1'000'000'000;
}

std::optional<Timestamp> timestamp_value(std::string_view text) {
    Reader reader(text);
    bool is_date = false;
    Timestamp value{read_date(reader, is_date), 0};
    if (!is_date) return std::nullopt;
    if (!reader.at_end()) {
        if (!reader.take('T') && !reader.take('t')) reader.expect(' ');
        value.seconds += reader.number(2, 0, 23) * 3600;
        reader.expect(':');
        value.seconds += reader.number(2, 0, 59) * 60;
        if (reader.take(':')) {
            value.seconds += reader.number(2, 0, 59);
            if (reader.take('.')) value.nanoseconds = reader.fraction();
        }
        value.seconds -= read_offset(reader);
    }
    const bool whole = reader.ok() && reader.at_end() && is_sayable(value);
    return whole ? std::optional(value) : std::nullopt;
}

std::string timestamp_text(const Timestamp& value) {
    const chrono::sys_seconds moment{chrono::seconds(value.seconds)};
    const auto midnight = chrono::floor<chrono::days>(moment);
    const chrono::year_month_day date(midnight);
    const auto second = static_cast<int>((moment - midnight).count());
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "timestamp '%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                  second / 60 % 60, second % 60);
    std::string made(text.data());
    if (value.nanoseconds != 0) {
        std::snprintf(text.data(), text.size(), ".%09u", value.nanoseconds);
        made += text.data();
        made.erase(made.find_last_not_of('0') + 1);
    }
    return made + "Z'";
}

}  // namespace nearfile::attributes
