// The whole build, stage by stage, up to a file that only has to be written.
#pragma once

#include <vector>

#include "attributes/encode.hpp"
#include "build/build_forest.hpp"
#include "build/build_graph.hpp"
#include "build/encode.hpp"
#include "file/container.hpp"
#include "file/output.hpp"
#include "nearfile/index.hpp"
#include "opened/ids.hpp"

namespace nearfile::build {

// Owns its sections; the rows and ids it was made from must outlive it.
class IndexImage {
public:
    // What the items are told apart by beside their vectors; columns of as many rows.
    void add_columns(std::span<const Column> columns, const BuildOptions& options);

    void write(file::Output& output) const;

private:
    struct Section {
        file::Container::Part part;
        std::uint32_t flags;
    };

    friend IndexImage build_index(Metric, const Rows&, const opened::IdList&, const Rows&, const Index::State*,
                                  const BuildOptions&, const external::Session*);

    void build_graph_sections(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                              const opened::IdList& ids, const Rows& queries, const Index::State* like,
                              const BuildOptions& options, const external::Session* session, const StageWatch& watch);

    // In the order of the file.
    std::vector<Section> sections() const;
    std::span<const std::byte, file::description_bytes> description() const;

    opened::Description description_{};
    Encoded encoded_;
    BuiltForest built_forest_;  // one of the two, by structure
    BuiltGraph built_;
    std::vector<CalibrationPoint> calibration_;
    base::AlignedBuffer vectors_;
    std::vector<float> inverse_lengths_;
    std::vector<std::uint32_t> id_order_;
    opened::IdTable ids_;
    attributes::EncodedColumns columns_;
};

// `queries`: a sample of real ones, which may be empty. `like`: options.like as it is inside, or null. Both, and
// options.candidates, are of use to a graph alone, and checked. `session`: of a graph that is built within a given
// memory, or null.
IndexImage build_index(Metric metric, const Rows& rows, const opened::IdList& ids, const Rows& queries,
                       const Index::State* like, const BuildOptions& options,
                       const external::Session* session = nullptr);

}  // namespace nearfile::build
