#include "base/result.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(Code::kInvalidArgument, "odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  PARLEY_TRY(const int half, Half(n));
  return Half(half);
}

TEST(Result, TryReturnsTheFirstErrorAndPassesValuesOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error(), (Error{Code::kInvalidArgument, "odd"}));
  EXPECT_EQ(Quarter(3).error().code, Code::kInvalidArgument);
}

TEST(Result, EachCodeHasANameThatLeadsBackToIt) {
  for (int number = 1; number <= 16; ++number) {
    const Code code = static_cast<Code>(number);
    EXPECT_EQ(CodeFromName(CodeName(code)), code) << number;
  }
  EXPECT_EQ(CodeFromName("no such code"), Code::kUnknown);
}

}  // namespace
}  // namespace parley
