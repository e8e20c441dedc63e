// Writes small files as Annoy does, for every layout, from the page of offsets alone: it shares no code with src/annoy.
// Values are small whole numbers, so that sums are exact in whatever order they are added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "nearfile/annoy.hpp"
#include "temporary_path.hpp"

namespace nearfile::annoy::sample {

inline constexpr AnnoyLayout every_layout[] = {
    AnnoyLayout::angular,  AnnoyLayout::euclidean, AnnoyLayout::manhattan,      AnnoyLayout::dot,
    AnnoyLayout::dot_main, AnnoyLayout::hamming,   AnnoyLayout::hamming_packed,
};

struct Offsets {
    std::size_t size, children, extra, vector;
};

inline Offsets offsets(AnnoyLayout layout, std::size_t f) {
    const std::size_t w = (f + 63) / 64;
    switch (layout) {
        case AnnoyLayout::angular:
            return {12 + 4 * f, 4, 0, 12};
        case AnnoyLayout::euclidean:
        case AnnoyLayout::manhattan:
            return {16 + 4 * f, 8, 4, 16};
        case AnnoyLayout::dot:
            return {16 + 4 * f, 4, 12, 16};
        case AnnoyLayout::dot_main:
            return {24 + 4 * f, 4, 12, 24};
        case AnnoyLayout::hamming:
            return {16 + 8 * w, 4, 0, 16};
        default:
            return {12 + 8 * w, 4, 0, 12};
    }
}

struct Recipe {
    AnnoyLayout layout = AnnoyLayout::angular;
    std::uint32_t dim = 5;
    std::int32_t n_items = 60;
    std::int32_t n_trees = 3;
    std::vector<std::int32_t> holes = {};
    bool pre_order = false;      // before 1.6: parents before their children
    bool stored_norms = true;    // angular, since 1.11.3
    std::int32_t originals = 0;  // so many roots, not the last one's, once more before the copies: a build on threads
};

class Image {
public:
    explicit Image(const Recipe& recipe)
        : recipe_(recipe), at_(offsets(recipe.layout, recipe.dim)), random_(recipe.dim) {
        for (std::int32_t id = 0; id < recipe.n_items; ++id) add_item(id);
        std::vector<std::int32_t> roots;
        for (std::int32_t tree = 0; tree < recipe.n_trees; ++tree) roots.push_back(add_tree(present(), true));
        for (std::int32_t i = 0; i < recipe.originals; ++i) copy_node(roots[static_cast<std::size_t>(i)]);
        for (const std::int32_t root : roots) copy_node(root);
    }

    const Recipe& recipe() const { return recipe_; }
    const Offsets& at() const { return at_; }
    std::vector<std::byte>& bytes() { return bytes_; }
    const std::vector<std::byte>& bytes() const { return bytes_; }
    std::int32_t n_nodes() const { return static_cast<std::int32_t>(bytes_.size() / at_.size); }
    std::int32_t last() const { return n_nodes() - 1; }
    std::int32_t capacity() const { return static_cast<std::int32_t>((at_.size - at_.children) / 4); }
    bool bits() const { return annoy_layout_metric(recipe_.layout) == Metric::hamming; }

    template <class T = std::int32_t>
    T get(std::int32_t node, std::size_t offset) const {
        T value;
        std::memcpy(&value, bytes_.data() + static_cast<std::size_t>(node) * at_.size + offset, sizeof value);
        return value;
    }
    template <class T>
    void put(std::int32_t node, std::size_t offset, T value) {
        std::memcpy(bytes_.data() + static_cast<std::size_t>(node) * at_.size + offset, &value, sizeof value);
    }
    std::int32_t child(std::int32_t node, int side) const {
        return get(node, at_.children + 4 * static_cast<std::size_t>(side));
    }
    void put_child(std::int32_t node, int side, std::int32_t value) {
        put(node, at_.children + 4 * static_cast<std::size_t>(side), value);
    }
    bool is_split(std::int32_t node) const { return node >= recipe_.n_items && get(node, 0) > capacity(); }
    bool is_leaf(std::int32_t node) const { return node >= recipe_.n_items && get(node, 0) <= capacity(); }

    // The first tree node that is so and no root.
    std::int32_t inner(bool split) const {
        for (std::int32_t node = recipe_.n_items; node < n_nodes(); ++node) {
            if (get(node, 0) != recipe_.n_items && is_split(node) == split) return node;
        }
        return -1;
    }

