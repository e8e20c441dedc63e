// What the building of a graph asks of the items: how far one is from others. Implemented in build/, which knows the
// codes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/kernels.hpp"

namespace nearfile::graph {

using kernels::ItemId;

// A few items brought together for many distances among them, which are then cheaper than by number. They go by their
// place. For one thread, reused.
class PackedRows {
public:
    virtual ~PackedRows() = default;

    virtual void take(std::span<const ItemId> some) = 0;

    // Only the items at these places stay, ascending, and move up to the first places.
    virtual void keep(std::span<const std::uint32_t> places) = 0;

    // From the item at `place` to all after it.
    virtual void onwards(std::uint32_t place, float* out) = 0;

    // Between all pairs: out[i * stride + j] from place i to place j. `stride` is at least the number of items.
    virtual void all(std::size_t stride, float* out) = 0;
};

class Distances {
public:
    virtual ~Distances() = default;

    virtual std::uint32_t count() const noexcept = 0;

    // From `item` to each of `to`: not below zero, the same for (a, b) and (b, a), on every machine. Squared where the
    // metric is Euclidean. Called from many threads.
    virtual void from(ItemId item, std::span<const ItemId> to, float* out) const = 0;

    // The same distances. It refers to this.
    virtual std::unique_ptr<PackedRows> packed() const;

    // Whether duplicates, items at no distance from each other, must not take all of an item's places: where an item
    // need not be its own best answer, its duplicates lead nowhere.
    virtual bool spreads_duplicates() const noexcept { return false; }

    // How much a factor on the metric's distances means here: its square where distances are squared.
    virtual float scaled(float factor) const noexcept = 0;
};

// Where nothing is gained by bringing items together.
class PackedItemIds final : public PackedRows {
public:
    explicit PackedItemIds(const Distances& distances) : distances_(distances) {}
    void take(std::span<const ItemId> some) override { items_.assign(some.begin(), some.end()); }
    void keep(std::span<const std::uint32_t> places) override {
        for (std::size_t i = 0; i < places.size(); ++i) items_[i] = items_[places[i]];
        items_.resize(places.size());
    }
    void onwards(std::uint32_t place, float* out) override {
        distances_.from(items_[place], std::span(items_).subspan(place + 1), out);
    }
    void all(std::size_t stride, float* out) override {
        for (std::size_t i = 0; i < items_.size(); ++i) distances_.from(items_[i], items_, out + i * stride);
    }

private:
    const Distances& distances_;
    std::vector<ItemId> items_;
};

inline std::unique_ptr<PackedRows> Distances::packed() const {
    return std::make_unique<PackedItemIds>(*this);
}

}  // namespace nearfile::graph
