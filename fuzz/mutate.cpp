// Damaged files must be refused or answer, whatever is in them: README.md says how to run this.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "file/table.hpp"
#include "nearfile/nearfile.hpp"

namespace {

using namespace nearfile;
using base::Random;
using file::Header;
using file::SectionEntry;

using Bytes = std::vector<std::byte>;

// Bytes where open_buffer wants them, with nothing behind the end, so that a sanitizer sees whoever reads there.
std::shared_ptr<std::byte> aligned_copy(const Bytes& bytes) {
    const auto release = [](std::byte* data) { ::operator delete(data, std::align_val_t(64)); };
    void* data = ::operator new(std::max<std::size_t>(bytes.size(), 1), std::align_val_t(64));
    std::memcpy(data, bytes.data(), bytes.size());
    return {static_cast<std::byte*>(data), release};
}

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

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::abort();
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
    const auto below = [&](std::size_t bound) { return random.below(static_cast<std::uint32_t>(bound)); };
    if (bytes.empty()) return;
    const std::size_t head = std::min<std::size_t>(bytes.size(), sizeof(Header) + 14 * sizeof(SectionEntry));
    const std::size_t at = below(3) == 0 ? below(head) : below(bytes.size());
    const std::size_t most = bytes.size() - at;
    const std::size_t length = 1 + below(std::min<std::size_t>(most, below(4) == 0 ? most : 16));
    const auto run = [&](std::size_t start) { return bytes.begin() + static_cast<std::ptrdiff_t>(start); };
    constexpr std::uint32_t telling[] = {0, 1, 2, 127, 128, 0x7f800000, 0x7fc00000, 0x7fffffff, 0x80000000, 0xffffffff};
    switch (below(8)) {
        case 0:
            bytes[at] ^= std::byte{1} << below(8);
            break;
        case 1:
            std::fill_n(run(at), length, std::byte{0});
            break;
        case 2:
            std::fill_n(run(at), length, std::byte{0xff});
            break;
        case 3: {
            const std::size_t from = below(bytes.size() - length + 1);
            std::memmove(bytes.data() + at, bytes.data() + from, length);
            break;
        }
        case 4:
            for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<std::byte>(random.next());
            break;
        case 5:
        case 6: {
            const std::size_t field = at / 4 * 4;
            if (field + 4 > bytes.size()) break;
            std::uint32_t value;
            std::memcpy(&value, bytes.data() + field, sizeof value);
            value = below(2) == 0 ? telling[below(std::size(telling))] : value + below(129) - 64;
            std::memcpy(bytes.data() + field, &value, sizeof value);
            break;
        }
        default: {
            if (below(4) != 0) break;
            bytes.resize(at);
            const std::uint64_t size = at;
            if (below(2) == 0 && size >= sizeof(Header)) {
                std::memcpy(bytes.data() + offsetof(Header, file_bytes), &size, sizeof size);
            }
        }
    }
}

bool mutate_and_use(const std::vector<Bytes>& files, std::uint64_t seed) {
    Random random(base::derive_seed(seed, 0));
    Bytes bytes = files[random.below(static_cast<std::uint32_t>(files.size()))];
    for (std::uint32_t left = 1 + random.below(4); left > 0; --left) damage(bytes, random);
    if (random.below(16) != 0) make_header_checksum_right(bytes);
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
    const std::uint64_t mutations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000;
    const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : now;
    std::printf("%llu mutations, seed %llu\n", static_cast<unsigned long long>(mutations),
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    const std::vector<Bytes> files = corpus();
    for (const Bytes& bytes : files) {
        if (!use(bytes)) fail("a whole file does not open");
    }
    std::uint64_t opened = 0;
    for (std::uint64_t i = 0; i < mutations; ++i) {
        // Printed before, because a crash does not come back to tell.
        std::fprintf(stderr, "\rseed %llu", static_cast<unsigned long long>(seed + i));
        const auto before = std::chrono::steady_clock::now();
        opened += mutate_and_use(files, seed + i) ? 1 : 0;
        if (std::chrono::steady_clock::now() - before > std::chrono::seconds(10)) fail(" takes more than ten seconds");
    }
    std::fprintf(stderr, "\n");
    std::printf("%llu opened and answered in full, the others were refused\n", static_cast<unsigned long long>(opened));
    return 0;
}
#endif
