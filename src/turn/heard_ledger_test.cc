#include "turn/heard_ledger.h"

#include <gtest/gtest.h>

#include <string>

namespace parley::turn {
namespace {

constexpr int kRate = 24'000;
const std::string kSource = "Hello **big** world. Bye now.";

// Two utterances of the source, the first with marks at each word, 1000 samples a word.
HeardLedger MakeLedger() {
  segment::Segmenter segmenter;
  segmenter.Feed(kSource);
  segmenter.Finish();
  HeardLedger ledger(kRate);
  ledger.Add(UtteranceId{1}, *segmenter.Next());
  ledger.Add(UtteranceId{2}, *segmenter.Next());
  EXPECT_TRUE(ledger.Ready(UtteranceId{1}));
  EXPECT_TRUE(ledger.AddMark(UtteranceId{1}, {5, 1000}));
  EXPECT_TRUE(ledger.AddMark(UtteranceId{1}, {9, 2000}));
  EXPECT_TRUE(ledger.AddMark(UtteranceId{1}, {16, 3000}));
  EXPECT_TRUE(ledger.Finish(UtteranceId{1}, 3200));
  return ledger;
}

std::string Heard(const HeardLedger& ledger, int64_t position) {
  return kSource.substr(0, ledger.SourceHeard(position));
}

TEST(HeardLedger, AWordIsHeardWhenItHasEnded) {
  const HeardLedger ledger = MakeLedger();
  EXPECT_EQ(Heard(ledger, 0), "");
  EXPECT_EQ(Heard(ledger, 999), "");
  EXPECT_EQ(Heard(ledger, 1000), "Hello");
  EXPECT_EQ(Heard(ledger, 2500), "Hello **big");
  EXPECT_EQ(Heard(ledger, 3200), "Hello **big** world.");
}

TEST(HeardLedger, WithoutMarksTheShareOfCharactersCountsCutAtAWord) {
  HeardLedger ledger = MakeLedger();
  EXPECT_TRUE(ledger.Finish(UtteranceId{2}, 1000));
  EXPECT_EQ(Heard(ledger, 3200 + 300), "Hello **big** world.");
  EXPECT_EQ(Heard(ledger, 3200 + 600), "Hello **big** world. Bye");
  EXPECT_EQ(Heard(ledger, 4200), kSource);
  EXPECT_EQ(ledger.TotalSamples(), 4200);
}

TEST(HeardLedger, TextMayBeShownOnceItsAudioHasBegun) {
  HeardLedger ledger = MakeLedger();
  EXPECT_EQ(ledger.SourceBegun(0), 0u);
  EXPECT_EQ(kSource.substr(0, ledger.SourceBegun(1)), "Hello **big** world.");
  EXPECT_EQ(kSource.substr(0, ledger.SourceBegun(3200)), "Hello **big** world.");
  EXPECT_TRUE(ledger.Ready(UtteranceId{2}));
  EXPECT_EQ(ledger.SourceBegun(3201), kSource.size());
}

TEST(HeardLedger, AFailedUtteranceIsSplitAtAWord) {
  HeardLedger ledger(kRate);
  segment::Segmenter segmenter;
  segmenter.Feed(kSource);
  segmenter.Finish();
  ledger.Add(UtteranceId{1}, *segmenter.Next());
  ledger.Ready(UtteranceId{1});
  ledger.AddMark(UtteranceId{1}, {5, 1000});
  ledger.Split(0, 1000, 5, UtteranceId{7});
  ASSERT_EQ(ledger.entries().size(), 2u);
  EXPECT_EQ(ledger.entries()[0].utterance.text, "Hello");
  EXPECT_EQ(ledger.entries()[1].utterance.text, "big world.");
  ledger.Ready(UtteranceId{7});
  ledger.AddMark(UtteranceId{7}, {3, 500});
  EXPECT_EQ(Heard(ledger, 1000), "Hello");
  EXPECT_EQ(Heard(ledger, 1500), "Hello **big");
  EXPECT_EQ(ledger.entries()[1].utterance.source_upto, std::string("Hello **big** world.").size());
}

TEST(HeardLedger, MarksOfUnknownOrFinishedUtterancesAreRefused) {
  HeardLedger ledger = MakeLedger();
  EXPECT_FALSE(ledger.AddMark(UtteranceId{1}, {16, 3100}));
  EXPECT_FALSE(ledger.AddMark(UtteranceId{9}, {1, 1}));
  EXPECT_FALSE(ledger.AddMark(UtteranceId{2}, {1000, 1})) << "beyond the text";
  EXPECT_FALSE(ledger.Finish(UtteranceId{1}, 5));
  EXPECT_TRUE(ledger.AddMark(UtteranceId{2}, {3, 50}));
  EXPECT_FALSE(ledger.AddMark(UtteranceId{2}, {8, 40})) << "going back";
}

}  // namespace
}  // namespace parley::turn
