// The public AnnoyFile: checks what the caller passed, then hands over.
#include <limits>
#include <memory>
#include <utility>

#include "annoy/distance.hpp"
#include "annoy/open.hpp"
#include "annoy/search.hpp"
#include "nearfile/annoy.hpp"
#include "opened/errors.hpp"
#include "opened/kernel_choice.hpp"
#include "opened/scratch_pool.hpp"

namespace nearfile {

namespace {

struct LentScratch final : opened::LentMemory, annoy::Scratch {
    using Scratch::Scratch;
};

}  // namespace

struct AnnoyFile::State {
    explicit State(annoy::Opened file) : opened(std::move(file)), kernels(nearfile::opened::chosen_kernels()) {}

    const annoy::Opened opened;
    const kernels::Kernels& kernels;
    mutable opened::ScratchPool scratch;
};

namespace {

using annoy::NodeId;
using opened::raise;

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

NodeId checked_id(const AnnoyFile& file, std::int64_t id) {
    if (id >= 0 && id < file.n_items()) return static_cast<NodeId>(id);
    const std::string expected =
        file.n_items() == 0 ? "the index has no items" : "ids are 0 to " + std::to_string(file.n_items() - 1);
    raise(ErrorCode::not_found, "item " + std::to_string(id) + " is not in the index: " + expected);
}

void check_length(std::size_t length, std::uint32_t dim, const char* what) {
    if (length == dim) return;
    raise(ErrorCode::invalid_argument,
          std::string(what) + " must have " + std::to_string(dim) + " values, got " + std::to_string(length));
}

// Annoy computes n * trees in 32 bits, and with an n of 2^30 may find nothing; a product that large is no limit here.
std::uint64_t wanted_candidates(std::int64_t n, std::int64_t search_k, std::uint32_t n_trees) noexcept {
    if (search_k != -1) return search_k < 0 ? unlimited : static_cast<std::uint64_t>(search_k);
    if (n < 0) return unlimited;
    const auto each = static_cast<std::uint64_t>(n);
    return each > unlimited / n_trees ? unlimited : each * n_trees;
}

}  // namespace

AnnoyFile AnnoyFile::open(const std::string& path, std::uint32_t dim, Metric metric, bool prefault) {
    return AnnoyFile(std::make_shared<const State>(opened::unwrap(annoy::open_file(path, dim, metric, prefault))));
}

std::vector<AnnoyLayout> AnnoyFile::fitting_layouts(const std::string& path, std::uint32_t dim) {
    return opened::unwrap(annoy::find_layouts(path, dim));
}

std::uint32_t AnnoyFile::dim() const noexcept {
    return state_->opened.nodes.layout().dim;
}
Metric AnnoyFile::metric() const noexcept {
    return annoy_layout_metric(layout());
}
AnnoyLayout AnnoyFile::layout() const noexcept {
    return state_->opened.nodes.layout().name;
}
std::span<const std::byte> AnnoyFile::bytes() const noexcept {
    return state_->opened.mapping->bytes();
}
std::int32_t AnnoyFile::n_items() const noexcept {
    return state_->opened.checked.n_items;
}
std::uint32_t AnnoyFile::n_trees() const noexcept {
    return state_->opened.checked.n_trees;
}

std::uint32_t AnnoyFile::annoy_n_trees() const noexcept {
    return static_cast<std::uint32_t>(state_->opened.checked.roots.size());
}

bool AnnoyFile::has_item(std::int64_t id) const noexcept {
    return id >= 0 && id < n_items() && state_->opened.nodes.descendants(static_cast<NodeId>(id)) == 1;
}

void AnnoyFile::vector(std::int64_t id, std::span<float> out) const {
    check_length(out.size(), dim(), "the place for a vector");
    annoy::read_vector(state_->opened.nodes, checked_id(*this, id), out);
}

float AnnoyFile::distance(std::int64_t a, std::int64_t b) const {
    const kernels::ItemId other = static_cast<kernels::ItemId>(checked_id(*this, b));
    std::vector<float> values(dim());
    vector(a, values);
    const annoy::Query query(state_->kernels, state_->opened.nodes, values);
    float order;
    query.order_by({&other, 1}, {&order, 1});
    return query.returned(order);
}

std::vector<AnnoyNeighbor> AnnoyFile::search(std::span<const float> query, std::int64_t n,
                                             std::int64_t search_k) const {
    check_length(query.size(), dim(), "a query");
    const annoy::Query prepared(state_->kernels, state_->opened.nodes, query);
    const std::uint64_t n_returned = n < 0 ? unlimited : static_cast<std::uint64_t>(n);
    std::unique_ptr<opened::LentMemory> scratch = state_->scratch.take();
    if (!scratch) scratch = std::make_unique<LentScratch>(static_cast<std::size_t>(n_items()));
    // What a search that fails has left of it is not given back.
    auto found = annoy::search(state_->opened.nodes, state_->opened.checked, prepared, n_returned,
                               wanted_candidates(n, search_k, annoy_n_trees()), static_cast<LentScratch&>(*scratch));
    state_->scratch.give(std::move(scratch));
    return found;
}

}  // namespace nearfile
