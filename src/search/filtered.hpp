// The search of one query among what is admitted: always as many answers as there are, up to k.
#pragma once

#include <cstdint>
#include <span>

#include "opened/state.hpp"
#include "search/admission.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

// How a query is answered: what costs least by how many are admitted, and how many of what is near the query.
struct FilteredPlan {
    enum class Way {
        scan,        // every admitted item, by bounds and then exactly
        scan_codes,  // every admitted item by its 4-bit code, the best exactly
        walk,        // through a graph
        gather,      // leaves of a forest, the likeliest first, until enough that are admitted were found
    };
    Way way;
    std::uint32_t effort = 0;  // of a walk: how many vertices it keeps in view
    std::size_t measured = 0;  // how many of a walk's best are measured exactly; of leaves, how many candidates
};

FilteredPlan plan_of(const Index::State& state, const SearchOptions& options, const Admission& admission, std::size_t k,
                     Scorer& scorer);

class Reranker;

// Gives the reranker, which is for the k nearest, what a plan finds. The scorer has the query.
void find_admitted(const Index::State& state, const FilteredPlan& plan, const Admission& admission, std::size_t k,
                   Scratch& scratch, Reranker& reranker);

// Fills `out`, which has room for min(k, admission.count()), as search() of search.hpp does.
void search_admitted(const Index::State& state, std::span<const float> query, const SearchOptions& options,
                     const Admission& admission, Scratch& scratch, std::span<Neighbor> out,
                     const SeenQuery* seen = nullptr);

}  // namespace nearfile::search
