// The working memory that searches leave with an index when they are done, for the next ones. It is lent to one search
// at a time, so its size follows the number of searches at once, not of threads. What it is made of, search/ knows.
//
// Threading: any.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace nearfile::opened {

struct LentMemory {
    LentMemory() = default;
    LentMemory(const LentMemory&) = delete;
    LentMemory& operator=(const LentMemory&) = delete;
    virtual ~LentMemory() = default;
};

class ScratchPool {
public:
    // Null where all of it is lent.
    std::unique_ptr<LentMemory> take() {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) return nullptr;
        auto memory = std::move(free_.back());
        free_.pop_back();
        return memory;
    }

    void give(std::unique_ptr<LentMemory> memory) noexcept {
        const std::lock_guard lock(mutex_);
        try {
            free_.push_back(std::move(memory));
        } catch (...) {
            // No memory to remember it: it is released instead.
        }
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<LentMemory>> free_;
};

}  // namespace nearfile::opened
