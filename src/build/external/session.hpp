// One build within a given memory: what fits, on how many threads, and what an earlier run of the same build has kept.
#pragma once

#include "build/external/kept.hpp"
#include "build/external/memory_plan.hpp"
#include "build/external/workspace.hpp"
#include "build/rows.hpp"
#include "build/stages.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build::external {

class Session {
public:
    // Of rows that check_memory() has passed.
    Session(Workspace& workspace, const Sizes& sizes, const Rows& rows, const Rows& queries,
            const BuildOptions& options, const StageWatch& watch);

    const Kept& kept() const noexcept { return kept_; }
    base::LargeBuffers& read_at_random() const noexcept { return workspace_.read_at_random(); }
    unsigned threads() const noexcept { return threads_; }
    std::uint32_t most_members(std::size_t code_stride, std::uint32_t degree, std::uint32_t n_trees) const {
        return external::most_members(sizes_, workspace_.memory(), code_stride, degree, n_trees);
    }

    std::uint32_t most_surrounded(std::uint32_t degree, std::size_t code_stride) const {
        return external::most_surrounded(sizes_, workspace_.memory(), code_stride, degree);
    }

private:
    Workspace& workspace_;
    Sizes sizes_;
    unsigned threads_;
    Kept kept_;
};

}  // namespace nearfile::build::external
