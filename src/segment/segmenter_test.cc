#include "segment/segmenter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace parley::segment {
namespace {

using Texts = std::vector<std::string>;

std::vector<Utterance> Segment(const std::vector<std::string>& deltas, bool finish = true) {
  Segmenter segmenter;
  for (const std::string& delta : deltas) segmenter.Feed(delta);
  if (finish) segmenter.Finish();
  std::vector<Utterance> all;
  while (auto utterance = segmenter.Next()) all.push_back(std::move(*utterance));
  return all;
}

Texts Spoken(const std::vector<std::string>& deltas, bool finish = true) {
  Texts texts;
  for (const Utterance& utterance : Segment(deltas, finish)) {
    if (!utterance.text.empty()) texts.push_back(utterance.text);
  }
  return texts;
}

TEST(Segmenter, FirstClauseComesBeforeTheSentenceEnds) {
  EXPECT_EQ(Spoken({"The capital of France, as", " you"}, false), Texts{"The capital of France,"});
  EXPECT_EQ(Spoken({"Well, it is"}, false), Texts{})
      << "one word would end before the next is made";
}

TEST(Segmenter, LaterClausesWaitForTheirSentence) {
  EXPECT_EQ(Spoken({"It is Paris. When you go there, by train, take a coat. Bye."}),
            (Texts{"It is Paris.", "When you go there, by train, take a coat.", "Bye."}));
}

TEST(Segmenter, AFirstSentenceWithoutMarksIsCutBeforeAConjunction) {
  EXPECT_EQ(Spoken({"The little red house on top of the hill is where my "}, false),
            Texts{"The little red house on top"});
  EXPECT_EQ(Spoken({"One two three four five six seven eight nine ten eleven"}, false),
            Texts{"One two three four five six seven eight nine ten"});
}

TEST(Segmenter, AbbreviationsAndDecimalsDoNotEndSentences) {
  EXPECT_EQ(
      Spoken({"Ok. Dr. Smith paid 3.14 dollars, e.g. to Mr. J. Doe of the U.S. Navy. Yes."}),
      (Texts{"Ok.", "Dr. Smith paid 3.14 dollars, e.g. to Mr. J. Doe of the U.S. Navy.", "Yes."}));
  EXPECT_EQ(Spoken({"Ok.\n1. First\n2. Second"}), (Texts{"Ok.", "1. First", "2. Second"}));
  EXPECT_EQ(Spoken({"I am here. No. Go."}), (Texts{"I am here.", "No. Go."}));
}

TEST(Segmenter, AStopAtTheEndOfADeltaWaitsForWhatFollows) {
  EXPECT_EQ(Spoken({"It costs 3."}, false), Texts{});
  EXPECT_EQ(Spoken({"It costs 3.", "14 today. "}, false), Texts{"It costs 3.14 today."});
  EXPECT_EQ(Spoken({"It costs 3.", " Cheap"}, false), Texts{"It costs 3."});
}

TEST(Segmenter, EllipsisIsAPauseAndNotAnEnd) {
  EXPECT_EQ(Spoken({"Ok. Well... I think so… maybe. Yes!"}),
            (Texts{"Ok.", "Well... I think so… maybe.", "Yes!"}));
}

TEST(Segmenter, QuotesAndBracketsStayWithTheirSentence) {
  EXPECT_EQ(Spoken({"He said \"Go.\" Then (really!) he left. **Done.** Ok?"}),
            (Texts{"He said \"Go.\"", "Then (really!)", "he left.", "Done.", "Ok?"}));
}

TEST(Segmenter, WideStopsNeedNoSpace) {
  EXPECT_EQ(Spoken({"你好。今天天气很好，我们去公园吧！好。"}),
            (Texts{"你好。", "今天天气很好，我们去公园吧！", "好。"}));
  EXPECT_EQ(Spoken({"今天天气很好，我们去"}, false), Texts{"今天天气很好，"});
}

TEST(Segmenter, CodeIsPassedOver) {
  const auto all = Segment({"Use this:\n``", "`cpp\nint x = 0;\n// `` `\n```\nThat is all."});
  Texts texts;
  for (const Utterance& utterance : all) {
    if (!utterance.text.empty()) texts.push_back(utterance.text);
  }
  EXPECT_EQ(texts, (Texts{"Use this:", "That is all."}));
  EXPECT_EQ(all.back().source_upto, std::string("Use this:\n```cpp\nint x = 0;\n// `` `\n```\n"
                                                "That is all.")
                                        .size());
}

TEST(Segmenter, ALongSentenceIsCutAtAClauseThenAtAWord) {
  std::string clause = "Ok. ";
  for (int i = 0; i < 60; ++i) clause += i == 50 ? "word, " : "word ";
  const Texts cut = Spoken({clause}, false);
  ASSERT_EQ(cut.size(), 2u);
  EXPECT_EQ(cut[1].back(), ',');
  const Texts words = Spoken({"Ok. " + std::string(100, 'x') + " " + std::string(2000, 'y')});
  for (const std::string& text : words) EXPECT_LE(text.size(), 600u);
}

TEST(Segmenter, NothingIsSaidForEmptyOrSpeechlessText) {
  EXPECT_EQ(Spoken({""}), Texts{});
  EXPECT_EQ(Spoken({"  \n\n "}), Texts{});
  EXPECT_EQ(Spoken({"🎉🎉🎉"}), Texts{});
  EXPECT_EQ(Spoken({"***"}), Texts{});
}

TEST(Segmenter, APlaceInTheSpeechLeadsBackToTheSource) {
  const auto all = Segment({"Yes. **Paris** is [nice](http://a.b) indeed."});
  ASSERT_EQ(all.size(), 2u);
  const std::string source = "Yes. **Paris** is [nice](http://a.b) indeed.";
  EXPECT_EQ(all[1].text, "Paris is nice indeed.");
  EXPECT_EQ(source.substr(0, SourceOffset(all[1], 5)), "Yes. **Paris");
  EXPECT_EQ(source.substr(0, SourceOffset(all[1], 13)), "Yes. **Paris** is [nice");
  EXPECT_EQ(SourceOffset(all[1], 0), all[1].source_from);
  EXPECT_EQ(SourceOffset(all[1], 1000), source.size());
}

TEST(Segmenter, ResetBeginsANewStream) {
  Segmenter segmenter;
  segmenter.Feed("```\nleft open");
  segmenter.Finish();
  segmenter.Reset();
  segmenter.Feed("Hello there. ");
  const auto first = segmenter.Next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->text, "Hello there.");
  EXPECT_EQ(first->source_from, 0u);
}

