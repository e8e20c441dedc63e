// The whole build, stage by stage, up to a file that only has to be written.
#pragma once

#include <vector>

#include "file/writer.hpp"
#include "index/coding.hpp"
#include "index/ids.hpp"
#include "index/planting.hpp"
#include "index/weaving.hpp"
#include "nearfile/index.hpp"

namespace nearfile::index {

// Owns the sections that writer() refers to; the rows and ids it was made from must outlive it.
class Assembled {
public:
    file::Writer writer() const;

private:
    friend Assembled assemble(Metric, const Rows&, const IdList&, const Rows&, const BuildOptions&);

    void weave(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const IdList& ids, const Rows& queries,
               const BuildOptions& options, const StageWatch& watch);

    Description description_{};
    Coded coded_;
    Planted planted_;  // one of the two, by structure
    Woven woven_;
    std::vector<CalibrationPoint> calibration_;
    base::AlignedBuffer vectors_;
    std::vector<std::uint32_t> id_order_;
    IdTable ids_;
};

// `queries`: a sample of real ones, which may be empty; of use to a graph alone.
Assembled assemble(Metric metric, const Rows& rows, const IdList& ids, const Rows& queries,
                   const BuildOptions& options);

}  // namespace nearfile::index
