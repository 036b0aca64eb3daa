#include "dialogue/sse_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace parley::dialogue {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Parse(const std::vector<std::string>& pieces) {
  SseParser parser(100);
  std::vector<std::string> events;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(parser.Feed(piece, [&](std::string_view data) {
      events.emplace_back(data);
      return true;
    }));
  }
  return events;
}

TEST(SseParser, EventsEndAtAnEmptyLine) {
  EXPECT_THAT(Parse({"data: one\n\ndata:two\n\ndata: three\n"}), ElementsAre("one", "two"));
}

TEST(SseParser, EveryLineEndCountsAlike) {
  EXPECT_THAT(Parse({"data: a\r\n\r\ndata: b\r\rdata: c\n\n"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Parse({"data: a\r", "\n\r", "\ndata: b\n\n"}), ElementsAre("a", "b"));
}

TEST(SseParser, OtherFieldsAndCommentsAreNoData) {
  EXPECT_THAT(Parse({": keep-alive\n\nevent: x\nid: 3\ndata: a\nretry: 5\n\n\n\n"}),
              ElementsAre("a"));
}

TEST(SseParser, LinesOfOneEventAreJoined) {
  EXPECT_THAT(Parse({"data: a\ndata\ndata:  b\n\n"}), ElementsAre("a\n\n b"));
}

TEST(SseParser, AByteOrderMarkIsSkippedAtTheStartOnly) {
  EXPECT_THAT(Parse({"\xef\xbb\xbf", "data: a\n\n"}), ElementsAre("a"));
}

TEST(SseParser, ALineOrEventWithoutEndIsRefused) {
  const auto ignore = [](std::string_view) { return true; };
  SseParser line(100);
  EXPECT_TRUE(line.Feed(std::string(100, 'x'), ignore));
  EXPECT_EQ(line.Feed("x", ignore).error().code, Code::kOutOfRange);
  SseParser event(100);
  EXPECT_TRUE(event.Feed("data: " + std::string(90, 'x') + "\n", ignore));
  EXPECT_EQ(event.Feed("data: 0123456789\n", ignore).error().code, Code::kOutOfRange);
}

TEST(SseParser, HowTheBytesAreCutDoesNotMatter) {
  EXPECT_TRUE(rc::check([](std::vector<std::string> texts, uint8_t step) {
    std::string stream;
    for (const std::string& text : texts) stream += text + "data: " + text + "\r\n\n";
    if (stream.size() > 100) stream.resize(100);
    std::vector<std::string> pieces;
    for (size_t at = 0; at < stream.size(); at += step % 7 + 1) {
      pieces.push_back(stream.substr(at, step % 7 + 1));
    }
    RC_ASSERT(Parse(pieces) == Parse({stream}));
  }));
}

}  // namespace
}  // namespace parley::dialogue
