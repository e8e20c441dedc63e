// What inspect() says of the items of an index, held against the bytes of its file, which are read here as
// docs/format.md describes them.
#pragma once

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "api/sample.hpp"
#include "check.hpp"
#include "file/format.hpp"
#include "opened/description.hpp"

namespace nearfile::sample {

// Ids of rows: they do not ascend, and of text one is empty and some are long.
inline std::int64_t number_of(std::uint32_t row) {
    return std::int64_t{row * 7919u % 10007u} - 5000;
}

inline std::string text_of(std::uint32_t row) {
    return row == 3 ? "" : std::string(row % 5 * row, 'x') + std::to_string(number_of(row));
}

class InspectionChecker {
public:
    // `name` says in what fails which index it was. Its ids are those above.
    InspectionChecker(std::string name, const Index& index)
        : name_(std::move(name)), index_(index), info_(index.info()) {
        for (const Section& section : info_.sections) sections_[section.name] = section;
        graph_ = info_.structure == Structure::graph;
    }

    void every_item() {
        for (std::uint32_t row = 0; row < index_.size(); ++row) {
            found_ = index_.inspect(row);
            item_of(row);
            extents();
            vector();
            code();
            nibbles();
            vertex();
            leaves();
            ids();
        }
        // Together they are all that the sections of items have, and no byte is there twice.
        for (const auto& [section, bytes] : told_) {
            // A start more than there are items.
            const std::uint64_t shared = section == "id_text_starts" ? 8 : 0;
            hold(bytes + shared == sections_.at(section).bytes, "all of section " + section + " is somebody's");
        }
        for (const char* section : {"vertices", "sorted_vertices", "nibbles", "nibble_tails", "lower_nibbles", "codes",
                                    "vectors", "inverse_lengths", "row_of_item", "item_of_row", "int64_ids",
                                    "id_text_starts", "id_text", "id_order", "leaf_items"}) {
            hold(sections_.contains(section) == told_.contains(section), std::string("it tells of ") + section);
        }
    }

private:
    static constexpr std::uint32_t leaf_bit = 0x80000000u;

    void hold(bool condition, const std::string& rule) const {
        if (!condition) test::fail(__FILE__, __LINE__, name_ + ", row " + std::to_string(found_.row) + ": " + rule);
    }

    template <class T>
    T read(std::uint64_t at) const {
        T value;
        std::memcpy(&value, index_.bytes().subspan(at, sizeof value).data(), sizeof value);
        return value;
    }

    // Entry i of a section of entries of a size.
    std::uint64_t at(const std::string& section, std::uint64_t i, std::uint64_t bytes) const {
        return sections_.at(section).offset + i * bytes;
    }

    bool is(const Extent& extent, const std::string& section, std::uint64_t offset, std::uint64_t bytes) const {
        const Section& whole = sections_.at(section);
        return extent.section == section && extent.offset == offset && extent.bytes == bytes &&
               offset >= whole.offset && offset + bytes <= whole.offset + whole.bytes;
    }

    bool is_row(const Extent& extent, const std::string& section) const {
        const std::uint64_t stride = sections_.at(section).bytes / index_.size();
        return is(extent, section, at(section, found_.item, stride), stride);
    }

    void item_of(std::uint32_t row) const {
        hold(found_.row == row, "the row is the one that was asked for");
        if (!graph_) return hold(found_.item == row, "items of a forest are rows");
        hold(read<std::uint32_t>(at("item_of_row", row, 4)) == found_.item, "the item is that of the row");
        hold(read<std::uint32_t>(at("row_of_item", found_.item, 4)) == row, "and the row that of the item");
    }

    void extents() {
        std::uint64_t end = 0;
        for (const Extent& each : found_.extents) {
            const Section& section = sections_.at(std::string(each.section));
            hold(each.offset >= end && each.bytes > 0, "extents ascend and do not overlap");
            hold(each.offset >= section.offset && each.offset + each.bytes <= section.offset + section.bytes,
                 "extents are in their sections");
            hold(taken_.insert(each.offset).second, "nothing belongs to two items");
            end = each.offset + each.bytes;
            told_[section.name] += each.bytes;
        }
    }

