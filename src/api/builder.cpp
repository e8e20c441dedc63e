// The public Builder: checks and keeps what is added; build_index.cpp makes the file of it.
#include "nearfile/builder.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "api/checks.hpp"
#include "attributes/collected.hpp"
#include "base/large_buffers.hpp"
#include "build/build_index.hpp"
#include "build/external/session.hpp"
#include "build/rows.hpp"
#include "file/atomic_file.hpp"
#include "file/memory_file.hpp"
#include "file/target.hpp"
#include "opened/errors.hpp"
#include "opened/ids.hpp"
#include "opened/state.hpp"

namespace nearfile {

struct Builder::State {
    State(std::uint32_t dim, Metric metric_) : metric(metric_), rows(dim, metric_ == Metric::hamming) {}

    Metric metric;
    std::unique_ptr<build::external::Workspace> workspace;  // of a builder within a given memory
    std::string path;                                       // of its file
    bool is_built = false;
    build::Rows rows;
    opened::IdList ids;
    bool ids_settled = false;
    attributes::CollectedColumns columns;

    // Rows and columns that were checked. What throws has added nothing.
    void append(std::span<const float> values, std::span<const Column> more, std::uint32_t n, Vectors vectors) {
        const base::LargeBuffersFrom disk(workspace.get());
        columns.reserve(more, n);
        if (vectors == Vectors::borrowed && rows.count() == 0 && !rows.bits()) {
            rows.refer(values);
        } else {
            rows.append(values);
        }
        columns.append(more, n);
        ids_settled = true;
    }

    void build(const Index::State* like, const BuildOptions& options, file::Output& output) const;

    build::external::Sizes sizes(std::uint32_t more, std::uint64_t more_bytes) const {
        const auto value_bytes = static_cast<std::uint32_t>(codes::bytes_per_value(rows.kind()));
        return {std::uint64_t{rows.count()} + more, held_bytes() + more_bytes, rows.dim(), value_bytes, metric};
    }

