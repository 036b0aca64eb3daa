// Shows that a stretch of code allocates nothing: on this thread, within the scope, each call of
// operator new is counted.
//
//   const NoAllocScope scope;
//   limiter.Process(frame);
//   EXPECT_EQ(scope.count(), 0);
#pragma once

#include <cstddef>

namespace parley::testing {

class NoAllocScope {
 public:
  NoAllocScope();
  // Allocations of this thread since the scope began.
  size_t count() const;

 private:
  size_t start_;
};

}  // namespace parley::testing
