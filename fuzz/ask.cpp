#include "ask.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "attributes/evaluate.hpp"
#include "memory.hpp"
#include "nearfile/error.hpp"

namespace nearfile::fuzz {
namespace {

// The columns of an open index, as opening it made them.
attributes::Columns columns_of(const Index& index) {
    std::span<const std::byte> directory;
    std::span<const std::byte> values;
    for (const Section& section : index.info().sections) {
        const auto bytes = index.bytes().subspan(section.offset, section.bytes);
        if (section.name == "columns") directory = bytes;
        if (section.name == "column_values") values = bytes;
    }
    if (directory.empty()) return {};
    auto columns = attributes::Columns::open(directory, values, index.size());
    if (!columns.ok()) throw std::logic_error("columns that opened do not open again");
    return std::move(columns.value());
}

// What a column may be asked: by postings and by codes, with blocks passed over, taken whole and looked at.
std::vector<Expression::Node> questions(const ColumnInfo& info) {
    using Node = Expression::Node;
    using Kind = Expression::Kind;
    const auto compare = [&](Comparison comparison, AttributeValue value) {
        return Node{Kind::compare, info.name, comparison, {std::move(value)}, {}};
    };
    std::vector<Node> nodes = {{Kind::is_null, info.name, Comparison::equal, {}, {}}};
    switch (info.type) {
        case ColumnType::boolean:
            nodes.push_back(compare(Comparison::equal, true));
            nodes.push_back(compare(Comparison::not_equal, true));
            break;
        case ColumnType::int64:
        case ColumnType::float64:
            nodes.push_back(compare(Comparison::less, 20.5));
            nodes.push_back(compare(Comparison::at_least, std::int64_t{-1}));
            nodes.push_back({Kind::is_in, info.name, Comparison::equal, {}, {}});
            for (std::int64_t i = 0; i < 20; ++i) nodes.back().values.emplace_back(i * 3);
            break;
        case ColumnType::timestamp:
            nodes.push_back(compare(Comparison::greater, Timestamp{0, 250'000'000}));
            break;
        case ColumnType::string:
            nodes.push_back(compare(Comparison::equal, std::string("kind 7")));
            nodes.push_back(compare(Comparison::less, std::string("kind 200")));
            nodes.push_back(compare(Comparison::not_equal, std::string()));
            break;
        case ColumnType::strings:
            nodes.push_back({Kind::contains, info.name, Comparison::equal, {std::string("kind 7")}, {}});
            break;
    }
    return nodes;
}

// One open index.
class Asking {
public:
    Asking(const Index& index, Outcome& outcome)
        : index_(index), outcome_(outcome), graph_(index.info().structure == Structure::graph), query_(index.dim()) {}

    void everything() {
        // Zeros and ones, which every metric takes; then all zero, which has no direction.
        for (std::size_t i = 0; i < query_.size(); ++i) query_[i] = i % 3 == 0 ? 1.0f : 0.0f;
        searches();
        std::fill(query_.begin(), query_.end(), 0.0f);
        search({.k = 3, .effort = graph_ ? 5u : 0u, .search_k = graph_ ? 0u : 5u});
        batch();
        radius();
        items();
        ids();
        attributes();
        index_.info();
        index_.query_drift();
        verify();
        if (n_letters_ > index_.bytes().size() * index_.size()) throw std::logic_error("more text than there is");
    }

private:
    // Where it says that the file is damaged, that is a good answer.
    void may_throw(const std::function<void()>& work) {
        try {
            work();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::bad_file) throw std::logic_error(std::string("it says ") + error.what());
            outcome_.threw = true;
        }
    }

    void searches() {
        search({.k = 10});
        search({.k = 10, .exact = true});
        search({.k = index_.size() + 5});
        if (graph_) {
            for (const std::uint32_t effort : {1u, 8u, 30u, 1u << 20}) search({.k = 7, .effort = effort});
            for (const float recall : {0.5f, 0.99f, 1.0f}) search({.k = 1, .recall = recall});
        } else {
            for (const std::uint64_t candidates : {1ull, 100ull, ~0ull}) search({.k = 7, .search_k = candidates});
        }
    }

    void search(const SearchOptions& options) {
        may_throw([&] {
            const std::uint32_t before = index_.query_drift().seen;
            check(index_.search(query_, options), options.k);
            outcome_.walked = outcome_.walked || index_.query_drift().seen > before;
        });
    }

    void batch() {
        constexpr std::size_t n = 9;  // more than one task has
        const std::uint32_t k = std::min(4u, index_.size());
        std::vector<float> queries(n * query_.size());
        for (std::size_t i = 0; i < queries.size(); ++i) queries[i] = i % 2 == 0 ? 1.0f : 0.0f;
        std::vector<Neighbor> out(n * k);
        may_throw([&] {
            index_.search_batch(queries, {.k = 4, .threads = 2}, out);
            for (std::size_t i = 0; i < n; ++i) {
                const auto some = std::span(out).subspan(i * k, k);
                check({some.begin(), some.end()}, 4);
            }
        });
    }

    // Of some, of all, and of every item what is near it; rows that a damaged file gives twice leave others without
    // any.
    void radius() {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const float all = index_.metric() == Metric::dot ? -infinity : infinity;
        for (const float radius : {0.0f, 1.0f, all}) {
            for (const bool exact : {false, true}) {
                may_throw([&] {
                    for (const Neighbor& each : index_.search_radius(query_, radius, {.exact = exact})) check(each.row);
                });
            }
        }
        const std::size_t room = std::size_t{index_.size()} * std::min(3u, index_.size());
        std::vector<std::uint32_t> rows(room, max_count);
        std::vector<float> distances(room);
        may_throw([&] {
            index_.knn_graph({.k = 3, .threads = 1}, rows, distances);
            for (const std::uint32_t row : rows) check(row);
        });
    }

