#include "base/testing/no_alloc_scope.h"

#include <cstdlib>
#include <new>

namespace {
thread_local size_t allocation_count = 0;

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

namespace parley::testing {

NoAllocScope::NoAllocScope() : start_(allocation_count) {}
size_t NoAllocScope::count() const { return allocation_count - start_; }

}  // namespace parley::testing
