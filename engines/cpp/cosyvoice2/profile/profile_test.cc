#include "cosyvoice2/profile/profile.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::cosyvoice2::profile {
namespace {

class ProfileTest : public ::testing::Test {
 protected:
  ~ProfileTest() override { Stop(); }

  nlohmann::json Read() const {
    const auto text =
        ReadFile(dir_.path() / fmt::format("cosyvoice2-{}.json", ::getpid()), size_t{1} << 27);
    EXPECT_TRUE(text);
    return nlohmann::json::parse(text.value_or("{}"));
  }

  const parley::testing::TempDir dir_;
};

TEST_F(ProfileTest, SpansLieWithinThoseThatEncloseThem) {
  ASSERT_TRUE(Start(dir_.path()));
  EXPECT_TRUE(Read().is_array());
  SetRow("a row");
  {
    const Span outer("outer");
    const Span inner("inner", 7);
  }
  Flush();
  const auto events = Read();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["args"]["name"], "a row");
  const auto& inner = events[1];
  const auto& outer = events[2];
  EXPECT_EQ(inner["name"], "inner");
  EXPECT_EQ(inner["args"]["count"], 7);
  EXPECT_EQ(inner["tid"], outer["tid"]);
  EXPECT_GE(inner["ts"], outer["ts"]);
  const auto end = [](const auto& event) {
    return event["ts"].template get<int64_t>() + event["dur"].template get<int64_t>();
  };
  EXPECT_LE(end(inner), end(outer));
}

TEST_F(ProfileTest, ThreadsOfOneRowAreOneAndTheFileIsWholeAtAnyTime) {
  ASSERT_TRUE(Start(dir_.path()));
  for (int round = 1; round <= 3; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([i] {
        SetRow(i % 2 == 0 ? "even" : "odd");
        for (int k = 0; k < 100; ++k) const Span span("work");
      });
    }
    for (std::thread& thread : threads) thread.join();
    Flush();
    EXPECT_EQ(Read().size(), 2U + 400U * round);
  }
}

TEST_F(ProfileTest, NothingIsWrittenBeforeItIsAskedForOrWhereItCannotBe) {
  { const Span span("nobody looks"); }
  Flush();
  EXPECT_FALSE(Start(dir_.path() / "no such folder"));
  ASSERT_TRUE(Start(dir_.path()));
  EXPECT_FALSE(Start(dir_.path()));
  EXPECT_TRUE(Read().empty());
}

}  // namespace
}  // namespace parley::cosyvoice2::profile
