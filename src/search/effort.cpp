#include "search/effort.hpp"

#include <algorithm>
#include <cmath>

namespace nearfile::search {
namespace {

constexpr float least_led_to = 0.9f;

// On the curve of one k.
double effort_on(std::span<const CalibrationPoint> curve, float recall) {
    double before = curve.front().effort;
    float recall_before = 0;
    for (const CalibrationPoint& point : curve) {
        if (point.recall >= recall) {
            if (&point == curve.data()) return point.effort;
            const double share = (recall - recall_before) / std::max(1e-6f, point.recall - recall_before);
            return before + share * (point.effort - before);
        }
        before = point.effort;
        recall_before = point.recall;
    }
    // A walk that does not lead to most of the answers even so: all items.
    if (curve.back().recall < least_led_to) return static_cast<double>(max_count);
    // More than was ever measured: twice the largest effort.
    return 2.0 * curve.back().effort;
}

// Whatever a damaged file makes of it, a number of vertices.
std::uint32_t whole(double effort) {
    if (!(effort > 1)) return 1;
    return static_cast<std::uint32_t>(std::ceil(std::min(effort, 4e9)));
}

std::span<const CalibrationPoint> curve_of(std::span<const CalibrationPoint> curves, std::uint32_t k) {
    const auto is_k = [k](const CalibrationPoint& point) { return point.k == k; };
    const auto first = std::find_if(curves.begin(), curves.end(), is_k);
    const auto last = std::find_if_not(first, curves.end(), is_k);
    return {first, last};
}

}  // namespace

std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall,
                         std::uint32_t otherwise) {
    std::uint32_t lower = 0;
    std::uint32_t upper = 0;
    for (const std::uint32_t each : calibrated_ks) {
        if (curve_of(curves, each).empty()) continue;
        if (each <= k) lower = each;
        if (each >= k && upper == 0) upper = each;
    }
    if (lower == 0 && upper == 0) return otherwise;
    // Beyond the curves, in proportion.
    if (upper == 0) return whole(effort_on(curve_of(curves, lower), recall) * k / lower);
    const double high = effort_on(curve_of(curves, upper), recall);
    if (lower == 0 || lower == upper) return whole(high);
    const double low = effort_on(curve_of(curves, lower), recall);
    const double share = std::log(static_cast<double>(k) / lower) / std::log(static_cast<double>(upper) / lower);
    return whole(low + share * (high - low));
}

}  // namespace nearfile::search
