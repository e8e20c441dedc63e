// A file that somebody writes into while it is checked, right before memory that must not be touched.
#include "annoy/validate.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "base/random.hpp"
#include "check.hpp"
#include "child.hpp"

using namespace nearfile;
using namespace nearfile::annoy;

#if !defined(__SANITIZE_THREAD__)  // the race is what is tested
// Two items and a root that is a leaf, right before a page that must not be read. Its size is 2 at times, and at times
// more than there is.
TEST(annoy_files_that_change_while_they_are_checked_are_not_read_past_their_end) {
    const Layout layout = layout_of(AnnoyLayout::angular, 3);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    nearfile::test::in_child([&] {
        void* const two_pages = ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(two_pages != MAP_FAILED);
        auto* const end = static_cast<std::byte*>(two_pages) + page;
        CHECK(::mprotect(end, page, PROT_NONE) == 0);
        std::byte* const start = end - 3 * layout.node_bytes;
        const auto put = [&](std::size_t node, std::size_t at, std::int32_t number) {
            std::memcpy(start + node * layout.node_bytes + at, &number, sizeof number);
        };
        put(0, 0, 1);
        put(1, 0, 1);
        put(2, 0, 2);
        put(2, layout.children_at + sizeof(NodeId), 1);
        const Nodes nodes(std::span(start, 3 * layout.node_bytes), layout);
        std::atomic<bool> over{false};
        std::thread writer([&] {
            base::Random random(1);
            while (!over.load(std::memory_order_relaxed)) {
                for (const std::int32_t size : {1'000'000, 2}) {
                    put(2, 0, size);
                    for (std::uint32_t wait = random.below(40); wait > 0; --wait) asm volatile("");
                }
            }
        });
        int n_as_written = 0;
        for (int turn = 0; turn < 1'000'000; ++turn) {
            const auto checked = validate(nodes);
            CHECK(!checked.ok());  // a root without a copy
            n_as_written += checked.error().message.find("there twice") != std::string::npos ? 1 : 0;
        }
        CHECK(n_as_written > 0);
        over = true;
        writer.join();
    });
}
#endif
