// Zeroed, aligned, readable past the end, and owned by one.
#include "base/aligned_buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "check.hpp"

using nearfile::base::AlignedBuffer;

TEST(aligned_buffer_is_zero_up_to_the_end_of_its_slack) {
    for (const std::size_t size : {0, 1, 63, 64, 65, 1000, 4096}) {
        const AlignedBuffer buffer(size);
        CHECK(buffer.ok() && buffer.size() == size && buffer.bytes().size() == size);
        CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % AlignedBuffer::alignment == 0);
        CHECK(std::all_of(buffer.data(), buffer.data() + size + AlignedBuffer::slack,
                          [](std::byte byte) { return byte == std::byte{0}; }));
    }
}

TEST(aligned_buffer_without_memory_is_not_ok) {
    CHECK(!AlignedBuffer().ok());
    CHECK(!AlignedBuffer(std::numeric_limits<std::size_t>::max()).ok());
    CHECK(!AlignedBuffer(std::numeric_limits<std::size_t>::max() - 100).ok());
}

TEST(aligned_buffer_moves_and_leaves_nothing_behind) {
    AlignedBuffer first(10);
    first.data()[3] = std::byte{7};
    const std::byte* place = first.data();
    AlignedBuffer second(std::move(first));
    CHECK(second.data() == place && second.size() == 10 && second.data()[3] == std::byte{7});
    AlignedBuffer third(20);
    third = std::move(second);
    CHECK(third.data() == place && third.size() == 10);
}

TEST(aligned_buffer_as_values_counts_whole_ones) {
    AlignedBuffer buffer(10);
    CHECK(buffer.as<std::uint32_t>().size() == 2);
    buffer.as<std::uint32_t>()[1] = 0x01020304;
    CHECK(std::as_const(buffer).as<std::uint32_t>()[1] == 0x01020304);
    CHECK(buffer.data()[4] == std::byte{4});
}
