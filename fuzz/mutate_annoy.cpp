// Damaged files of Annoy must be refused or answer, whatever is in them: README.md says how to run this.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "annoy/sample.hpp"
#include "annoy/search.hpp"
#include "bytes.hpp"
#include "memory.hpp"
#include "nearfile/error.hpp"
#include "opened/kernel_choice.hpp"
#include "supervisor.hpp"

namespace {

using namespace nearfile;
using namespace nearfile::annoy;
using namespace nearfile::fuzz;

struct Whole {
    sample::Recipe recipe;
    Bytes bytes;
};

std::vector<Whole> corpus() {
    std::vector<Whole> files;
    for (const AnnoyLayout layout : sample::every_layout) {
        for (const std::uint32_t dim : {1u, 6u, 131u}) {
            for (const std::int32_t n_items : {1, 5, 70, 200}) {
                for (const bool pre_order : {false, true}) {
                    sample::Recipe recipe{.layout = layout, .dim = dim, .n_items = n_items, .pre_order = pre_order};
                    if (n_items > 5) recipe.holes = {3, 4, n_items - 2};
                    recipe.stored_norms = !pre_order;
                    recipe.originals = pre_order || n_items < 70 ? 0 : 2;
                    files.push_back({recipe, sample::Image(recipe).bytes()});
                }
            }
        }
    }
    return files;
}

void damage_at(std::span<std::byte> bytes, std::size_t at, std::size_t n_nodes, Random& random) {
    if (below(random, 2) == 0) {
        scratch(bytes, at, random);
    } else {
        put_number(bytes, at, n_nodes, random);
    }
}

// Asks for what a search can do. With `whole` the answers must be possible too.
void ask(const Nodes& nodes, const Checked& checked, bool whole) {
    std::vector<float> values(nodes.layout().dim);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 3 == 0 ? 1.0f : 0.0f;
    const Query query(opened::chosen_kernels(), nodes, values);
    Scratch scratch(static_cast<std::size_t>(checked.n_items));
    for (const std::uint64_t wanted : {std::uint64_t{1}, std::uint64_t{60}, ~std::uint64_t{0}}) {
        std::set<std::int32_t> ids;
        const auto found = search(nodes, checked, query, 10, wanted, scratch);
        for (const AnnoyNeighbor& each : found) ids.insert(each.id);
        if (whole && ids.size() != found.size()) throw std::logic_error("a neighbour is there twice");
        if (!ids.empty() && (*ids.begin() < 0 || *ids.rbegin() >= checked.n_items))
            throw std::logic_error("no such neighbour");
    }
    for (NodeId item = 0; item < checked.n_items; item += 7) read_vector(nodes, item, values);
}

// As AnnoyFile does it, but in memory that ends at a page which must not be touched. What passes is damaged once more
// behind the back of the checks, as by somebody who writes into a mapped file.
bool use(const Bytes& bytes, const Layout& layout, Random& random) {
    if (!validate_size(bytes.size(), layout).ok()) return false;
    Guarded memory(bytes);
    const Nodes nodes(memory.bytes(), layout);
    const auto checked = validate(nodes);
    if (!checked.ok()) return false;
    ask(nodes, checked.value(), true);
    const auto writable = memory.writable();
    for (int turn = 0; turn < 4; ++turn) {
        damage_at(writable, below(random, writable.size()), bytes.size() / layout.node_bytes, random);
        ask(nodes, checked.value(), false);
    }
    return true;
}

// The same through a real file. Error(bad_file) is a good answer of open alone.
void use_file(const Bytes& bytes, const sample::Recipe& recipe) {
    const sample::File file(bytes);
    std::optional<AnnoyFile> opened;
    try {
        opened.emplace(AnnoyFile::open(file.path(), recipe.dim, annoy_layout_metric(recipe.layout)));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_file) throw std::logic_error(std::string("open says ") + error.what());
        return;
    }
    std::vector<float> values(recipe.dim, 1.0f);
    for (const std::int64_t search_k : {-1, 50, -2}) (void)opened->search(values, 5, search_k);
    for (std::int64_t id = 0; id < std::min(opened->n_items(), 20); ++id) {
        opened->vector(id, values);
        (void)opened->distance(id, 0);
        (void)opened->has_item(id);
    }
}

// One damage to `bytes`: mostly to the first fields of a node, since most others are vectors and cannot be wrong.
void damage(Bytes& bytes, const Layout& layout, Random& random) {
    if (bytes.empty()) return;
    const std::size_t n_nodes = bytes.size() / layout.node_bytes;
    const std::size_t node = std::min(below(random, n_nodes + 1), n_nodes == 0 ? 0 : n_nodes - 1);
    const std::size_t fields = node * layout.node_bytes + 4 * below(random, 6);
    const std::size_t at = below(random, 3) == 0 ? below(random, bytes.size()) : std::min(fields, bytes.size() - 1);
    // By whole nodes half of the time, or hardly any would get past the check of the size.
    const std::size_t unit = below(random, 2) == 0 ? layout.node_bytes : 1;
    switch (below(random, 12)) {
        case 0:
            bytes.resize(at / unit * unit);
            break;
        case 1:
            bytes.resize(bytes.size() + (1 + below(random, 5)) * unit, static_cast<std::byte>(random.next()));
            break;
        case 2: {
            const Bytes again(bytes.end() - static_cast<std::ptrdiff_t>(std::min(bytes.size(), unit)), bytes.end());
            bytes.insert(bytes.end(), again.begin(), again.end());
            break;
        }
        default:
            damage_at(bytes, at, n_nodes, random);
    }
}

Damaged damaged(const std::vector<Whole>& files, std::uint64_t seed) {
    Random random(base::derive_seed(seed, 1));
    const std::size_t file = below(random, files.size());
    const sample::Recipe& recipe = files[file].recipe;
    const Layout layout = layout_of(recipe.layout, recipe.dim);
    Bytes bytes = files[file].bytes;
    for (std::size_t left = 1 + below(random, 3); left > 0; --left) damage(bytes, layout, random);
    return {std::move(bytes), file,
            std::string(annoy_layout_name(recipe.layout)) + ", dim " + std::to_string(recipe.dim)};
}

Outcome mutate_and_use(const std::vector<Whole>& files, const Damaged& damaged, std::uint64_t seed) {
    Random random(base::derive_seed(seed, 2));
    const sample::Recipe& recipe = files[damaged.file].recipe;
    if (below(random, 4) == 0) use_file(damaged.bytes, recipe);
    return {.opened = use(damaged.bytes, layout_of(recipe.layout, recipe.dim), random)};
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = options_of(argc, argv);
    const std::vector<Whole> files = corpus();
    for (const Whole& file : files) {
        const Nodes nodes(file.bytes, layout_of(file.recipe.layout, file.recipe.dim));
        const auto checked = validate(nodes);
        if (!checked.ok()) throw std::logic_error("a whole file does not open: " + checked.error().message);
        ask(nodes, checked.value(), true);
    }
    return run({"annoy", [&](std::uint64_t seed) { return damaged(files, seed); },
                [&](const Damaged& damaged, std::uint64_t seed) { return mutate_and_use(files, damaged, seed); }},
               options);
}
