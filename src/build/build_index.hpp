// The whole build, stage by stage, each section written as soon as it is finished.
#pragma once

#include <span>

#include "build/external/session.hpp"
#include "build/rows.hpp"
#include "file/output.hpp"
#include "nearfile/attributes.hpp"
#include "nearfile/index.hpp"
#include "opened/ids.hpp"

namespace nearfile::build {

// What an index is made of, checked; borrowed.
struct Material {
    Metric metric;
    const Rows& rows;
    const opened::IdList& ids;
    std::span<const Column> columns;             // of as many rows
    const Rows& queries;                         // a sample of real ones, which may be empty
    const Index::State* like;                    // options.like as it is inside, or null
    const external::Session* session = nullptr;  // of a graph that is built within a given memory
};

// All of a file's bytes into `output`, which is empty. Queries, `like` and options.candidates are of use to a graph
// alone, and checked.
void build_index(const Material& material, const BuildOptions& options, file::Output& output);

}  // namespace nearfile::build
