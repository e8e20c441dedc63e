// A whole file mapped read-only and shared, unmapped when the object goes. Container::open() uses it, and AtomicFile of
// what it has written. Immutable, so any number of threads may read the bytes. One file a system.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "file/file_number.hpp"

namespace nearfile::file {

class Mapping {
public:
    // Fails with Failure::io and errno. An empty file gives no bytes.
    static base::Result<std::shared_ptr<const Mapping>> open(const std::string& path);

    // The first `size` bytes of a file that is open to be read; `name` is for the error.
    static base::Result<std::shared_ptr<const Mapping>> of(FileNumber number, std::size_t size,
                                                           const std::string& name);

    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

private:
    Mapping(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

    const std::byte* data_;
    std::size_t size_;
};

}  // namespace nearfile::file