    void check(std::uint32_t row) const {
        if (row >= index_.size()) throw std::logic_error("a neighbour is not in the index");
    }

    // A graph's items are in an order of their own, and a damaged one may give one row to two of them.
    void check(const std::vector<Neighbor>& found, std::uint32_t k) const {
        std::set<std::uint32_t> rows;
        for (const Neighbor& each : found) rows.insert(each.row);
        if (found.size() != std::min(k, index_.size())) throw std::logic_error("neighbours are missing");
        if (!graph_ && rows.size() != found.size()) throw std::logic_error("a neighbour is there twice");
        if (!rows.empty() && *rows.rbegin() >= index_.size()) throw std::logic_error("a neighbour is not in the index");
    }

    void items() {
        for (std::uint32_t row = 0; row < index_.size(); row += 1 + index_.size() / 40) {
            may_throw([&] { index_.vector(row, query_); });
            may_throw([&] { index_.distance(row, index_.size() - 1 - row); });
            may_throw([&] { check(index_.inspect(row)); });
        }
    }

    // Every extent lies in the file, and every row is one.
    void check(const Inspection& found) const {
        const std::uint64_t size = index_.bytes().size();
        for (const Extent& each : found.extents) {
            if (each.offset > size || each.bytes > size - each.offset) throw std::logic_error("an extent is not there");
        }
        std::vector<std::uint32_t> rows;
        for (const Inspection::Leaf& leaf : found.leaves) rows.insert(rows.end(), leaf.rows.begin(), leaf.rows.end());
        if (found.vertex) {
            for (const Inspection::Edge& edge : found.vertex->edges) rows.push_back(edge.row);
        }
        for (const std::uint32_t row : rows) {
            if (row >= index_.size()) throw std::logic_error("it tells of a row that is not there");
        }
    }

    void ids() {
        for (std::uint32_t row = 0; row < index_.size(); row += 1 + index_.size() / 40) {
            may_throw([&] { index_.find(index_.int64_id(row)); });
            may_throw([&] {
                const std::string_view id = index_.string_id(row);
                if (index_.find(id).value_or(0) >= index_.size()) throw std::logic_error("a row that is not there");
                // Every byte is read, which `find` need not do.
                n_letters_ += static_cast<std::size_t>(std::count(id.begin(), id.end(), 'x'));
            });
        }
        may_throw([&] { index_.find("nobody"); });
        may_throw([&] { index_.find(""); });
        for (const std::int64_t id : {std::int64_t{0}, INT64_MIN, INT64_MAX}) may_throw([&] { index_.find(id); });
    }

    // Of some rows, twice of one, and expressions about every column by its type.
    void attributes() {
        std::vector<std::uint32_t> rows = {0, 0};
        for (std::uint32_t row = 0; row < index_.size(); row += 1 + index_.size() / 40) rows.push_back(row);
        if (index_.size() == 0) rows.clear();
        may_throw([&] {
            const std::vector<Column> columns = index_.attributes(rows);
            if (columns.size() != index_.columns().size()) throw std::logic_error("columns are missing");
            for (const Column& column : columns) check(column, rows.size());
        });
        const attributes::Columns columns = columns_of(index_);
        for (const attributes::ColumnView& each : columns.views()) {
            for (const Expression::Node& node : questions(each.info)) {
                const auto items = attributes::evaluate(columns, node);
                if (!items.ok()) throw std::logic_error("it says " + items.error().message);
                const bool whole = items.value().size() == attributes::words_of(index_.size()) &&
                                   (items.value().back() & ~attributes::last_word(index_.size())) == 0;
                if (!whole) throw std::logic_error("it allows an item that is not in the index");
            }
        }
    }

    // A value of each row.
    static void check(const Column& column, std::size_t rows) {
        const bool lists = column.type == ColumnType::strings;
        const bool texts = lists || column.type == ColumnType::string;
        const std::size_t values = lists   ? column.starts.size() - 1
                                   : texts ? column.text_starts.size() - 1
                                           : column.integers.size() + column.numbers.size();
        if (values != rows || (!column.missing.empty() && column.missing.size() != rows)) {
            throw std::logic_error("a column has other rows than were asked for");
        }
        if (texts && column.text_starts.back() != column.text.size()) throw std::logic_error("its text is cut short");
    }

    void verify() {
        try {
            index_.verify();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::bad_file) throw std::logic_error(std::string("verify says ") + error.what());
        }
    }

    const Index& index_;
    Outcome& outcome_;
    const bool graph_;
    std::vector<float> query_;
    std::size_t n_letters_ = 0;
};

Outcome ask(const std::function<Index()>& open) {
    Outcome outcome;
    std::optional<Index> index;
    try {
        index.emplace(open());
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_file) throw std::logic_error(std::string("open says ") + error.what());
        return outcome;
    }
    outcome.opened = true;
    Asking(*index, outcome).everything();
    return outcome;
}

}  // namespace

Outcome open_and_ask(std::span<const std::byte> bytes) {
    return ask([&] {
        const Guarded memory(bytes);
        return Index::open_buffer(memory.bytes(), memory.owner());
    });
}

Outcome open_and_ask_on_disk(std::span<const std::byte> bytes) {
    std::string path = (std::filesystem::temp_directory_path() / "nearfile-damaged-XXXXXX").string();
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) throw std::runtime_error("cannot make a file in " + path);
    ::close(descriptor);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    const auto remove = [](const std::string* at) { std::filesystem::remove(*at); };
    const std::unique_ptr<const std::string, decltype(remove)> removed(&path, remove);
    return ask([&] { return Index::open(path, {.prefault = bytes.size() % 2 == 0}); });
}

}  // namespace nearfile::fuzz