    const Extent& extent_in(const std::string& section) const {
        static const Extent missing{};
        const auto found = std::ranges::find(found_.extents, section, &Extent::section);
        hold(found != found_.extents.end(), "it has an extent in " + section);
        return found == found_.extents.end() ? missing : *found;
    }

    void vector() const {
        std::vector<float> expected(index_.dim());
        index_.vector(found_.row, expected);
        hold(found_.values == expected, "values are those of the vector");
        const bool in_codes = info_.metric == Metric::hamming || !sections_.contains("vectors");
        if (in_codes && !found_.vector)
            return hold(info_.keep == Keep::none, "vectors are missing where none are kept");
        if (found_.vector_lower) return vector_in_parts(expected);
        hold(found_.vector && is_row(*found_.vector, in_codes ? "codes" : "vectors"), "the vector is where it is");
        const std::uint64_t from = found_.vector->offset;
        for (std::uint32_t i = 0; i < index_.dim(); ++i) {
            float value = 0;
            if (info_.value_type == ValueType::float32) value = read<float>(from + 4 * i);
            if (info_.value_type == ValueType::float16) value = half(read<std::uint16_t>(from + 2 * i));
            if (info_.value_type == ValueType::uint8) value = read<std::uint8_t>(from + i);
            if (info_.value_type == ValueType::bit) value = read<std::uint8_t>(from + i / 8) >> i % 8 & 1;
            hold(value == expected[i], "the bytes are the values");
        }
    }

    void vector_in_parts(const std::vector<float>& expected) const {
        const std::uint64_t bytes = std::uint64_t{2} * index_.dim();
        const std::uint64_t upper = at("vectors", found_.item, bytes);
        const std::uint64_t lower = upper + index_.size() * bytes;
        hold(found_.vector && is(*found_.vector, "vectors", upper, bytes), "the upper halves are where they are");
        hold(is(*found_.vector_lower, "vectors", lower, bytes), "the lower halves are where they are");
        for (std::uint32_t i = 0; i < index_.dim(); ++i) {
            const std::uint32_t bits =
                std::uint32_t{read<std::uint16_t>(upper + 2 * i)} << 16 | read<std::uint16_t>(lower + 2 * i);
            hold(bits == std::bit_cast<std::uint32_t>(expected[i]), "the halves are the values");
        }
    }

    static float half(std::uint16_t bits) {
        const int exponent = bits >> 10 & 31;
        const auto mantissa = static_cast<float>(bits & 1023);
        const float magnitude =
            exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024.0f + mantissa, exponent - 25);
        return (bits & 0x8000) != 0 ? -magnitude : magnitude;
    }

    void code() const {
        const bool split = sections_.contains("lower_nibbles");
        hold(found_.code.has_value() == (split || sections_.contains("codes")),
             "there is a code where there are codes");
        if (!found_.code) return;
        if (split) return split_code();
        const Inspection::Code& code = *found_.code;
        const std::uint32_t dim = index_.dim();
        hold(is_row(code.extent, "codes"), "the code is where it is");
        hold(code.code.size() == dim && code.decoded.size() == dim, "it has a number a dimension");
        const bool bits = info_.metric == Metric::hamming;
        const bool scaled = code.squared_norm.has_value();
        double squares = 0;
        double absolute = 0;
        const std::uint64_t from = code.extent.offset;
        for (std::uint32_t i = 0; i < dim; ++i) {
            const auto byte = read<std::uint8_t>(from + (bits ? i / 8 : i));
            const int expected = bits ? byte >> i % 8 & 1 : scaled ? static_cast<std::int8_t>(byte) : byte;
            hold(code.code[i] == expected, "codes are the bytes");
            if (code.exact.empty()) continue;
            const double off = double{code.decoded[i]} - code.exact[i];
            squares += off * off;
            absolute += std::fabs(off);
        }
        const std::uint64_t tail = from + (dim + 3) / 4 * 4;
        if (scaled) {
            hold(read<float>(tail) == code.scale && read<float>(tail + 4) == code.squared_norm &&
                     read<float>(tail + 8) == code.error,
                 "scale, norm and error are those of the row");
            hold(std::sqrt(squares) <= *code.error * 1.0001 + 1e-6, "the code is as near as it says");
            hold(std::fabs(code.decoded[0] - *code.scale * static_cast<float>(code.code[0])) < 1e-6, "it is decoded");
        } else if (code.error) {
            hold(read<float>(tail) == code.error, "the error is that of the row");
            hold(absolute <= *code.error * 1.0001 + 1e-4, "the code is as near as it says");
        } else {
            hold(absolute == 0, "codes that are vectors are exact");
        }
    }

