// Names colors: builds an index of red, green and blue in memory, saves it, maps the file and searches it.
//
//     ./nearest colors.near
#include <array>
#include <cstdio>
#include <nearfile/nearfile.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Color {
    std::string_view name;
    std::array<float, 3> rgb;
};

constexpr std::array colors = {
    Color{"black", {0, 0, 0}},          Color{"white", {255, 255, 255}},  Color{"red", {255, 0, 0}},
    Color{"green", {0, 128, 0}},        Color{"blue", {0, 0, 255}},       Color{"yellow", {255, 255, 0}},
    Color{"orange", {255, 165, 0}},     Color{"coral", {255, 127, 80}},   Color{"salmon", {250, 128, 114}},
    Color{"tomato", {255, 99, 71}},     Color{"gold", {255, 215, 0}},     Color{"pink", {255, 192, 203}},
    Color{"navy", {0, 0, 128}},         Color{"teal", {0, 128, 128}},     Color{"olive", {128, 128, 0}},
    Color{"maroon", {128, 0, 0}},       Color{"violet", {238, 130, 238}}, Color{"indigo", {75, 0, 130}},
    Color{"turquoise", {64, 224, 208}},
};

nearfile::Index build() {
    std::vector<float> rows;
    std::vector<std::string_view> names;
    for (const Color& color : colors) {
        rows.insert(rows.end(), color.rgb.begin(), color.rgb.end());
        names.push_back(color.name);
    }
    nearfile::Builder builder(3, nearfile::Metric::euclidean);
    builder.add(rows, names);
    return builder.build();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string path = argc > 1 ? argv[1] : "colors.near";
    try {
        nearfile::write_file(path, build().bytes());

        const nearfile::Index index = nearfile::Index::open(path);
        const std::array<float, 3> query = {0xff, 0x7f, 0x50};
        const auto neighbors = index.search(query, {.k = 3});
        const std::string_view nearest = index.string_id(neighbors.front().row);
        std::printf("nearest to #ff7f50: %.*s\n", static_cast<int>(nearest.size()), nearest.data());
        for (const nearfile::Neighbor& neighbor : neighbors) {
            const std::string_view name = index.string_id(neighbor.row);
            std::printf("%8.2f  %.*s\n", static_cast<double>(neighbor.distance), static_cast<int>(name.size()),
                        name.data());
        }
    } catch (const nearfile::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
