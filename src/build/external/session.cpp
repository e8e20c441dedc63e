#include "build/external/session.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/crc32c.hpp"
#include "base/random.hpp"
#include "nearfile/version.hpp"

namespace nearfile::build::external {
namespace {

std::uint64_t fingerprint(const Rows& rows, unsigned threads, const StageWatch& watch) {
    std::vector<std::uint32_t> sums(n_blocks(rows.count()));
    run_blocks(
        "rows", rows.count(), threads,
        [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> scratch(rows.dim());
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto bytes =
                    rows.bits() ? std::as_bytes(rows.words(row)) : std::as_bytes(rows.floats(row, scratch));
                sums[block] = base::crc32c(bytes, sums[block]);
            }
        },
        watch);
    std::uint64_t all = rows.count();
    for (const std::uint32_t sum : sums) all = base::derive_seed(all, sum);
    return all;
}

// Everything that results depend on, as numbers: threads do not count.
Key key_of(const Sizes& sizes, std::uint64_t memory, const Rows& rows, const Rows& queries, const BuildOptions& options,
           const StageWatch& watch) {
    const std::array<std::uint64_t, 12> numbers = {rows.count(),
                                                   rows.dim(),
                                                   static_cast<std::uint64_t>(sizes.metric),
                                                   fingerprint(rows, options.threads, watch),
                                                   memory,
                                                   sizes.id_bytes,
                                                   static_cast<std::uint64_t>(options.profile),
                                                   static_cast<std::uint64_t>(options.keep),
                                                   options.n_trees,
                                                   options.seed,
                                                   queries.count(),
                                                   fingerprint(queries, options.threads, watch)};
    constexpr std::string_view version = NEARFILE_VERSION;
    static_assert(sizeof numbers + version.size() <= sizeof(Key));
    Key key{};
    std::memcpy(key.data(), numbers.data(), sizeof numbers);
    std::memcpy(key.data() + sizeof numbers, version.data(), version.size());
    return key;
}

}  // namespace

Session::Session(Workspace& workspace, const Sizes& sizes, const Rows& rows, const Rows& queries,
                 const BuildOptions& options, const StageWatch& watch)
    : workspace_(workspace),
      sizes_(sizes),
      threads_(affordable_threads(sizes, workspace.memory(), options.threads)),
      kept_(workspace.folder(), key_of(sizes, workspace.memory(), rows, queries, options, watch)) {}

}  // namespace nearfile::build::external
