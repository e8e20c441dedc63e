#include "base/large_buffers.hpp"

#include <new>
#include <utility>

namespace nearfile::base {
namespace {

thread_local LargeBuffers* in_charge = nullptr;

}  // namespace

LargeBuffersFrom::LargeBuffersFrom(LargeBuffers* buffers) noexcept : before_(std::exchange(in_charge, buffers)) {}

LargeBuffersFrom::~LargeBuffersFrom() {
    in_charge = before_;
}

AlignedBuffer allocate(std::size_t bytes) {
    if (in_charge != nullptr && bytes >= LargeBuffers::least) return in_charge->make(bytes);
    AlignedBuffer buffer(bytes);
    if (!buffer.ok()) throw std::bad_alloc();
    return buffer;
}

}  // namespace nearfile::base
