#include "damage.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "container.hpp"

namespace nearfile::fuzz {
namespace {

using file::Header;
using file::SectionEntry;

// One file being damaged.
class Patient {
public:
    Patient(const WholeFile& file, Random& random) : whole_(file), bytes_(file.bytes), random_(random) {}

    void once() {
        if (bytes_.size() < sizeof(Header)) return;
        switch (pick(16)) {
            case 0:
                return anywhere();
            case 1:
                return header();
            case 2:
                return description();
            case 3:
                return table_entry();
            case 4:
                return swap_sections();
            case 5:
                return pick(4) == 0 ? cut() : whole_section();
            default:
                return in_section();
        }
    }

    // Mostly so that the damage gets past what is checked first.
    void make_checksums_right() {
        if (pick(4) == 0) {
            make_section_checksums_right(bytes_);
            story_ += "; checksums of sections made right";
        }
        if (pick(32) == 0) return;
        make_header_checksum_right(bytes_);
        story_ += "; checksum of the header made right";
    }

    Damaged result(std::size_t file) { return {std::move(bytes_), file, whole_.name + story_}; }

private:
    std::size_t pick(std::size_t bound) { return below(random_, bound); }
    void tell(const std::string& what) { story_ += "; " + what; }

    void number_or_run(std::span<std::byte> bytes, std::size_t at) {
        if (pick(3) == 0) {
            scratch(bytes, at, random_);
        } else {
            put_number(bytes, at, whole_.count, random_);
        }
    }

    void anywhere() {
        const std::size_t at = pick(bytes_.size());
        tell("damage at " + std::to_string(at));
        number_or_run(bytes_, at);
    }

    void header() {
        const std::size_t at = pick(offsetof(Header, description));
        tell("header at " + std::to_string(at));
        number_or_run(std::span(bytes_).first(sizeof(Header)), at);
    }

    void description() {
        const std::size_t at = offsetof(Header, description) + pick(file::description_bytes);
        tell("description at " + std::to_string(at - offsetof(Header, description)));
        number_or_run(std::span(bytes_).first(sizeof(Header)), at);
    }

    void table_entry() {
        if (n_entries(bytes_) == 0) return;
        const std::size_t i = pick(n_entries(bytes_));
        SectionEntry entry = entry_at(bytes_, i);
        constexpr std::uint64_t steps[] = {1, 4, 8, 12, 64, 4096};
        const std::uint64_t step = steps[pick(6)] * (pick(2) == 0 ? 1 : ~0ull);
        const std::size_t what = pick(6);
        tell("entry " + std::to_string(i) + " of the table, change " + std::to_string(what) + " by " +
             std::to_string(static_cast<std::int64_t>(step)));
        if (what == 0) entry.length += step;
        if (what == 1) entry.offset += step;
        if (what == 2) entry.kind = static_cast<std::uint32_t>(pick(26));
        if (what == 3) entry.flags = static_cast<std::uint32_t>(pick(4));
        if (what == 4) entry.length = telling_number(random_, whole_.count, bytes_.size());
        if (what == 5) entry.offset = telling_number(random_, whole_.count, bytes_.size());
        put_entry(bytes_, i, entry);
    }

    // Their contents, their kinds, or where they are.
    void swap_sections() {
        if (n_entries(bytes_) < 2) return;
        const std::size_t i = pick(n_entries(bytes_));
        const std::size_t j = pick(n_entries(bytes_));
        SectionEntry a = entry_at(bytes_, i);
        SectionEntry b = entry_at(bytes_, j);
        const std::size_t what = pick(3);
        tell("sections " + std::to_string(i) + " and " + std::to_string(j) + " swapped, way " + std::to_string(what));
        if (what == 0) {
            const auto end = [&](const SectionEntry& each) { return each.offset + each.length; };
            if (i == j || end(a) > bytes_.size() || end(b) > bytes_.size()) return;
            if (end(a) < a.offset || end(b) < b.offset) return;
            const std::uint64_t apart = a.offset < b.offset ? b.offset - a.offset : a.offset - b.offset;
            const std::size_t n = static_cast<std::size_t>(std::min({a.length, b.length, apart}));
            std::swap_ranges(bytes_.data() + a.offset, bytes_.data() + a.offset + n, bytes_.data() + b.offset);
            return;
        }
        if (what == 1) std::swap(a.kind, b.kind);
        if (what == 2) std::swap(a.offset, b.offset), std::swap(a.length, b.length);
        put_entry(bytes_, i, a);
        put_entry(bytes_, j, b);
    }

    void cut() {
        const std::size_t size = pick(bytes_.size());
        tell("cut to " + std::to_string(size));
        bytes_.resize(size);
        if (pick(2) == 0 || size < sizeof(Header)) return;
        const std::uint64_t file_bytes = size;
        std::memcpy(bytes_.data() + offsetof(Header, file_bytes), &file_bytes, sizeof file_bytes);
    }

    // A section by its name, whatever its length, so that the small ones get their share.
    std::span<std::byte> section() {
        if (whole_.sections.empty()) return {};
        const Section& section = whole_.sections[pick(whole_.sections.size())];
        if (section.offset + section.bytes > bytes_.size()) return {};  // cut off
        tell("section " + section.name);
        return std::span(bytes_).subspan(section.offset, section.bytes);
    }

    // A few numbers, near each other or not.
    void in_section() {
        const auto bytes = section();
        if (bytes.empty()) return;
        std::size_t at = pick(bytes.size());
        const std::size_t n = pick(4) == 0 ? 1 + pick(100) : 1 + pick(4);
        const bool near = pick(2) == 0;
        tell(std::to_string(n) + " numbers from " + std::to_string(at) + " on" + (near ? ", near" : ""));
        for (std::size_t i = 0; i < n; ++i) {
            number_or_run(bytes, at);
            at = near ? at + 1 + pick(64) : pick(bytes.size());
        }
    }

    // One number everywhere, or now and then.
    void whole_section() {
        const auto bytes = section();
        const std::uint64_t number = telling_number(random_, whole_.count, bytes_.size());
        const std::size_t every = pick(2) == 0 ? 1 : 2 + pick(50);
        const std::size_t width = pick(4) == 0 ? 3 : 4;
        tell(std::to_string(number) + " in " + std::to_string(width) + " bytes, every " + std::to_string(every));
        for (std::size_t at = 0; at + width <= bytes.size(); at += width * every) {
            std::memcpy(bytes.data() + at, &number, width);
        }
    }

    const WholeFile& whole_;
    Bytes bytes_;
    Random& random_;
    std::string story_;
};

}  // namespace

Damaged damaged(const std::vector<WholeFile>& files, std::uint64_t seed) {
    Random random(base::derive_seed(seed, 0));
    const std::size_t file = below(random, files.size());
    Patient patient(files[file], random);
    for (std::size_t left = 1 + below(random, 4); left > 0; --left) patient.once();
    patient.make_checksums_right();
    return patient.result(file);
}

}  // namespace nearfile::fuzz
