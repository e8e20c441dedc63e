// One query asked of several indexes as if they were one. Each part walks as far as it takes to find those of the
// nearest that it has if items are spread at random, and on where it has more of them: as long as what it sees may be
// nearer than the k nearest of the parts before it. docs/algorithms/segments.md has the measurements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "opened/state.hpp"
#include "search/eligible.hpp"
#include "search/joint_answers.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

struct JointQuery {
    std::span<const float> values;
    std::span<const std::uint64_t> exclude;  // rows of all
    const SeenQuery* seen = nullptr;         // what is known of the query in the space of one part
    std::size_t seen_in = 0;                 // which part
    // Which share of the answers to expect in each part; one of 0 is asked only where others have too few. None: items
    // are spread at random.
    std::span<const float> shares = {};
};

// The working memory of searches, one at a time. Parts outlive it; the one that has the most items is the first.
class Joint final : public opened::LentMemory {
public:
    explicit Joint(std::span<const JointPart> parts);
    ~Joint() override;

    // What is allowed in each part, null for everything: to be set before a search.
    std::span<const Eligible*> allowed() noexcept { return allowed_; }

    // The k nearest of all that is admitted, or fewer where there are no more; valid until the next search.
    std::span<const JointAnswer> search(const JointQuery& query, const SearchOptions& options, std::size_t k);

private:
    struct Asked;
    struct Release;
    struct Efforts;
    // What efforts depend on.
    struct Plan {
        std::size_t k = 0;
        std::uint32_t effort = 0;
        float recall = 0;
        bool exact = false;
        bool by_shares = false;             // of one query, and of no other
        std::vector<std::size_t> admitted;  // in each part

        bool operator==(const Plan&) const = default;
    };
    // A part's turn to walk, by how far its nearest entry point is, or by its share.
    struct Turn {
        float nearest;
        std::size_t part;
    };

    std::span<Asked> asked() noexcept;
    std::size_t admitted_in(std::size_t part) const noexcept;
    void plan(const JointQuery& query, const SearchOptions& options, std::size_t k);
    void plan_efforts();
    void begin(std::size_t part, const JointQuery& query, const SearchOptions& options);
    void put_in_order(std::span<const float> shares);
    void walk(std::size_t part);
    void look(std::size_t part, const SearchOptions& options);
    void ask_alone(const JointQuery& query, const SearchOptions& options);

    std::span<const JointPart> parts_;
    std::vector<const Eligible*> allowed_;
    Plan plan_;
    Plan next_plan_;
    std::vector<double> shares_;  // of the answers, to be expected in each part
    std::unique_ptr<Efforts[]> efforts_;
    std::unique_ptr<Asked[]> asked_;
    std::vector<Turn> turns_;
    JointAnswers answers_;
};

}  // namespace nearfile::search