// Text built from pieces that matter to the segmenter, cut into deltas anywhere.
rc::Gen<std::string> AnyText() {
  const auto piece = rc::gen::element<std::string>(
      "word", "the", "and", " ", " ", "\n", ".", ". ", "...", "!", "?", ", ", ": ", "`", "```",
      "```\n", "**", "_", "# ", "- ", "[x](http://y.z)", "https://a.b/c", "Dr.", "3.14", "e.g.",
      "你好", "。", "，", "🎉", "\xff", "\xe4\xbd", "\"", ")", "…", " — ", "\x01");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string all;
                        for (const std::string& part : pieces) all += part;
                        return all;
                      });
}

RC_GTEST_PROP(SegmenterProperty, UtterancesCoverTheSourceInOrder, ()) {
  const std::string source = *AnyText();
  std::vector<std::string> deltas;
  for (size_t at = 0; at < source.size();) {
    const auto bytes = static_cast<size_t>(*rc::gen::inRange(1, 40));
    deltas.push_back(source.substr(at, bytes));
    at += bytes;
  }
  size_t at = 0;
  for (const Utterance& utterance : Segment(deltas)) {
    RC_ASSERT(utterance.source_from == at);
    RC_ASSERT(utterance.source_upto > at);
    RC_ASSERT(utterance.source_upto - at <= 600u);
    at = utterance.source_upto;
    uint32_t text_at = 0;
    uint32_t source_at = 0;
    for (const SourceSpan& span : utterance.spans) {
      RC_ASSERT(span.text_at >= text_at && span.source_at >= source_at);
      RC_ASSERT(utterance.text.substr(span.text_at, span.length) ==
                source.substr(utterance.source_from + span.source_at, span.length));
      text_at = span.text_at + span.length;
      source_at = span.source_at + span.length;
    }
    RC_ASSERT(text_at == utterance.text.size());
  }
  RC_ASSERT(at == source.size());
}

RC_GTEST_PROP(SegmenterProperty, EveryWordIsSpokenOnceHoweverTheStreamIsCut,
              (const std::vector<uint8_t>& picks)) {
  static const std::vector<std::string> kWords = {"alpha", "beta.", "gamma,", "delta!", "and",
                                                  "of",    "3.5",   "Dr.",    "ünder"};
  std::string source;
  for (const uint8_t pick : picks) source += kWords[pick % kWords.size()] + " ";
  std::vector<std::string> deltas;
  for (size_t at = 0; at < source.size();) {
    const auto bytes = static_cast<size_t>(*rc::gen::inRange(1, 9));
    deltas.push_back(source.substr(at, bytes));
    at += bytes;
  }
  std::string spoken;
  for (const std::string& text : Spoken(deltas)) spoken += text + " ";
  RC_ASSERT(spoken == source);
}

}  // namespace
}  // namespace parley::segment
