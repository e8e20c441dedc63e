#include "index/scratch.hpp"

namespace nearfile::index {

ScratchPool::ScratchPool() = default;
ScratchPool::~ScratchPool() = default;

std::unique_ptr<Scratch> ScratchPool::take(const Index::State& state) {
    {
        const std::lock_guard lock(mutex_);
        if (!free_.empty()) {
            auto scratch = std::move(free_.back());
            free_.pop_back();
            return scratch;
        }
    }
    return std::make_unique<Scratch>(state);
}

void ScratchPool::give(std::unique_ptr<Scratch> scratch) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        free_.push_back(std::move(scratch));
    } catch (...) {
        // No memory to remember it: it is released instead.
    }
}

}  // namespace nearfile::index
