#include "config/internal/nearest.h"

#include <gtest/gtest.h>

namespace parley::config::internal {
namespace {

TEST(Nearest, CountsASwapAsOneSlip) {
  EXPECT_EQ(EditDistance("resident", "residnet"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

TEST(Nearest, FindsWhatWasMeantAndNothingFarAway) {
  const std::vector<std::string> keys{"llm.url", "llm.model", "http.port"};
  EXPECT_EQ(Nearest("llm.modle", keys), "llm.model");
  EXPECT_EQ(Nearest("llm_url", keys), "llm.url");
  EXPECT_EQ(Nearest("voice.speed", keys), "");
}

TEST(Nearest, ALongWordCostsNothing) { EXPECT_EQ(Nearest(std::string(1 << 20, 'a'), {"a"}), ""); }

}  // namespace
}  // namespace parley::config::internal
