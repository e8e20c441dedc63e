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

#include "memory.hpp"
#include "nearfile/error.hpp"

namespace nearfile::fuzz {
namespace {

// What a column may be asked: by postings and by codes, with blocks passed over, taken whole and looked at.
std::vector<Expression> questions(const ColumnInfo& info) {
    const auto compare = [&](Comparison comparison, AttributeValue value) {
        return Expression::compare(info.name, comparison, std::move(value));
    };
    std::vector<Expression> all = {Expression::is_null(info.name)};
    std::vector<AttributeValue> numbers;
    for (std::int64_t i = 0; i < 20; ++i) numbers.emplace_back(i * 3);
    switch (info.type) {
        case ColumnType::boolean:
            all.push_back(compare(Comparison::equal, true));
            all.push_back(compare(Comparison::not_equal, true));
            break;
        case ColumnType::int64:
        case ColumnType::float64:
            all.push_back(compare(Comparison::less, 20.5));
            all.push_back(compare(Comparison::at_least, std::int64_t{-1}));
            all.push_back(Expression::is_in(info.name, std::move(numbers)));
            break;
        case ColumnType::timestamp:
            all.push_back(compare(Comparison::greater, Timestamp{0, 250'000'000}));
            break;
        case ColumnType::string:
            all.push_back(compare(Comparison::equal, std::string("kind 7")));
            all.push_back(compare(Comparison::less, std::string("kind 200")));
            all.push_back(compare(Comparison::not_equal, std::string()));
            break;
        case ColumnType::strings:
            all.push_back(Expression::contains(info.name, "kind 7"));
            break;
    }
    return all;
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
        filters();
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
        std::vector<float> values(query_.size());
        for (std::uint32_t row = 0; row < index_.size(); row += 1 + index_.size() / 40) {
            may_throw([&] { index_.vector(row, values); });
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
        for (const ColumnInfo& info : index_.columns()) {
            for (const Expression& each : questions(info)) {
                may_throw([&] { check(index_.filter(each & ~~each)); });
            }
        }
    }

    // Nothing is allowed that is not in the index, and what is can be searched.
    void check(const Filter& filter) {
        const std::uint32_t n = index_.size();
        const auto words = filter.words();
        const bool whole = words.size() == (std::size_t{n} + 63) / 64 && (n % 64 == 0 || words.back() >> (n % 64) == 0);
        if (!whole) throw std::logic_error("it allows an item that is not in the index");
        for (const std::uint32_t row : index_.rows_in(filter)) check(row);
        const auto found = index_.search(query_, {.k = 3, .filter = &filter});
        if (found.size() != std::min(3u, filter.size()))
            throw std::logic_error("neighbours that it allows are missing");
    }

    // Among what is allowed, less some of it, by each way that a search may go.
    void filters() {
        std::vector<std::uint32_t> exclude;
        for (std::uint32_t row = 0; row < std::min(index_.size(), 60u); row += 3) exclude.insert(exclude.end(), 2, row);
        for (const std::uint32_t one_in : {1u, 3u, 200u}) {
            std::vector<std::uint8_t> mask(index_.size());
            for (std::uint32_t row = 0; row < index_.size(); row += one_in) mask[row] = 1;
            may_throw([&] {
                const Filter filter = index_.filter(mask);
                for (const float radius : {0.0f, 1.0f, 100.0f}) {
                    const RadiusOptions options{.exact = radius == 1.0f, .filter = &filter};
                    for (const Neighbor& each : index_.search_radius(query_, radius, options)) check(each.row);
                }
                for (const bool all : {false, true}) {
                    SearchOptions options{.k = all ? index_.size() + 5 : 9, .filter = &filter};
                    check(index_.search(query_, options), options, mask);
                    options.exclude = exclude;
                    check(index_.search(query_, options), options, mask);
                    options.filter = nullptr;
                    check(index_.search(query_, options), options, std::vector<std::uint8_t>(mask.size(), 1));
                }
            });
        }
    }

    // A damaged order of items may have it that an item is excluded by another one's row.
    void check(const std::vector<Neighbor>& found, const SearchOptions& options,
               const std::vector<std::uint8_t>& mask) const {
        const std::uint32_t allowed = options.filter != nullptr ? options.filter->size() : index_.size();
        const auto excluded = static_cast<std::uint32_t>(options.exclude.size());
        if (found.size() > std::min(options.k, allowed) ||
            found.size() < std::min(options.k, allowed - std::min(allowed, excluded))) {
            throw std::logic_error("neighbours that are allowed are missing");
        }
        for (const Neighbor& each : found) {
            check(each.row);
            if (mask[each.row] == 0) throw std::logic_error("a neighbour is not allowed");
            if (!graph_ && std::ranges::find(options.exclude, each.row) != options.exclude.end()) {
                throw std::logic_error("a neighbour is excluded");
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
    return ask([&] { return Index::open(path, {.prefault = static_cast<Prefault>(bytes.size() % 3)}); });
}

}  // namespace nearfile::fuzz
