#include "build/mips_augmentation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

namespace nearfile::build {
namespace {

using kernels::ItemId;

// The numbers below, and what they give, are in docs/algorithms/forest.md.
constexpr std::uint32_t max_asking = 64;
constexpr std::uint32_t max_asked = 100'000;
constexpr std::size_t answers_each = 10;
constexpr float length_weight = 0.85f;

class Asking {
public:
    Asking(const kernels::Kernels& kernels, const codes::ScaledLayout& layout, std::uint32_t count,
           const std::byte* rows)
        : kernels_(kernels), layout_(layout), rows_(rows), code_((layout.dim + 63) / 64 * 64) {
        for (std::uint64_t i = 0, n = std::min(count, max_asked); i < n; ++i) {
            asked_.push_back(static_cast<ItemId>(i * count / n));
        }
    }

    // Appends the squared lengths of those whose inner products with an item are largest, itself left out.
    void ask(ItemId item, std::vector<float>& squares) {
        const std::byte* row = rows_ + item * layout_.stride;
        for (std::size_t i = 0; i < layout_.dim; ++i) {
            code_[i] = std::max(static_cast<std::int8_t>(row[i]), std::int8_t{-127});  // what kernels take of a query
        }
        nearest_.clear();
        for (std::size_t start = 0; start < asked_.size(); start += at_once) {
            const std::size_t n = std::min(at_once, asked_.size() - start);
            std::array<std::int32_t, at_once> products;
            kernels_.dot_i8(code_.data(), reinterpret_cast<const std::int8_t*>(rows_), layout_.stride, &asked_[start],
                            n, layout_.dim, products.data());
            for (std::size_t i = 0; i < n; ++i) {
                const ItemId other = asked_[start + i];
                if (other != item) keep({tail(other).scale * static_cast<float>(products[i]), other});
            }
        }
        for (const auto& [product, other] : nearest_) squares.push_back(tail(other).squared_norm);
    }

    codes::ScaledTail tail(ItemId row) const noexcept {
        return codes::read_tail(layout_, rows_ + row * layout_.stride);
    }

private:
    using Product = std::pair<float, ItemId>;
    static constexpr std::size_t at_once = 256;

    // The smallest comes first in the heap.
    void keep(Product product) {
        if (nearest_.size() == answers_each) {
            if (product <= nearest_.front()) return;
            std::pop_heap(nearest_.begin(), nearest_.end(), std::greater<>{});
            nearest_.pop_back();
        }
        nearest_.push_back(product);
        std::push_heap(nearest_.begin(), nearest_.end(), std::greater<>{});
    }

    const kernels::Kernels& kernels_;
    const codes::ScaledLayout& layout_;
    const std::byte* rows_;
    std::vector<ItemId> asked_;
    std::vector<std::int8_t> code_;
    std::vector<Product> nearest_;
};

}  // namespace

std::vector<float> augmented_coordinates(const kernels::Kernels& kernels, const codes::ScaledLayout& layout,
                                         std::uint32_t count, const std::byte* rows) {
    Asking asking(kernels, layout, count, rows);
    std::vector<float> squares;
    for (std::uint64_t i = 0, n = std::min(count, max_asking); i < n; ++i) {
        const auto item = static_cast<ItemId>(i * count / n);
        if (asking.tail(item).squared_norm > 0) asking.ask(item, squares);  // a zero vector has no opinion
    }
    // A quarter of the answers are shorter.
    float common = 0;
    if (!squares.empty()) {
        const auto quarter = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 4);
        std::nth_element(squares.begin(), quarter, squares.end());
        common = *quarter;
    }
    std::vector<float> coordinates(count);
    for (std::uint32_t row = 0; row < count; ++row) {
        coordinates[row] = length_weight * std::sqrt(std::max(common - asking.tail(row).squared_norm, 0.0f));
    }
    return coordinates;
}

}  // namespace nearfile::build
