#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

std::string Decode(std::string_view text) {
  const auto bytes = Base64Decode(text);
  return bytes ? std::string(bytes->begin(), bytes->end()) : bytes.error().message;
}

std::string Encode(std::string_view text) {
  return Base64Encode({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST(Base64, KnownAnswersOfTheRfc) {
  for (const auto& [plain, coded] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(Encode(plain), coded);
    EXPECT_EQ(Decode(coded), plain);
  }
}

TEST(Base64, BadInputIsRefusedAndNamesThePlace) {
  for (const char* bad : {"Zg=", "Z===", "Zg==Zg==", " Zg==", "Zm 9", "Zm9-", "====", "Zm9v\n"}) {
    EXPECT_FALSE(Base64Decode(bad)) << bad;
  }
  EXPECT_EQ(Decode("Zm9vZ-9v"), "not base64 at character 5");
}

}  // namespace
}  // namespace parley
