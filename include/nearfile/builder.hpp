// Collects vectors and builds an index from them, in memory or straight to a file.
//
// Threading: one Builder belongs to one thread. A call that throws leaves the builder as it was before the call.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nearfile/attributes.hpp"
#include "nearfile/index.hpp"
#include "nearfile/types.hpp"

namespace nearfile {

// Whose the vectors are while an index is built of them.
enum class Vectors {
    copied,    // in the narrowest type that holds them
    borrowed,  // the caller's, who keeps them where they are, as they are, for as long as the builder is asked for
               // anything
};

// For more data than memory holds: the memory that a build may take, and the file that it will write, beside which it
// works in a folder .<name>.build that goes when the file is there. A build that was killed leaves the folder; one of
// the same rows and options goes on from what it finds there.
struct MemoryLimit {
    std::uint64_t bytes;
    std::string path;
};

class Builder {
public:
    Builder(std::uint32_t dim, Metric metric);
    // Builds one graph, once, and writes it to the path of the limit. Rows go to disk as they are added; a memory or a
    // disk that is too small for them is refused by the add() that is too much. Ids and columns are held in memory, and
    // count. The file is one as any other, and the same on any number of threads; another limit may make another one.
    Builder(std::uint32_t dim, Metric metric, const MemoryLimit& limit);
    ~Builder();
    Builder(Builder&&) noexcept;
    Builder& operator=(Builder&&) noexcept;

    // Take n x dim floats, row after row. Every value must be finite (zero or one for hamming).
    // The first call settles the kind of id; ids must be distinct, which build() checks.
    // `columns`, of n values each, are what the index can be filtered by: attributes.hpp says what they are made of.
    // The first call settles which there are, and of what type; the others have the same, in any order.
    // Only the first that is added, and not for hamming, is borrowed; else it is copied. One that is written to
    // meanwhile makes an index of something, and nothing worse.
    void add(std::span<const float> rows, std::span<const Column> columns = {}, Vectors vectors = Vectors::copied);
    void add(std::span<const float> rows, std::span<const std::int64_t> ids, std::span<const Column> columns = {},
             Vectors vectors = Vectors::copied);
    void add(std::span<const float> rows, std::span<const std::string_view> ids, std::span<const Column> columns = {},
             Vectors vectors = Vectors::copied);

    // What add() would throw for these rows, or for these columns of so many rows; nothing is added.
    void check(std::span<const float> rows) const;
    void check(std::span<const Column> columns, std::uint32_t rows) const;
    // What a limited builder's add() would throw for so many rows more, whatever they are.
    void check_room(std::uint32_t rows) const;

    std::uint32_t size() const noexcept;
    std::uint32_t dim() const noexcept;
    Metric metric() const noexcept;

    // Build and write to `path` (a temporary file, synced, then renamed), and open the result.
    // (A template, so that build({.n_trees = 8}) means the other one.)
    template <std::convertible_to<std::string_view> Path>
    Index build(const Path& path, const BuildOptions& options = {}) const {
        return build_file(std::string(std::string_view(path)), options);
    }

    // Build in memory. (Of a limited builder there is a path, and a file.)
    Index build(const BuildOptions& options = {}) const;

private:
    Index build_file(const std::string& path, const BuildOptions& options) const;
    static const Index::State* like_of(const BuildOptions& options);

    Index build_limited(const BuildOptions& options) const;

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nearfile