    std::vector<float> vector(std::int32_t node) const {
        std::vector<float> values(recipe_.dim);
        for (std::size_t d = 0; d < values.size(); ++d) {
            values[d] = bits() ? static_cast<float>(get<std::uint64_t>(node, at_.vector + d / 64 * 8) >> (d % 64) & 1)
                               : get<float>(node, at_.vector + 4 * d);
        }
        return values;
    }
    std::vector<float> random_vector() {
        std::vector<float> values(recipe_.dim);
        for (float& value : values) value = static_cast<float>(random_.below(bits() ? 2 : 9)) - (bits() ? 0.0f : 4.0f);
        return values;
    }

    std::int32_t add_node() {
        bytes_.resize(bytes_.size() + at_.size);
        return last();
    }
    std::int32_t copy_node(std::int32_t from) {
        const std::int32_t to = add_node();
        std::memcpy(bytes_.data() + static_cast<std::size_t>(to) * at_.size,
                    bytes_.data() + static_cast<std::size_t>(from) * at_.size, at_.size);
        return to;
    }

private:
    std::vector<std::int32_t> present() const {
        std::vector<std::int32_t> ids;
        for (std::int32_t id = 0; id < recipe_.n_items; ++id) {
            if (get(id, 0) == 1) ids.push_back(id);
        }
        return ids;
    }

    void put_vector(std::int32_t node, const std::vector<float>& values) {
        for (std::size_t d = 0; d < values.size(); ++d) {
            if (!bits()) {
                put(node, at_.vector + 4 * d, values[d]);
            } else if (values[d] != 0) {
                const auto word = get<std::uint64_t>(node, at_.vector + d / 64 * 8);
                put(node, at_.vector + d / 64 * 8, word | std::uint64_t{1} << (d % 64));
            }
        }
    }

    void add_item(std::int32_t id) {
        add_node();
        for (const std::int32_t hole : recipe_.holes) {
            if (hole == id) return;
        }
        put(id, 0, 1);
        const auto values = random_vector();
        put_vector(id, values);
        float norm = 0;
        for (const float value : values) norm += value * value;
        if (recipe_.layout == AnnoyLayout::angular && recipe_.stored_norms) put(id, 4, norm);
        if (recipe_.layout == AnnoyLayout::dot || recipe_.layout == AnnoyLayout::dot_main) put(id, at_.extra, 3.5f);
        if (recipe_.layout == AnnoyLayout::dot_main) put(id, 20, std::uint8_t{1});
    }

    void fill_split(std::int32_t node) {
        if (bits()) {
            put(node, at_.vector,
                std::uint64_t{random_.below(static_cast<std::uint32_t>((recipe_.dim + 63) / 64 * 64))});
        } else {
            put_vector(node, random_vector());
            if (at_.extra != 0) put(node, at_.extra, static_cast<float>(random_.below(5)) - 2.0f);
        }
    }

    std::int32_t add_tree(std::vector<std::int32_t> ids, bool is_root) {
        if (ids.size() == 1 && !is_root) return ids.front();
        const auto count = static_cast<std::int32_t>(ids.size());
        const std::int32_t descendants = is_root ? recipe_.n_items : count;
        if (count <= capacity() && (!is_root || recipe_.n_items <= capacity() || count == 1)) {
            const std::int32_t leaf = add_node();
            put(leaf, 0, descendants);
            for (std::size_t i = 0; i < ids.size(); ++i) put(leaf, at_.children + 4 * i, ids[i]);
            return leaf;
        }
        std::vector<std::int32_t> sides[2];
        const std::uint32_t first = 1 + random_.below(static_cast<std::uint32_t>(count) - 1);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const std::size_t swapped = i + random_.below(static_cast<std::uint32_t>(ids.size() - i));
            std::swap(ids[i], ids[swapped]);
            sides[i < first ? 0 : 1].push_back(ids[i]);
        }
        const std::int32_t before = recipe_.pre_order ? add_node() : -1;
        const std::int32_t children[] = {add_tree(sides[0], false), add_tree(sides[1], false)};
        const std::int32_t split = recipe_.pre_order ? before : add_node();
        fill_split(split);
        put(split, 0, descendants);
        put_child(split, 0, children[0]);
        put_child(split, 1, children[1]);
        return split;
    }

    Recipe recipe_;
    Offsets at_;
    base::Random random_;
    std::vector<std::byte> bytes_;
};

// A file that goes at the end of the scope.
class File {
public:
    explicit File(const std::vector<std::byte>& bytes) : path_(test::temporary_path("nearfile-annoy-")) {
        write(bytes);
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    const std::string& path() const { return path_; }
    void write(const std::vector<std::byte>& bytes) const {
        std::ofstream out(path_, std::ios::binary | std::ios::trunc);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }

private:
    std::string path_;
};

inline AnnoyFile open(const Image& image) {
    const File file(image.bytes());
    return AnnoyFile::open(file.path(), image.recipe().dim, annoy_layout_metric(image.recipe().layout));
}

}  // namespace nearfile::annoy::sample
