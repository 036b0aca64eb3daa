#include "cli/config_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/file.h"

namespace parley::cli {
namespace {

TEST(ConfigurationReference, TheDocumentIsWhatTheProgramsDo) {
  ::unsetenv("PARLEY_CACHE");
  const auto document =
      ReadFile(std::string(PARLEY_SOURCE_DIR) + "/docs/configuration.md", 1 << 20);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(*document, ConfigurationReference())
      << "bring it up to date: parley config --reference > docs/configuration.md";
}

}  // namespace
}  // namespace parley::cli
