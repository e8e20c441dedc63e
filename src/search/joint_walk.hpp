// A walk through one of several indexes that are searched as one: a step at a time, and no farther than it is of use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include "graph/walk.hpp"
#include "opened/state.hpp"
#include "search/admission.hpp"
#include "search/distance_computer.hpp"
#include "search/filtered_walk.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

// How far a walk goes.
struct JointEffort {
    std::uint32_t effort;  // at most to so many vertices at a time
    std::uint32_t beyond;  // and beyond the limit to so many
    std::size_t measured;  // so many of what it finds are worth measuring
};

class JointWalk {
public:
    // Finds where the walk begins, and fetches it. The scorer has the query. Everything outlives the walk; `admission`
    // is null where all is admitted.
    JointWalk(const Index::State& state, Scratch& scratch, const Admission* admission, const JointEffort& effort,
              std::size_t k);
    JointWalk(const JointWalk&) = delete;
    JointWalk& operator=(const JointWalk&) = delete;

    // What is farther (smaller is nearer) is no answer: from now on the walk goes on to what may be nearer by its
    // codes, and to the few nearest.
    void set_limit(float distance) noexcept;

    // Goes to one vertex, the first time to where it begins; false where it is over.
    bool step();

    // How far the nearest is by its code, as codes of all indexes of a metric measure it.
    float nearest() const noexcept;

    // What it has found, nearest first; and of these how many are to be measured.
    const graph::Frontier& found() const noexcept {
        return admission_ != nullptr ? scratch_.admitted : scratch_.walk.frontier;
    }
    std::size_t n_measured() const noexcept;

private:
    template <class Computer>
    struct Free {
        Free(JointWalk& of, const Computer& made, const JointEffort& effort, std::size_t kept)
            : computer(made),
              walk(computer, of.scratch_.candidates, {}, effort.effort, kept, of.state_.graph->degree, of.scratch_.walk,
                   {std::numeric_limits<float>::infinity(), effort.beyond}) {}
        Computer computer;
        graph::Walk<Computer> walk;
    };
    template <class Computer>
    struct Filtered {
        Filtered(JointWalk& of, const Computer& made, const JointEffort& effort)
            : inner(made),
              computer(inner, *of.admission_, of.scratch_.admitted),
              walk(computer, of.scratch_.candidates, {}, effort.effort, effort.effort, of.state_.graph->degree,
                   of.scratch_.walk, {std::numeric_limits<float>::infinity(), effort.beyond}) {}
        Computer inner;
        FilteredDistanceComputer<Computer> computer;
        graph::Walk<FilteredDistanceComputer<Computer>> walk;
    };
    template <class Computer>
    void begin(const Computer& computer, const JointEffort& effort, std::size_t kept);

    const Index::State& state_;
    Scratch& scratch_;
    const Admission* admission_;
    std::size_t most_measured_;
    float limit_ = std::numeric_limits<float>::infinity();  // by codes
    std::variant<std::monostate, Free<SketchDistanceComputer>, Free<NibbleDistanceComputer>, Free<CodeDistanceComputer>,
                 Filtered<SketchDistanceComputer>, Filtered<NibbleDistanceComputer>, Filtered<CodeDistanceComputer>>
        way_;
};

}  // namespace nearfile::search
