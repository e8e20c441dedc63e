#include "build/external/order_items.hpp"

#include <optional>
#include <span>
#include <vector>

namespace nearfile::build::external {
namespace {

constexpr char name[] = "order";

template <class SplitType>
void keep(const Kept& kept, const Divided<SplitType>& divided) {
    const auto bytes = [](const auto& values) { return std::as_bytes(std::span(values)); };
    const Division& division = divided.division;
    const auto& tree = divided.entry_tree;
    kept.keep(name, {bytes(division.place_of_row), bytes(division.parts), bytes(division.guests),
                     bytes(division.place_of_item), bytes(tree.roots), bytes(tree.splits), bytes(tree.planes),
                     bytes(tree.starts)});
}

template <class SplitType>
std::optional<Divided<SplitType>> find(const Kept& kept) {
    const auto found = kept.find(name);
    if (!found) return std::nullopt;
    Divided<SplitType> divided;
    divided.division = {values_of<std::uint32_t>(*found, 0), values_of<Part>(*found, 1),
                        values_of<std::uint32_t>(*found, 2), values_of<std::uint32_t>(*found, 3)};
    divided.entry_tree = {values_of<forest::NodeRef>(*found, 4),
                          values_of<SplitType>(*found, 5),
                          values_of<std::int8_t>(*found, 6),
                          values_of<std::uint64_t>(*found, 7),
                          {}};
    return divided;
}

}  // namespace

template <class SplitType>
Divided<SplitType> order_items(const WithMembers<SplitType>& with_members, const Sides<SplitType>& sides,
                               const Session& session, const ItemCosts& costs, DivideOptions options,
                               const StageWatch& watch,
                               const std::function<void(std::span<const std::uint32_t> place_of_row)>& to_places) {
    options.most_members = session.most_members(costs.code_stride, costs.degree, costs.n_trees);
    if (auto found = find<SplitType>(session.kept())) {
        to_places(found->division.place_of_row);
        return std::move(*found);
    }
    Divided<SplitType> divided = divide(with_members, sides, options, watch);
    to_places(divided.division.place_of_row);
    order_parts(with_members, options, watch, divided);
    keep(session.kept(), divided);
    return divided;
}

std::vector<std::uint32_t> row_of_item(const Division& division) {
    const std::size_t count = division.place_of_row.size();
    std::vector<std::uint32_t> row_of_place(count);
    for (std::uint32_t row = 0; row < count; ++row) row_of_place[division.place_of_row[row]] = row;
    std::vector<std::uint32_t> rows(count);
    for (std::size_t item = 0; item < count; ++item) rows[item] = row_of_place[division.place_of_item[item]];
    return rows;
}

template Divided<forest::Split> order_items(const WithMembers<forest::Split>&, const Sides<forest::Split>&,
                                            const Session&, const ItemCosts&, DivideOptions, const StageWatch&,
                                            const std::function<void(std::span<const std::uint32_t>)>&);
template Divided<forest::BitSplit> order_items(const WithMembers<forest::BitSplit>&, const Sides<forest::BitSplit>&,
                                               const Session&, const ItemCosts&, DivideOptions, const StageWatch&,
                                               const std::function<void(std::span<const std::uint32_t>)>&);

}  // namespace nearfile::build::external
