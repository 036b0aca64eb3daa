#include "cosyvoice2/weights/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string File(std::string header, std::string_view data) {
  header += "\n";
  const auto size = static_cast<char>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + size + '\0' + header + std::string(data);
}

std::string Ints(std::string_view shape, std::string_view data) {
  return File("{'descr': '<i4', 'fortran_order': False, 'shape': " + std::string(shape) + ", }",
              data);
}

constexpr std::string_view kOneTwo("\x01\0\0\0\x02\0\0\0", 8);

TEST(Npy, ReadsShapeAndElements) {
  const auto array = ParseNpy(Ints("(1, 2)", kOneTwo));
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_THAT(array->shape, ElementsAre(1, 2));
  EXPECT_THAT(array->ints, ElementsAre(1, 2));
}

TEST(Npy, AVectorAScalarAndAnEmptyArrayAreArrays) {
  EXPECT_THAT(ParseNpy(Ints("(2,)", kOneTwo))->shape, ElementsAre(2));
  EXPECT_THAT(ParseNpy(Ints("()", kOneTwo.substr(0, 4)))->ints, ElementsAre(1));
  EXPECT_THAT(ParseNpy(Ints("(0, 80)", ""))->ints, IsEmpty());
}

TEST(Npy, RefusesEveryCutFile) {
  const std::string whole = Ints("(1, 2)", kOneTwo);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseNpy(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST(Npy, AShapeLargerThanTheFileAllocatesNothing) {
  EXPECT_FALSE(ParseNpy(Ints("(99999999999, 99999999999)", kOneTwo)));
  EXPECT_FALSE(ParseNpy(Ints("(-1, 2)", kOneTwo)));
}

TEST(Npy, SaysWhatItDoesNotKnow) {
  const auto order =
      ParseNpy(File("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", kOneTwo));
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().code, Code::kUnimplemented);
  const auto type =
      ParseNpy(File("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", kOneTwo));
  ASSERT_FALSE(type);
  EXPECT_THAT(type.error().message, ::testing::HasSubstr("<c8"));
}

}  // namespace
}  // namespace parley::cosyvoice2
