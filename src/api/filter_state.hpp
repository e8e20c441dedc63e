// What a Filter is made of.
#pragma once

#include <cstdint>

#include "nearfile/filter.hpp"
#include "search/eligible.hpp"

namespace nearfile {

struct Filter::State {
    search::Eligible eligible;
    std::uint64_t fingerprint;  // of the file
};

namespace api {

const search::Eligible& eligible_of(const Filter& filter) noexcept;

}  // namespace api
}  // namespace nearfile
