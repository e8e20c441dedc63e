#include "annoy/open.hpp"

#include <utility>

#include "file/advice.hpp"

namespace nearfile::annoy {
namespace {

using base::Error;
using base::Failure;
using base::Result;

Result<Checked> try_layout(std::span<const std::byte> bytes, const Layout& layout) {
    if (auto sized = validate_size(bytes.size(), layout); !sized.ok()) return sized.error();
    return validate(Nodes(bytes, layout));
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
    std::string all;
    for (const std::string& part : parts) all += (all.empty() ? "" : between) + part;
    return all;
}

Result<void> check_dim(std::uint32_t dim) {
    if (dim >= 1 && dim <= max_file_dim) return {};
    return Error{Failure::invalid_argument, "dim must be 1 to " + std::to_string(max_file_dim) + ", got " +
                                                std::to_string(dim) + "; give the f that the index was made with"};
}

Result<std::shared_ptr<const file::Mapping>> map_file(const std::string& path) {
    auto mapping = file::Mapping::open(path);
    if (mapping.ok() && mapping.value()->bytes().empty()) {
        return Error{Failure::bad_file, "'" + path + "' is empty; save the Annoy index again"};
    }
    return mapping;
}

std::vector<AnnoyLayout> fitting(std::span<const std::byte> bytes, std::uint32_t dim) {
    std::vector<AnnoyLayout> found;
    for (const AnnoyLayout name : all_layouts()) {
        if (try_layout(bytes, layout_of(name, dim)).ok()) found.push_back(name);
    }
    return found;
}

Error nothing_fits(const std::string& path, std::span<const std::byte> bytes, std::uint32_t dim, Metric metric,
                   const std::vector<std::string>& reasons, bool any_size_fits) {
    std::vector<std::string> others;
    for (const AnnoyLayout name : fitting(bytes, dim)) others.emplace_back(metric_name(annoy_layout_metric(name)));
    std::string advice;
    if (!others.empty()) {
        advice = "with dim " + std::to_string(dim) + " it does fit " + joined(others, ", ") + ": open it as that";
    } else if (!any_size_fits) {
        advice = "this is another dim or metric than the index was made with, or a file cut short";
    } else {
        advice =
            "check dim and metric; if both are those that the index was made with, the file is damaged or cut short";
    }
    return {Failure::bad_file, "'" + path + "' of " + std::to_string(bytes.size()) +
                                   " bytes is no Annoy index of metric " + std::string(metric_name(metric)) +
                                   " and dim " + std::to_string(dim) + ". Tried " + joined(reasons, "; ") +
                                   ". What to do: " + advice};
}

}  // namespace

Result<Opened> open_file(const std::string& path, std::uint32_t dim, Metric metric, bool prefault) {
    const auto layouts = layouts_of(metric);
    if (layouts.empty()) {
        return Error{Failure::invalid_argument,
                     "metric must be one that Annoy has (angular, euclidean, manhattan, dot, hamming), got " +
                         std::string(metric_name(metric)) + "; Annoy's nearest to cosine is angular"};
    }
    if (auto checked = check_dim(dim); !checked.ok()) return checked.error();
    auto mapping = map_file(path);
    if (!mapping.ok()) return mapping.error();
    if (prefault) {
        if (auto populated = file::populate(mapping.value()->bytes(), path); !populated.ok()) return populated.error();
    }
    const auto bytes = mapping.value()->bytes();
    std::vector<std::string> reasons;
    bool any_size_fits = false;
    for (const AnnoyLayout name : layouts) {
        const Layout layout = layout_of(name, dim);
        auto checked = try_layout(bytes, layout);
        if (checked.ok()) return Opened{mapping.value(), Nodes(bytes, layout), std::move(checked.value())};
        any_size_fits = any_size_fits || validate_size(bytes.size(), layout).ok();
        reasons.push_back(std::string(annoy_layout_name(name)) + ": " + checked.error().message);
    }
    return nothing_fits(path, bytes, dim, metric, reasons, any_size_fits);
}

Result<std::vector<AnnoyLayout>> find_layouts(const std::string& path, std::uint32_t dim) {
    if (auto checked = check_dim(dim); !checked.ok()) return checked.error();
    const auto mapping = map_file(path);
    if (!mapping.ok()) return mapping.error();
    return fitting(mapping.value()->bytes(), dim);
}

}  // namespace nearfile::annoy
