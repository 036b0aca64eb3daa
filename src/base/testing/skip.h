// The only way to skip a test: with a reason, counted. The suite prints the list at its end.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace parley::testing {

// Records the skip; used through SkipCounted.
void CountSkip(const std::string& reason);

}  // namespace parley::testing

// Ends the running test (or fixture's SetUp) as skipped.
#define SkipCounted(reason)                           \
  do {                                                \
    const std::string parley_skip_reason = (reason);  \
    ::parley::testing::CountSkip(parley_skip_reason); \
    GTEST_SKIP() << parley_skip_reason;               \
  } while (false)
