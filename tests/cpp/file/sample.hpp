// A small file and ways to damage it, for the tests of this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "file/atomic_file.hpp"
#include "file/container.hpp"
#include "file/memory_file.hpp"
#include "file/section_writer.hpp"
#include "file/table.hpp"
#include "temporary_path.hpp"

namespace nearfile::file::sample {

inline constexpr std::array<std::uint32_t, 3> kinds = {1, 2, 7};

inline std::vector<std::byte> pattern(std::size_t size, unsigned seed) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 131 + seed * 17 + 1);
    return bytes;
}

inline std::array<std::byte, description_bytes> description() {
    std::array<std::byte, description_bytes> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    return bytes;
}

struct Section {
    std::uint32_t kind;
    std::uint32_t flags;
    std::span<const std::byte> bytes;
};
using Sections = std::vector<Section>;

// All of them, the last table, and nothing in between.
inline base::Result<void> write_all(Output& output, const Sections& sections) {
    SectionWriter writer(output);
    for (const Section& each : sections) {
        if (auto added = writer.add(each.kind, each.flags, each.bytes); !added) return added;
    }
    return writer.finish(description());
}

inline base::Result<void> write_sections(const std::string& path, const Sections& sections) {
    AtomicFile file(path);
    const auto written = write_all(file, sections);
    return written.ok() ? file.replace() : written;
}

// Sections 1 (100 bytes), 2 (64 bytes) and 7 (1 byte, optional), at 4096, 4288 and 4416, in a file of 4544 bytes.
struct Small {
    std::vector<std::byte> first = pattern(100, 1);
    std::vector<std::byte> second = pattern(64, 2);
    std::vector<std::byte> third = pattern(1, 3);

    Sections sections() const { return {{1, flag_required, first}, {2, flag_required, second}, {7, 0, third}}; }
};

// Bytes at a multiple of 64, and nothing after them, so that a sanitizer sees whoever reads behind the end.
class Image {
public:
    explicit Image(std::span<const std::byte> bytes) { assign(bytes); }
    void assign(std::span<const std::byte> bytes) {
        data_.reset(
            static_cast<std::byte*>(::operator new(std::max<std::size_t>(bytes.size(), 1), std::align_val_t(64))),
            Free{});
        size_ = bytes.size();
        if (size_ > 0) std::memcpy(data_.get(), bytes.data(), size_);
    }
    std::span<std::byte> bytes() const { return {data_.get(), size_}; }

    base::Result<Container> open(std::span<const std::uint32_t> known = kinds) const {
        return Container::from_buffer(bytes(), data_, known);
    }

    template <class T>
    T get(std::size_t at) const {
        T value;
        std::memcpy(&value, data_.get() + at, sizeof value);
        return value;
    }
    template <class T>
    void put(std::size_t at, T value) {
        std::memcpy(data_.get() + at, &value, sizeof value);
    }

    // What a hostile writer does: change a field, then make the checksum of the header right again.
    void put_entry(std::size_t i, const std::function<void(SectionEntry&)>& change) {
        auto entry = get<SectionEntry>(sizeof(Header) + i * sizeof(SectionEntry));
        change(entry);
        put(sizeof(Header) + i * sizeof(SectionEntry), entry);
        fix_crc();
    }
    void put_header(const std::function<void(Header&)>& change) {
        auto header = get<Header>(0);
        change(header);
        put(0, header);
        fix_crc();
    }
    void fix_crc() {
        const auto header = get<Header>(0);
        if (header.section_count > max_sections || sizeof header + header.section_count * sizeof(SectionEntry) > size_)
            return;
        std::vector<SectionEntry> entries(header.section_count);
        if (!entries.empty())
            std::memcpy(entries.data(), data_.get() + sizeof(Header), entries.size() * sizeof(SectionEntry));
        put(offsetof(Header, header_crc), header_crc(header, entries));
    }

private:
    struct Free {
        void operator()(std::byte* data) const { ::operator delete(data, std::align_val_t(64)); }
    };
    std::shared_ptr<std::byte> data_;
    std::size_t size_ = 0;
};

inline Image image_of(const Sections& sections) {
    MemoryFile file;
    (void)write_all(file, sections);
    return Image(file.read().value().bytes);
}

inline Image small_image() {
    const Small small;
    return image_of(small.sections());
}

inline bool same(std::span<const std::byte> one, std::span<const std::byte> other) {
    return one.size() == other.size() && (one.empty() || std::memcmp(one.data(), other.data(), one.size()) == 0);
}

// A folder that goes with everything in it at the end of the scope.
class Folder {
public:
    Folder() : path_(nearfile::test::temporary_path("nearfile-test-")) { std::filesystem::create_directory(path_); }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    std::size_t count() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
    }

private:
    std::string path_;
};

inline std::vector<std::byte> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> text((std::istreambuf_iterator<char>(in)), {});
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

inline void write_file(const std::string& path, std::span<const std::byte> bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline bool says(const base::Error& error, const std::string& words) {
    return error.message.find(words) != std::string::npos;
}

}  // namespace nearfile::file::sample