    // That a builder within a given memory has room for so many more.
    void check_room(std::uint32_t more, std::uint64_t more_bytes) const {
        if (workspace == nullptr) return;
        if (is_built) {
            opened::raise(ErrorCode::invalid_argument,
                          "builder: expected one that has not built yet, within a given memory it builds once: make a "
                          "new one");
        }
        const auto wanted = sizes(more, more_bytes);
        build::external::check_memory(wanted, workspace->memory());
        const std::uint64_t rows_bytes = more * std::uint64_t{rows.dim()} * sizeof(float);
        opened::unwrap(workspace->folder().check_free(
            build::external::disk_bytes(wanted, Profile::compact) + rows_bytes, "the build"));
    }

private:
    // What ids and columns take, and what is made of them.
    std::uint64_t held_bytes() const {
        constexpr std::uint64_t of_number = 2 * sizeof(std::int64_t) + sizeof(std::uint32_t);
        std::uint64_t bytes = ids.numbers.size() * of_number + ids.text_starts.size() * of_number + 2 * ids.text.size();
        for (const Column& each : columns.columns()) bytes += 2 * build::external::bytes_of(each);
        return bytes;
    }
};

using opened::raise;

Builder::Builder(std::uint32_t dim, Metric metric) {
    if (dim < 1 || dim > max_dim) {
        raise(ErrorCode::invalid_argument,
              "dim must be from 1 to " + std::to_string(max_dim) + "; got " + std::to_string(dim));
    }
    if (metric_name(metric) == "unknown") raise(ErrorCode::invalid_argument, "metric is not one of nearfile::Metric");
    state_ = std::make_unique<State>(dim, metric);
}

Builder::Builder(std::uint32_t dim, Metric metric, const MemoryLimit& limit) : Builder(dim, metric) {
    if (limit.path.empty()) raise(ErrorCode::invalid_argument, "path must name a file; got an empty string");
    opened::unwrap(file::check_target(limit.path));
    state_->workspace = std::make_unique<build::external::Workspace>(limit.path, limit.bytes);
    state_->path = limit.path;
    state_->check_room(0, 0);
}

Builder::~Builder() = default;
Builder::Builder(Builder&&) noexcept = default;
Builder& Builder::operator=(Builder&&) noexcept = default;

std::uint32_t Builder::size() const noexcept {
    return state_->rows.count();
}
std::uint32_t Builder::dim() const noexcept {
    return state_->rows.dim();
}
Metric Builder::metric() const noexcept {
    return state_->metric;
}

namespace {

std::uint32_t check_added(std::span<const float> rows, const build::Rows& have) {
    const std::uint32_t dim = have.dim();
    if (rows.size() % dim != 0) {
        raise(ErrorCode::invalid_argument, "vectors must have " + std::to_string(dim) + " values each; got " +
                                               std::to_string(rows.size()) + " values in all");
    }
    const std::size_t n = rows.size() / dim;
    if (n > max_count - have.count()) {
        raise(ErrorCode::invalid_argument, "an index holds at most " + std::to_string(max_count) + " vectors; got " +
                                               std::to_string(n) + " more than " + std::to_string(have.count()));
    }
    api::check_values(rows, dim, have.bits(), "vector");
    return static_cast<std::uint32_t>(n);
}

void check_ids(std::size_t n_ids, std::uint32_t n, IdKind kind, IdKind have, bool settled) {
    if (n_ids != n) {
        raise(ErrorCode::invalid_argument,
              "there must be one id for each vector; got " + std::to_string(n_ids) + " ids for " + std::to_string(n));
    }
    if (settled && kind != have) {
        raise(ErrorCode::invalid_argument, "every call must name items in the same way; got " +
                                               std::string(id_kind_name(kind)) + " ids after " +
                                               std::string(id_kind_name(have)) + " ids");
    }
}

// What is held of a call, and made of it later.
std::uint64_t added_bytes(std::uint64_t of_ids, std::span<const Column> columns) {
    for (const Column& each : columns) of_ids += build::external::bytes_of(each);
    return 2 * of_ids;
}

}  // namespace

void Builder::check(std::span<const float> rows) const {
    check_added(rows, state_->rows);
}

void Builder::check(std::span<const Column> columns, std::uint32_t rows) const {
    opened::unwrap(state_->columns.check(columns, rows));
}

void Builder::check_room(std::uint32_t rows) const {
    state_->check_room(rows, 0);
}

void Builder::add(std::span<const float> rows, std::span<const Column> columns, Vectors vectors) {
    const std::uint32_t n = check_added(rows, state_->rows);
    check(columns, n);
    if (n == 0) return;
    check_ids(n, n, IdKind::row, state_->ids.kind, state_->ids_settled);
    state_->check_room(n, added_bytes(0, columns));
    state_->append(rows, columns, n, vectors);
}

void Builder::add(std::span<const float> rows, std::span<const std::int64_t> ids, std::span<const Column> columns,
                  Vectors vectors) {
    const std::uint32_t n = check_added(rows, state_->rows);
    check_ids(ids.size(), n, IdKind::int64, state_->ids.kind, state_->ids_settled);
    check(columns, n);
    if (n == 0) return;
    state_->check_room(n, added_bytes(ids.size_bytes(), columns));
    auto& numbers = state_->ids.numbers;
    if (numbers.capacity() < numbers.size() + n) numbers.reserve(std::max(numbers.size() + n, numbers.size() * 2));
    state_->append(rows, columns, n, vectors);
    // Nothing below can fail.
    numbers.insert(numbers.end(), ids.begin(), ids.end());
    state_->ids.kind = IdKind::int64;
}

void Builder::add(std::span<const float> rows, std::span<const std::string_view> ids, std::span<const Column> columns,
                  Vectors vectors) {
    const std::uint32_t n = check_added(rows, state_->rows);
    check_ids(ids.size(), n, IdKind::string, state_->ids.kind, state_->ids_settled);
    check(columns, n);
    if (n == 0) return;
    auto& text = state_->ids.text;
    auto& starts = state_->ids.text_starts;
    std::size_t added = 0;
    for (const auto id : ids) added += id.size();
    state_->check_room(n, added_bytes(added + n * sizeof(std::uint64_t), columns));
    if (text.capacity() < text.size() + added) text.reserve(std::max(text.size() + added, text.size() * 2));
    const std::size_t starts_needed = starts.size() + n + 1;
    if (starts.capacity() < starts_needed) starts.reserve(std::max(starts_needed, starts.size() * 2));
    state_->append(rows, columns, n, vectors);
    // Nothing below can fail.
    if (starts.empty()) starts.push_back(0);
    for (const auto id : ids) {
        text.append(id);
        starts.push_back(text.size());
    }
    state_->ids.kind = IdKind::string;
}

namespace {

// Before anything is built.
void check_options(const BuildOptions& options) {
    const auto known = [](std::string_view name, const char* type) {
        if (name == "unknown") raise(ErrorCode::invalid_argument, std::string(type) + " is not one of nearfile's");
    };
    known(structure_name(options.structure), "structure");
    known(profile_name(options.profile), "profile");
    known(keep_name(options.keep), "keep");
    if (options.n_trees > max_trees) {
        raise(ErrorCode::invalid_argument, "n_trees must be from 1 to " + std::to_string(max_trees) +
                                               ", or 0 to have it chosen; got " + std::to_string(options.n_trees));
    }
}

// Copied, because they are wanted in the form of items.
build::Rows sample_of(const BuildOptions& options, const build::Rows& rows) {
    const std::uint32_t dim = rows.dim();
    build::Rows queries(dim, rows.bits());
    if (options.queries.empty()) return queries;
    if (options.structure != Structure::graph) {
        raise(ErrorCode::invalid_argument,
              "queries: expected structure graph, whose edges they improve, got structure forest: leave queries out");
    }
    if (options.queries.size() % dim != 0) {
        raise(ErrorCode::invalid_argument, "queries must have " + std::to_string(dim) + " values each; got " +
                                               std::to_string(options.queries.size()) + " values in all");
    }
    if (options.queries.size() / dim > max_count) {
        raise(ErrorCode::invalid_argument, "queries: expected at most " + std::to_string(max_count) + ", got " +
                                               std::to_string(options.queries.size() / dim));
    }
    api::check_values(options.queries, dim, rows.bits(), "query");
    queries.append(options.queries);
    return queries;
}

// What is not for builds within a given memory.
void check_limited(const BuildOptions& options) {
    const auto refused = [](const std::string& what) {
        raise(ErrorCode::invalid_argument, what + ": leave it out, or build without a limit of memory");
    };
    if (options.structure != Structure::graph) refused("structure: expected graph within a given memory, got forest");
    if (!options.candidates.empty()) refused("candidates: expected none within a given memory");
    if (options.like != nullptr) refused("like: expected none within a given memory");
}

}  // namespace

void Builder::State::build(const Index::State* like, const BuildOptions& options, file::Output& output) const {
    check_options(options);
    api::check_candidates(options.candidates, rows.count(), options.structure);
    if (like != nullptr) api::check_like(*like, metric, rows, ids.kind, options.structure);
    const build::Rows queries = sample_of(options, rows);
    std::optional<build::external::Session> session;
    if (workspace != nullptr) {
        session.emplace(*workspace, sizes(0, 0), rows, queries, options, build::counted_on(options.progress));
    }
    const auto build_of = [&](const build::Rows& kept) {
        build::build_index({metric, kept, ids, columns.columns(), queries, like, session ? &*session : nullptr},
                           options, output);
    };
    const bool half = options.structure == Structure::graph && options.keep == Keep::half;
    if (!half || rows.bits() || rows.kind() != codes::ValueKind::float32) return build_of(rows);
    api::check_halves(rows);
    build_of(rows.rounded());
}

const Index::State* Builder::like_of(const BuildOptions& options) {
    return options.like == nullptr ? nullptr : options.like->state_.get();
}

Index Builder::build_file(const std::string& path, const BuildOptions& options) const {
    if (path.empty()) raise(ErrorCode::invalid_argument, "path must name a file; got an empty string");
    if (state_->workspace != nullptr) {
        if (path != state_->path) {
            raise(ErrorCode::invalid_argument,
                  "path: expected '" + state_->path + "', beside which the build works, got '" + path + "'");
        }
        return build_limited(options);
    }
    opened::unwrap(file::check_target(path));
    file::AtomicFile made(path);
    state_->build(like_of(options), options, made);
    opened::unwrap(made.replace());
    return Index::open(path);
}

Index Builder::build_limited(const BuildOptions& options) const {
    check_limited(options);
    state_->check_room(0, 0);
    file::WorkFolder& folder = state_->workspace->folder();
    opened::unwrap(folder.check_free(build::external::disk_bytes(state_->sizes(0, 0), options.profile), "the build"));
    {
        const base::LargeBuffersFrom disk(state_->workspace.get());
        file::AtomicFile made(state_->path);
        state_->build(nullptr, options, made);
        opened::unwrap(made.replace());
    }
    folder.remove();
    state_->is_built = true;
    return Index::open(state_->path);
}

Index Builder::build(const BuildOptions& options) const {
    if (state_->workspace != nullptr) return build_limited(options);
    file::MemoryFile made;
    state_->build(like_of(options), options, made);
    return Index(opened::open_state(std::move(made).take()));
}

}  // namespace nearfile
