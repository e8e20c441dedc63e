// The whole files that are damaged: every metric, structure, profile, thing to keep and kind of id.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "nearfile/index.hpp"

namespace nearfile::fuzz {

struct Recipe {
    Metric metric;
    Structure structure;
    Profile profile;
    Keep keep;
    IdKind ids;
    std::uint32_t count;
    std::uint32_t dim;
    std::uint32_t largest;  // values are whole numbers below it, kept as bytes or in half precision; 0: they are floats
    bool queries;           // built with a sample of queries
    bool columns = false;   // with attributes of every type

    std::string name() const;
};

// Every metric with every structure, profile, thing to keep, kind of id, with queries, and with attributes; all pairs
// of these too, unless few are wanted. Graphs have more items than a search looks at one by one; some files have next
// to none.
std::vector<Recipe> recipes(bool few);

struct WholeFile {
    std::string name;
    Bytes bytes;
    std::vector<Section> sections;
    std::uint32_t count;
};

// Every walk of a search of this file is counted by Index::query_drift(): where the build compares none with its
// calibration, because queries were made up, distances to compare with are written into the file.
WholeFile build(const Recipe& recipe);

// With a folder, what is there already is read instead of built, unless it is older than the program.
std::vector<WholeFile> corpus(const std::vector<Recipe>& recipes, const std::string& folder = "",
                              const std::string& program = "");

}  // namespace nearfile::fuzz
