// The Index that a Python object holds, and that close() takes away while other threads may be searching it.
//
// Threading: any. get() hands out a copy, which shares the mapping and keeps it alive until that call is done.
#pragma once

#include <mutex>
#include <nearfile/nearfile.hpp>
#include <optional>
#include <utility>

namespace nearfile::python {

class SharedIndex {
public:
    explicit SharedIndex(Index index) : index_(std::move(index)) {}

    Index get() const {
        const std::scoped_lock lock(mutex_);
        if (!index_) {
            throw Error(ErrorCode::closed, "expected an open index, got one that was closed: open it again to use it");
        }
        return *index_;
    }

    // What was held, for the caller to drop: unmapping a large file takes time that nobody should hold a lock for.
    std::optional<Index> close() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(index_, std::nullopt);
    }

    bool closed() const {
        const std::scoped_lock lock(mutex_);
        return !index_;
    }

private:
    mutable std::mutex mutex_;
    std::optional<Index> index_;
};

}  // namespace nearfile::python
