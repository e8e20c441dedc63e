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

    // For keeping it elsewhere: its bits, bit i % 64 of word i / 64 for item i of the file, how many items there are,
    // allowed or not, and Index::fingerprint() of what it is for.
    std::span<const std::uint64_t> words() const noexcept;
    std::uint32_t n_items() const noexcept;
    std::uint64_t fingerprint() const noexcept;

    // The same filter again. Throws Error(invalid_argument) where the words are not as many as the items take, or have
    // bits behind the last.
    static Filter of_words(std::span<const std::uint64_t> words, std::uint32_t n_items, std::uint64_t fingerprint);

    struct State;
    const State& state() const noexcept { return *state_; }

private:
    friend class Index;
    explicit Filter(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

}  // namespace nearfile
