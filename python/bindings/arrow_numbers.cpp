// Numbers, bools and moments of Arrow's arrays.
#include <cmath>
#include <type_traits>

#include "arrow_buffers.hpp"
#include "arrow_values.hpp"

namespace nearfile::python {
namespace {

struct Half {
    std::uint16_t bits;
};

double number_of(Half half) {
    const int exponent = half.bits >> 10 & 31;
    const int fraction = half.bits & 1023;
    const double sign = (half.bits & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : static_cast<double>(NAN);
    return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25));
}

class NothingValues : public ArrowValues {
    void add(std::int64_t, ColumnFiller& to) const override { to.add_missing(); }
};

class BitValues : public ArrowValues {
public:
    BitValues(const ArrowArray& array, const std::string& column) : present_(array, 0), bits_(array, 1) {
        if (bits_.is_absent() && array.length > 0) refuse_damaged(column, "rows and nothing in buffer 1");
    }
    void add(std::int64_t i, ColumnFiller& to) const override {
        if (!present_[i]) return to.add_missing();
        to.add_integer(bits_[i] ? 1 : 0);
    }

private:
    ArrowBits present_;
    ArrowBits bits_;
};

template <class T>
class NumberValues : public ArrowValues {
public:
    NumberValues(const ArrowArray& array, std::int64_t factor, const std::string& column)
        : present_(array, 0), numbers_(array, 1, column), factor_(factor) {}

    void add(std::int64_t i, ColumnFiller& to) const override {
        if (!present_[i]) return to.add_missing();
        const T value = numbers_[i];
        if constexpr (std::is_same_v<T, Half>) {
            to.add_number(number_of(value));
        } else if constexpr (std::is_floating_point_v<T>) {
            to.add_number(value);
        } else {
            if constexpr (std::is_same_v<T, std::uint64_t>) {
                if (value > INT64_MAX) {
                    refuse_column(to.name(), "expected whole numbers up to 9223372036854775807, got " +
                                                 std::to_string(value) + " at row " + std::to_string(to.rows()) +
                                                 ": make floats or strings of them");
                }
            }
            to.add_integer(static_cast<std::int64_t>(value) * factor_);
        }
    }

private:
    ArrowBits present_;
    ArrowBuffer<T> numbers_;
    std::int64_t factor_;
};

}  // namespace

std::unique_ptr<ArrowValues> arrow_numbers(const ArrowFormat& format, const ArrowArray& array,
                                           const std::string& column) {
    const auto of = [&]<class T>(T) -> std::unique_ptr<ArrowValues> {
        return std::make_unique<NumberValues<T>>(array, format.factor, column);
    };
    switch (format.layout) {
        case Layout::bit:
            return std::make_unique<BitValues>(array, column);
        case Layout::int8:
            return of(std::int8_t{});
        case Layout::uint8:
            return of(std::uint8_t{});
        case Layout::int16:
            return of(std::int16_t{});
        case Layout::uint16:
            return of(std::uint16_t{});
        case Layout::int32:
            return of(std::int32_t{});
        case Layout::uint32:
            return of(std::uint32_t{});
        case Layout::int64:
            return of(std::int64_t{});
        case Layout::uint64:
            return of(std::uint64_t{});
        case Layout::float16:
            return of(Half{});
        case Layout::float32:
            return of(float{});
        case Layout::float64:
            return of(double{});
        case Layout::nothing:
        case Layout::text:
        case Layout::large_text:
        case Layout::text_view:
            break;
    }
    return std::make_unique<NothingValues>();
}

}  // namespace nearfile::python
