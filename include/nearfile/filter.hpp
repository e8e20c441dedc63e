// Which items of an index may be answers. Index::filter() makes one of a mask, of ids or of an expression.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace nearfile {

// A bit an item, in the order of the file, and how many are set. It serves every index of the same file.
//
// Threading: a Filter is immutable; copies share what it is made of. Any number of searches and threads may use it.
class Filter {
public:
    // How many items it allows.
    std::uint32_t size() const noexcept;

    // What both allow, what one of them allows, what it does not. Throws Error(invalid_argument) where the other one is
    // of another index.
    Filter operator&(const Filter& other) const;
    Filter operator|(const Filter& other) const;
    Filter operator~() const;

    // For keeping it elsewhere; Index::filter_of_words() makes it again. Bit i % 64 of word i / 64 is item i of the
    // file.
    std::span<const std::uint64_t> words() const noexcept;
    // Of the file that it is for.
    std::uint64_t fingerprint() const noexcept;

    struct State;
    const State& state() const noexcept { return *state_; }

private:
    friend class Index;
    explicit Filter(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

}  // namespace nearfile
