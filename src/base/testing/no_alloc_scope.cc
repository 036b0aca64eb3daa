#include "base/testing/no_alloc_scope.h"

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PARLEY_SANITIZER_OWNS_NEW
#include <sanitizer/allocator_interface.h>
#endif
#endif

namespace {
thread_local size_t allocation_count = 0;
}  // namespace

#ifdef PARLEY_SANITIZER_OWNS_NEW
// clang's ThreadSanitizer brings an operator new that nobody may replace, and tells of each call.
namespace {
__attribute__((no_sanitize("thread"))) void OnAllocated(const volatile void*, size_t) {
  ++allocation_count;
}
void OnFreed(const volatile void*) {}
[[maybe_unused]] const int installed =
    __sanitizer_install_malloc_and_free_hooks(OnAllocated, OnFreed);
}  // namespace
#else
namespace {
void* Allocate(size_t size) {
  ++allocation_count;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

// The forms that the standard library and compilers call end here; aligned ones keep their default.
void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace parley::testing {

NoAllocScope::NoAllocScope() : start_(allocation_count) {}
size_t NoAllocScope::count() const { return allocation_count - start_; }

}  // namespace parley::testing
