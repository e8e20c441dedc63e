// The Arrow C data and C stream interfaces, as https://arrow.apache.org/docs/format/CDataInterface.html has published
// them: structures that any library can fill, and a callback that lets go of what one holds.
#pragma once

#include <cstdint>

namespace nearfile::python {

struct ArrowSchema {
    const char* format;
    const char* name;
    const char* metadata;
    std::int64_t flags;
    std::int64_t n_children;
    ArrowSchema** children;
    ArrowSchema* dictionary;
    void (*release)(ArrowSchema*);
    void* private_data;
};

struct ArrowArray {
    std::int64_t length;
    std::int64_t null_count;
    std::int64_t offset;
    std::int64_t n_buffers;
    std::int64_t n_children;
    const void** buffers;
    ArrowArray** children;
    ArrowArray* dictionary;
    void (*release)(ArrowArray*);
    void* private_data;
};

struct ArrowArrayStream {
    int (*get_schema)(ArrowArrayStream*, ArrowSchema* out);
    int (*get_next)(ArrowArrayStream*, ArrowArray* out);
    const char* (*get_last_error)(ArrowArrayStream*);
    void (*release)(ArrowArrayStream*);
    void* private_data;
};

inline constexpr std::int64_t arrow_nullable = 2;  // of a schema's flags

// One of them that is ours, let go of once. What it was taken from has nothing left to let go of.
template <class T>
class Owned {
public:
    Owned() = default;
    explicit Owned(T& from) { take(from); }
    ~Owned() {
        if (held_.release != nullptr) held_.release(&held_);
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    const T& operator*() const { return held_; }
    const T* operator->() const { return &held_; }
    T* get() const { return &held_; }  // callbacks change what they are asked about
    bool is_released() const { return held_.release == nullptr; }
    void take(T& from) {
        held_ = from;
        from.release = nullptr;
    }

private:
    mutable T held_{};
};

}  // namespace nearfile::python
