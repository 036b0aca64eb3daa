#include "cosyvoice2/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/testing/skip.h"
#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/testing/small_tokenizer.h"
#include "cosyvoice2/text/byte_pairs.h"
#include "cosyvoice2/text/pre_tokenizer.h"
#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Pieces(std::u32string_view text) {
  std::vector<std::string> pieces;
  for (size_t at = 0; at < text.size();) {
    const size_t end = PieceEnd(text, at);
    pieces.push_back(text::EncodeUtf8(text.substr(at, end - at)));
    at = end;
  }
  return pieces;
}

TEST(PreTokenizer, CutsWordsFiguresAndPunctuation) {
  EXPECT_THAT(Pieces(U"Hello, world! It's 24."),
              ElementsAre("Hello", ",", " world", "!", " It", "'s", " ", "2", "4", "."));
  EXPECT_THAT(Pieces(U"I'M don't 'Sup"), ElementsAre("I", "'M", " don", "'t", " '", "Sup"));
  EXPECT_THAT(Pieces(U"你好，世界。"), ElementsAre("你好", "，世界", "。"));
  EXPECT_THAT(Pieces(U"(a)!?\n\nb"), ElementsAre("(a", ")!?\n\n", "b"));
}

TEST(PreTokenizer, SpacesBelongToWhatFollowsButForTheLastOfThem) {
  EXPECT_THAT(Pieces(U"a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(Pieces(U"a   "), ElementsAre("a", "   "));
  EXPECT_THAT(Pieces(U"a \n \n  b"), ElementsAre("a", " \n \n", " ", " b"));
  EXPECT_THAT(Pieces(U" 7"), ElementsAre(" ", "7"));
}

TEST(BytePairs, TheLowestRankIsJoinedFirstAndTheLeftmostOfEquals) {
  PairRules rules;
  rules[PairKey(1, 2)] = {1, 10};
  rules[PairKey(2, 3)] = {0, 11};
  rules[PairKey(1, 1)] = {2, 12};
  std::vector<int32_t> ids = {1, 2, 3};
  JoinPairs(rules, ids);
  EXPECT_THAT(ids, ElementsAre(1, 11));
  ids = {1, 1, 1};
  JoinPairs(rules, ids);
  EXPECT_THAT(ids, ElementsAre(12, 1));
}

TEST(Tokenizer, ControlTokensFollowTheVocabularyAndAreNeverCut) {
  const auto tokenizer = testing::SmallTokenizer();
  EXPECT_THAT(tokenizer->Encode("<|endofprompt|>[mn]"), ElementsAre(261 + 3, 261 + 19));
  EXPECT_EQ(tokenizer->token_count(), 261 + 20);
  // No control token: the ids of its bytes.
  EXPECT_EQ(tokenizer->Encode("[MN]").size(), 4U);
}

TEST(Tokenizer, JoinsByRankWithinAWord) {
  const auto tokenizer = testing::SmallTokenizer();
  EXPECT_EQ(tokenizer->Encode(" the").size(), 1U);
  EXPECT_EQ(tokenizer->Encode("the").size(), 2U);
}

TEST(Tokenizer, TakesAnyBytes) {
  const auto tokenizer = testing::SmallTokenizer();
  EXPECT_TRUE(tokenizer->Encode("").empty());
  EXPECT_EQ(tokenizer->Encode("\xff").size(), 3U);  // U+FFFD
  EXPECT_EQ(tokenizer->Encode(std::string("a\0b", 3)).size(), 3U);
  EXPECT_EQ(tokenizer->Encode(std::string(100'000, 'x')).size(), 100'000U);
}

TEST(Tokenizer, ReadsMergesWithAndWithoutAVersionLine) {
  const std::string vocabulary = testing::SmallVocabulary();
  const std::string merges = testing::SmallMerges();
  const auto plain = Tokenizer::Create(vocabulary, merges);
  const auto versioned = Tokenizer::Create(vocabulary, "#version: 0.2\n" + merges);
  ASSERT_TRUE(plain);
  ASSERT_TRUE(versioned);
  EXPECT_EQ((*plain)->Encode(" the"), (*versioned)->Encode(" the"));
}

TEST(Tokenizer, RefusesFilesThatDoNotBelongTogether) {
  const auto unknown = Tokenizer::Create(testing::SmallVocabulary(), "q q\n");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("'q q'"));
  EXPECT_FALSE(Tokenizer::Create("{\"a\": 0}", ""));
  EXPECT_FALSE(Tokenizer::Create("[]", ""));
  EXPECT_FALSE(Tokenizer::Create("{\"a\": 7}", ""));
  EXPECT_FALSE(Tokenizer::Create(testing::SmallVocabulary(), "th\n"));
}

TEST(Tokenizer, GivesEveryGoldenId) {
  const auto root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  const auto rows = goldens::RunTokenizerSet({root, root / "G2_tokenizer"});
  ASSERT_TRUE(rows) << rows.error().message;
  for (const goldens::Row& row : *rows) {
    EXPECT_EQ(row.verdict, goldens::Verdict::kPassed) << row.note;
  }
}

}  // namespace
}  // namespace parley::cosyvoice2