    void split_code() const {
        const Inspection::Code& code = *found_.code;
        hold(is_row(code.extent, "lower_nibbles"), "the lower halves are where they are");
        hold(code.code.size() == index_.dim() && code.decoded.size() == index_.dim(), "it has a number a dimension");
        const std::uint64_t upper = found_.nibbles->extent.offset;
        for (std::size_t i = 0; i < code.code.size(); ++i) {
            const std::uint64_t at = i / 64 * 32 + i % 32;
            const int shift = i % 64 < 32 ? 0 : 4;
            const int above = read<std::uint8_t>(upper + at) >> shift & 15;
            const int below = read<std::uint8_t>(code.extent.offset + at) >> shift & 15;
            hold(code.code[i] == 16 * above + below - 128, "codes are both halves");
            hold(code.decoded[i] == *code.scale * static_cast<float>(code.code[i]), "it is decoded");
        }
        hold(*code.scale * 16 == *found_.nibbles->factor, "and has the scale of the upper half");
    }

    void nibbles() const {
        hold(found_.nibbles.has_value() == sections_.contains("nibbles"), "there are nibbles where there are any");
        if (!found_.nibbles) return;
        const Inspection::Code& code = *found_.nibbles;
        hold(is_row(code.extent, "nibbles"), "the nibbles are where they are");
        const std::size_t dim = code.code.size();
        hold(code.extent.bytes == (dim + 63) / 64 * 32, "they are blocks of 64");
        const std::uint64_t tail = at("nibble_tails", found_.item, 8);
        hold(read<float>(tail) == code.factor && read<float>(tail + 4) == code.squared_norm, "these are the row's");
        double product = 0;
        double squares = 0;
        double exact_squares = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            const auto pair = read<std::uint8_t>(code.extent.offset + i / 64 * 32 + i % 32);
            hold(code.code[i] == (i % 64 < 32 ? pair & 15 : pair >> 4), "codes are the nibbles");
            if (code.exact.empty()) continue;
            product += double{code.decoded[i]} * code.exact[i];
            squares += double{code.decoded[i]} * code.decoded[i];
            exact_squares += double{code.exact[i]} * code.exact[i];
        }
        if (code.exact.empty() || exact_squares == 0) return;
        hold(product / std::sqrt(squares * exact_squares) > 0.97, "what is decoded is near to what was coded");
        // Squares of 8-bit codes, and of all dimensions where they see a projection.
        hold(exact_squares < *code.squared_norm * 1.02, "the norm is that of what was coded");
        if (dim == index_.dim()) hold(exact_squares > *code.squared_norm * 0.98, "and not longer");
    }

    void vertex() const {
        hold(found_.vertex.has_value() == graph_, "graphs have vertices");
        if (!found_.vertex) return;
        const Inspection::Vertex& vertex = *found_.vertex;
        const bool sorted = sections_.contains("sorted_vertices");
        hold(is_row(vertex.extent, sorted ? "sorted_vertices" : "vertices"), "the vertex is where it is");
        hold(vertex.places == info_.degree, "it has a place for each neighbour");
        if (sorted) return sorted_vertex(vertex);
        const bool sketched = sections_.contains("nibbles");
        const bool squared = sketched && info_.metric != Metric::dot;
        hold(vertex.id_bytes == 2, "small graphs have short numbers");
        const std::uint64_t from = vertex.numbers.offset;
        hold(vertex.numbers.bytes == 2 * vertex.places, "a number has a place");
        std::size_t taken = 0;
        for (std::uint32_t place = 0; place < vertex.places; ++place) {
            std::uint32_t item = 0;
            std::memcpy(&item, index_.bytes().data() + from + place * vertex.id_bytes, vertex.id_bytes);
            if (item == 0xffffu) continue;
            if (taken == vertex.edges.size()) return hold(false, "every place that is taken is told");
            const Inspection::Edge& edge = vertex.edges[taken++];
            hold(edge.place == place && edge.row == read<std::uint32_t>(at("row_of_item", item, 4)),
                 "it tells which neighbour is in a place");
            hold(edge.distance == index_.distance(found_.row, edge.row), "and how far it is");
            hold(edge.additive.has_value() == squared && edge.factor.has_value() == sketched, "and its sketch");
            if (!sketched) continue;
            const std::uint64_t scales = from + 2 * vertex.places;
            hold(read<float>(scales) * byte(vertex.factors->offset + place) == edge.factor, "which has a factor");
            if (!squared) continue;
            const float root = byte(vertex.additives->offset + place);
            hold(read<float>(scales + 8) + read<float>(scales + 4) * (root * root) == edge.additive, "what to add");
        }
        hold(taken == vertex.edges.size() && taken > 0, "no place that is not taken is told");
        hold(vertex.additives.has_value() == squared, "it says where the numbers of sketches are");
        if (!sketched) return;
        const auto fewer =
            read<std::uint32_t>(offsetof(file::Header, description) + offsetof(opened::Description, sketch_dim));
        const std::uint64_t seen = fewer != 0 ? fewer : found_.nibbles->code.size();
        const std::uint64_t pairs = (seen + 31) / 32 * 4;
        const std::uint64_t row = vertex.extent.offset;
        hold(is(*vertex.signs, "vertices", row, vertex.places * pairs), "signs");
        if (squared) {
            hold(is(*vertex.additives, "vertices", row + vertex.places * pairs, vertex.places), "what to add");
        }
        hold(is(*vertex.factors, "vertices", from - vertex.places, vertex.places), "factors");
    }

    // Bit by bit, as docs/format.md has it.
    void sorted_vertex(const Inspection::Vertex& vertex) const {
        const auto bit = [&](std::uint64_t i) {
            return std::uint32_t{read<std::uint8_t>(vertex.extent.offset + i / 8)} >> i % 8 & 1;
        };
        std::uint32_t lower_bits = 0;
        while (index_.size() / vertex.places >> (lower_bits + 1) != 0) ++lower_bits;
        const std::uint64_t upper = (std::uint64_t{vertex.places} * lower_bits + 7) / 8 * 8;
        std::uint32_t taken = 0;
        for (std::uint64_t i = 0; i < vertex.places + ((index_.size() - 1) >> lower_bits); ++i) {
            if (bit(upper + i) == 0) continue;
            if (taken == vertex.edges.size()) return hold(false, "every neighbour is told");
            std::uint32_t item = static_cast<std::uint32_t>(i - taken) << lower_bits;
            for (std::uint32_t b = 0; b < lower_bits; ++b) item |= bit(std::uint64_t{taken} * lower_bits + b) << b;
            const Inspection::Edge& edge = vertex.edges[taken];
            hold(edge.place == taken && edge.row == read<std::uint32_t>(at("row_of_item", item, 4)),
                 "it tells which neighbour is in a place");
            hold(edge.distance == index_.distance(found_.row, edge.row), "and how far it is");
            hold(!edge.additive && !edge.factor, "without a sketch");
            ++taken;
        }
        hold(taken == vertex.edges.size() && taken > 0, "no neighbour is told that is not there");
        hold(vertex.id_bytes == 0 && vertex.numbers.bytes == vertex.extent.bytes, "numbers have no bytes of their own");
    }

    float byte(std::uint64_t offset) const { return read<std::uint8_t>(offset); }

    void leaves() const {
        hold(found_.leaves.size() == (graph_ ? 1 : info_.n_trees), "it is in a leaf of every tree");
        for (std::uint32_t tree = 0; tree < found_.leaves.size(); ++tree) leaf(found_.leaves[tree], tree);
    }

    void leaf(const Inspection::Leaf& leaf, std::uint32_t tree) const {
        hold(leaf.tree == tree && is(leaf.root, "roots", at("roots", tree, 4), 4), "a tree has a root");
        auto ref = read<std::uint32_t>(leaf.root.offset);
        for (const Inspection::Split& split : leaf.path) {
            hold(ref == split.number && is(split.extent, "splits", at("splits", ref, 16), 16), "splits lead to it");
            side(split);
            ref = read<std::uint32_t>(split.extent.offset + (split.above ? 4 : 0));
        }
        hold(ref == (leaf_bit | leaf.number), "the path ends at the leaf");
        hold(is(leaf.bounds, "leaf_starts", at("leaf_starts", leaf.number, 8), 16), "the leaf has bounds");
        const auto start = read<std::uint64_t>(leaf.bounds.offset);
        const auto end = read<std::uint64_t>(leaf.bounds.offset + 8);
        hold(leaf.rows.size() == end - start && leaf.rows.size() <= info_.leaf_size, "and so many items");
        hold(std::ranges::count(leaf.rows, found_.row) == 1, "the item is in it");
        for (std::uint64_t i = start; i < end; ++i) {
            const std::uint64_t entry = graph_ ? at("row_of_item", i, 4) : at("leaf_items", i, 4);
            hold(leaf.rows[i - start] == read<std::uint32_t>(entry), "it tells the items of the leaf");
        }
    }

    void side(const Inspection::Split& split) const {
        const bool bits = info_.metric == Metric::hamming;
        hold(split.plane.has_value() != bits && split.margin.has_value() != bits,
             "planes have margins, bits have none");
        if (bits) {
            const auto bit = read<std::uint32_t>(split.extent.offset + 8);
            hold(split.bit.has_value() == (bit < index_.dim()), "a bit parts the sides, or none");
            const bool set = split.bit && found_.values[*split.bit] == 1;
            return hold((!split.bit || *split.bit == bit) && split.search_above == set, "the bit leads a search");
        }
        hold(split.search_above == (*split.margin > 0), "the margin leads a search");
        const Section& planes = sections_.at("planes");
        const std::uint64_t dim = planes.bytes / (sections_.at("splits").bytes / 16);
        hold(is(*split.plane, "planes", planes.offset + split.number * dim, dim), "a split has a plane");
        // Seen in their own dimensions, vectors are as they were coded, or as they are for dot.
        if (graph_ || dim != index_.dim() || !found_.code || found_.code->exact.empty()) return;
        std::vector<float> point = found_.code->exact;
        if (!found_.code->squared_norm) {
            for (std::size_t i = 0; i < dim; ++i) point[i] -= read<float>(at("center", i, 4));
        }
        double product = 0;
        double length = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            product += read<std::int8_t>(split.plane->offset + i) * double{point[i]};
            length += double{point[i]} * point[i];
        }
        const double margin = product * read<float>(split.extent.offset + 8) + read<float>(split.extent.offset + 12);
        hold(std::fabs(*split.margin - margin) <= 0.02 * std::sqrt(length), "the margin is that of the vector");
    }

    void ids() const {
        const auto row = found_.row;
        if (info_.id_kind == IdKind::row) return;
        if (info_.id_kind == IdKind::int64) {
            const Extent& id = extent_in("int64_ids");
            hold(is(id, "int64_ids", at("int64_ids", row, 8), 8), "an id is where it is");
            hold(read<std::int64_t>(id.offset) == number_of(row), "and is that of the row");
        } else {
            const Extent& start = extent_in("id_text_starts");
            hold(is(start, "id_text_starts", at("id_text_starts", row, 8), 8), "a text starts somewhere");
            const std::string text = text_of(row);
            if (!text.empty()) {
                const Extent& id = extent_in("id_text");
                hold(is(id, "id_text", at("id_text", read<std::uint64_t>(start.offset), 1), text.size()), "there");
                hold(std::memcmp(index_.bytes().data() + id.offset, text.data(), text.size()) == 0, "it is the id");
            }
        }
        const Extent& order = extent_in("id_order");
        hold(order.bytes == 4 && read<std::uint32_t>(order.offset) == row, "its place in the order of ids has it");
    }

    const std::string name_;
    const Index& index_;
    const Info info_;
    std::map<std::string, Section> sections_;
    bool graph_ = false;
    Inspection found_{};
    std::map<std::string, std::uint64_t> told_;
    std::set<std::uint64_t> taken_;
};

}  // namespace nearfile::sample
