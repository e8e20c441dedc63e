// The space in which the queries of inner products are like the items. With m the mean of the items and S = L L' the
// second moments of their directions from it,
//
//     <L' q, L^-1 (x - m)> = <q, x> - <q, m>
//
// so an item is seen as L^-1 (x - m) and a query as L' q, and the order of the items by their products with a query
// stays as it was. Seen so, the items lie around the origin in all directions more alike, and users of a factorisation,
// who are S^-1 times a sum of items (that is how alternating least squares finds them), are sums of items. A graph over
// the directions of items then leads to what such queries ask for, and an item is as good as a query:
// docs/algorithms/inner-products.md.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nearfile::codes {

// Sums of y_i y_j, y being the direction of an item from the mean: with lengths left in, a few items of immense length
// would be all that counts. Parts may be summed on different threads; added up in one order they give the same bits
// every time.
class SecondMoments {
public:
    explicit SecondMoments(std::size_t dim);

    std::size_t dim() const noexcept { return dim_; }
    // `values`: an item less the mean. Only its direction matters; one of no length adds nothing.
    void add(std::span<const float> values);
    void add(const SecondMoments& part) noexcept;

    // Of row i the first i + 1, one row after another.
    std::span<const double> sums() const noexcept { return sums_; }

private:
    std::size_t dim_;
    std::vector<double> sums_;
    std::vector<double> direction_;
};

// The numbers of a lower triangle of `dim` rows.
inline std::size_t triangle(std::size_t dim) noexcept {
    return dim * (dim + 1) / 2;
}

struct TrainedWhitening {
    std::vector<float> factor;   // L, row after row: what queries need
    std::vector<float> inverse;  // L^-1, column after column: what items need, and only while building
};

// Cholesky, in double and in a fixed order. A ridge as large as the mean second moment goes half of the way only:
// directions that few items have are not stretched without end, and lengths stay about what they are. Where every item
// is the mean nothing is changed.
TrainedWhitening train_whitening(const SecondMoments& moments);

// L' q; `out` must not overlap `values`. `factor`: triangle(dim) floats, which may lie in a file.
void whiten_query(std::span<const float> factor, std::span<const float> values, std::span<float> out) noexcept;

// L^-1 y, y being an item less the mean.
void whiten_item(std::span<const float> inverse, std::span<const float> values, std::span<float> out) noexcept;

// The query that is seen as `seen`: L'^-1 of it.
void query_seen_as(std::span<const float> inverse, std::span<const float> seen, std::span<float> out) noexcept;

}  // namespace nearfile::codes
