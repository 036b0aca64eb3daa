// What is taken for a grammar, and what is refused with a reason.
#include "grammar/internal/fst_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "grammar/testing/grammar_files.h"

namespace parley::grammar::internal {
namespace {

using testing::FstWriter;
using ::testing::HasSubstr;

FstWriter Small() {
  FstWriter fst;
  const int start = fst.AddState();
  fst.final = fst.AddChain(start, "a", "xy");
  return fst;
}

std::string ProblemOf(const std::string& bytes) {
  const auto fst = ParseFst(bytes, "g.fst");
  if (fst) return "";
  EXPECT_EQ(fst.error().code, Code::kDataLoss);
  EXPECT_THAT(fst.error().message, HasSubstr("the grammar g.fst is no sound FST"));
  EXPECT_THAT(fst.error().message, HasSubstr("parley models pull"));
  return fst.error().message;
}

std::string ProblemWithArc(FstWriter::Arc arc) {
  FstWriter fst = Small();
  fst.AddArc(0, arc);
  return ProblemOf(fst.Bytes());
}

TEST(FstFile, ReadsStatesAndArcs) {
  const auto fst = ParseFst(Small().Bytes(), "g.fst");
  ASSERT_TRUE(fst) << fst.error().message;
  ASSERT_EQ(fst->states.size(), 3u);
  ASSERT_EQ(fst->arcs.size(), 2u);
  EXPECT_EQ(fst->arcs[0].in, 'a');
  EXPECT_EQ(fst->arcs[0].out, 'x');
  EXPECT_EQ(fst->arcs[1].in, 0);
  EXPECT_EQ(fst->arcs[1].next, 2u);
  EXPECT_FALSE(fst->states[0].final);
  EXPECT_TRUE(fst->states[2].final);
}

TEST(FstFile, WhatIsWrongIsNamed) {
  FstWriter fst = Small();
  EXPECT_THAT(ProblemOf(""), HasSubstr("does not begin like one"));
  EXPECT_THAT(ProblemOf("version https://git-lfs"), HasSubstr("does not begin like one"));
  EXPECT_THAT(ProblemOf(fst.Bytes().substr(0, 40)), HasSubstr("ends in its header"));
  EXPECT_THAT(ProblemOf(fst.Bytes() + "x"), HasSubstr("follows its last state"));
  fst.type = "const";
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("type 'const'"));
  fst = Small();
  fst.arcs = "log";
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("arcs 'log'"));
  fst = Small();
  fst.version = 1;
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("version 1"));
  fst = Small();
  fst.flags = 1;
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("tables of symbols"));
  fst = Small();
  fst.claimed_states = std::numeric_limits<long>::max();
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("claims 9223372036854775807 states"));
  fst = Small();
  fst.start = 3;
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("its start is state 3 of 3"));
  EXPECT_THAT(ProblemOf(std::string(kFstBytesMax + 1, 'x')), HasSubstr("larger than"));
}

TEST(FstFile, ArcsThatLeadNowhereAreRefused) {
  EXPECT_THAT(ProblemWithArc({.in = 'b', .next = 3}), HasSubstr("leads to state 3 of 3"));
  EXPECT_THAT(ProblemWithArc({.in = 'b', .next = -1}), HasSubstr("leads to state -1 of 3"));
  EXPECT_THAT(ProblemWithArc({.in = 256}), HasSubstr("labels are 256 and 0"));
  EXPECT_THAT(ProblemWithArc({.in = 'b', .out = -1}), HasSubstr("labels are 98 and -1"));
  EXPECT_THAT(ProblemWithArc({.in = 'b', .weight = std::numeric_limits<float>::quiet_NaN()}),
              HasSubstr("not finite"));
}

TEST(FstFile, ACircleThatReadsNothingIsRefused) {
  EXPECT_THAT(ProblemWithArc({.out = 'x', .next = 0}), HasSubstr("circle"));
  FstWriter fst = Small();
  fst.AddArc(2, {.out = 'x', .weight = -1, .next = 1});
  EXPECT_THAT(ProblemOf(fst.Bytes()), HasSubstr("circle"));
  FstWriter reading = Small();
  reading.AddArc(2, {.in = 'x', .weight = -1, .next = 1});
  EXPECT_EQ(ProblemOf(reading.Bytes()), "");
}

TEST(FstFile, EveryShorterFileIsRefused) {
  const std::string whole = Small().Bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(ProblemOf(whole.substr(0, size)), "") << size;
  }
}

RC_GTEST_PROP(FstFileProperty, AnyChangedByteIsReadOrRefused, (uint16_t at, uint8_t byte)) {
  std::string bytes = testing::ToyTagger().bytes;
  bytes[at % bytes.size()] = static_cast<char>(byte);
  const auto fst = ParseFst(bytes, "g.fst");
  if (!fst) return;
  for (const FstArc& arc : fst->arcs) RC_ASSERT(arc.next < fst->states.size());
  RC_ASSERT(fst->states.back().arcs_end == fst->arcs.size());
}

}  // namespace
}  // namespace parley::grammar::internal
