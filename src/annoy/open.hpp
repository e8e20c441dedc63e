// Finding out which layout a mapped file has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "annoy/validate.hpp"
#include "base/result.hpp"
#include "file/mapping.hpp"

namespace nearfile::annoy {

struct Opened {
    std::shared_ptr<const file::Mapping> mapping;
    Nodes nodes;
    Checked checked;
};

// The first layout of the metric that the file passes all checks under. When none does, the error lists what was tried,
// and which other metrics would fit.
base::Result<Opened> open_file(const std::string& path, std::uint32_t dim, Metric metric, bool prefault);

base::Result<std::vector<AnnoyLayout>> find_layouts(const std::string& path, std::uint32_t dim);

}  // namespace nearfile::annoy
