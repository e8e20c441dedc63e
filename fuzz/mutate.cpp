// Damaged files must be refused or answer, whatever is in them: README.md says how to run this.
#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "damage.hpp"
#include "file/table.hpp"
#include "nearfile/nearfile.hpp"

namespace {

using namespace nearfile;
using namespace nearfile::fuzz;
using file::Header;
using file::SectionEntry;

void make_header_checksum_right(Bytes& bytes) {
    Header header;
    if (bytes.size() < sizeof header) return;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::vector<SectionEntry> entries(std::min(header.section_count, file::max_sections));
    const std::size_t table_bytes = entries.size() * sizeof(SectionEntry);
    if (bytes.size() < sizeof header + table_bytes) return;
    if (!entries.empty()) std::memcpy(entries.data(), bytes.data() + sizeof header, table_bytes);
    const std::uint32_t crc = file::header_crc(header, entries);
    std::memcpy(bytes.data() + offsetof(Header, header_crc), &crc, sizeof crc);
}

// A graph's items are in an order of their own, and a damaged one may give one row to two of them.
void search(const Index& index, std::span<const float> query, const SearchOptions& options) {
    const auto found = index.search(query, options);
    std::set<std::uint32_t> rows;
    for (const Neighbor& each : found) rows.insert(each.row);
    const bool distinct = rows.size() == found.size() || index.info().structure == Structure::graph;
    if (found.size() != std::min(options.k, index.size()) || !distinct) fail("neighbours are missing");
    if (!rows.empty() && *rows.rbegin() >= index.size()) fail("a neighbour is not in the index");
}

// Everything that can be asked of an index. Error(bad_file) is a good answer of open and of verify alone. Returns
// whether it opened.
bool use(const Bytes& bytes) {
    const auto owner = aligned_copy(bytes);
    std::optional<Index> opened;
    try {
        opened.emplace(Index::open_buffer({owner.get(), bytes.size()}, owner));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_file) fail(std::string("open says ") + error.what());
        return false;
    }
    const Index& index = *opened;
    std::vector<float> values(index.dim());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 3 == 0 ? 1.0f : 0.0f;
    search(index, values, {.k = 5, .search_k = 30});
    search(index, values, {.k = 20, .search_k = 100});
    search(index, values, {.k = 5, .effort = 1});
    search(index, values, {.k = 20, .effort = 100});
    search(index, values, {.k = 5, .exact = true});
    search(index, values, {});
    for (std::uint32_t row = 0; row < std::min(index.size(), 1000u); row += 23) {
        index.vector(row, values);
        index.distance(row, index.size() - 1 - row);
        index.find(index.int64_id(row));
        index.find(index.string_id(row));
    }
    index.find("nobody");
    index.find(std::int64_t{1} << 40);
    index.info();
    try {
        index.verify();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_file) fail(std::string("verify says ") + error.what());
    }
    return true;
}

Bytes build(Metric metric, IdKind ids, std::uint32_t dim, bool whole_numbers, Random& random,
            const BuildOptions& options) {
    constexpr std::uint32_t n = 150;
    std::vector<float> values(n * dim);
    for (float& value : values) {
        value = static_cast<float>(random.below(metric == Metric::hamming ? 2 : 200));
        if (!whole_numbers) value = (value - 100.0f) * 0.0123f;
    }
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    for (std::uint32_t row = 0; row < n; ++row) {
        numbers.push_back(static_cast<std::int64_t>(row * 7919 % 10007) - 5000);
        texts.push_back(std::string(row % 5, 'x') + std::to_string(numbers.back()));
    }
    Builder builder(dim, metric);
    if (ids == IdKind::row) builder.add(values);
    if (ids == IdKind::int64) builder.add(values, numbers);
    if (ids == IdKind::string) builder.add(values, std::vector<std::string_view>(texts.begin(), texts.end()));
    const Index index = builder.build(options);
    return {index.bytes().begin(), index.bytes().end()};
}

std::vector<Bytes> corpus() {
    Random random(1);
    std::vector<Bytes> files;
    for (const Metric metric :
         {Metric::angular, Metric::cosine, Metric::euclidean, Metric::dot, Metric::manhattan, Metric::hamming}) {
        for (const IdKind ids : {IdKind::row, IdKind::int64, IdKind::string}) {
            for (const std::uint32_t dim : {6u, 131u}) {
                const bool whole_numbers = metric == Metric::hamming || random.below(2) == 0;
                files.push_back(build(metric, ids, dim, whole_numbers, random, {.n_trees = 3, .progress = {}}));
            }
        }
        for (const Profile profile : {Profile::compact, Profile::balanced, Profile::fast}) {
            for (const Keep keep : {Keep::exact, Keep::half, Keep::none}) {
                const BuildOptions options{
                    .structure = Structure::graph, .profile = profile, .keep = keep, .n_trees = 2, .progress = {}};
                const bool whole_numbers = metric == Metric::hamming || random.below(2) == 0;
                const std::uint32_t dim = random.below(2) == 0 ? 6 : 131;
                files.push_back(build(metric, IdKind::row, dim, whole_numbers, random, options));
            }
        }
    }
    return files;
}

// One damage to `bytes`. A third go to the header and the table, where little is much.
void damage(Bytes& bytes, Random& random) {
    if (bytes.empty()) return;
    const std::size_t head = std::min<std::size_t>(bytes.size(), sizeof(Header) + 14 * sizeof(SectionEntry));
    const std::size_t at = below(random, below(random, 3) == 0 ? head : bytes.size());
    if (below(random, 32) != 0) return damage_at(bytes.data(), bytes.size(), at, random);
    bytes.resize(at);
    const std::uint64_t size = at;
    if (below(random, 2) == 0 && size >= sizeof(Header)) {
        std::memcpy(bytes.data() + offsetof(Header, file_bytes), &size, sizeof size);
    }
}

bool mutate_and_use(const std::vector<Bytes>& files, std::uint64_t seed) {
    Random random(base::derive_seed(seed, 0));
    Bytes bytes = files[below(random, files.size())];
    for (std::uint32_t left = 1 + random.below(4); left > 0; --left) damage(bytes, random);
    if (below(random, 16) != 0) make_header_checksum_right(bytes);
    return use(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    Bytes copy(bytes.begin(), bytes.end());
    make_header_checksum_right(copy);
    use(copy);
    return 0;
}

#ifndef NEARFILE_FUZZER
int main(int argc, char** argv) {
    const std::vector<Bytes> files = corpus();
    for (const Bytes& bytes : files) {
        if (!use(bytes)) fail("a whole file does not open");
    }
    return run(argc, argv, [&](std::uint64_t seed) { return mutate_and_use(files, seed); });
}
#endif
