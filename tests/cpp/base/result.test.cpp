// A result is a value or an error, and moves what it holds.
#include "base/result.hpp"

#include <memory>

#include "check.hpp"

using nearfile::base::Error;
using nearfile::base::Failure;
using nearfile::base::Result;

TEST(result_holds_a_value_or_an_error) {
    const Result<int> value(5);
    CHECK(value.ok() && static_cast<bool>(value) && value.value() == 5);
    const Result<int> failed(Error{Failure::io, "expected a disk", 28});
    CHECK(!failed.ok() && !static_cast<bool>(failed));
    CHECK(failed.error().failure == Failure::io && failed.error().os_error == 28);
    CHECK(failed.error().message == "expected a disk");
}

TEST(result_of_nothing_is_ok_or_an_error) {
    CHECK(Result<void>().ok());
    const Result<void> failed(Error{Failure::bad_file, "torn"});
    CHECK(!failed.ok() && failed.error().message == "torn" && failed.error().os_error == 0);
}

TEST(result_holds_what_can_only_be_moved) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(3));
    const std::unique_ptr<int> taken = std::move(result.value());
    CHECK(*taken == 3);
}

TEST(result_of_an_error_can_be_told_from_a_failure) {
    // A value that is an Error's message is still a value.
    const Result<std::string> result(std::string("text"));
    CHECK(result.ok() && result.value() == "text");
}
