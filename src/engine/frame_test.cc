#include "engine/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace parley::engine {
namespace {

using testing::HasSubstr;

std::string Header(uint32_t length, char kind, uint32_t stream) {
  std::string bytes(kFrameHeaderBytes, '\0');
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
  bytes[4] = kind;
  for (int i = 0; i < 4; ++i) bytes[5 + i] = static_cast<char>(stream >> (8 * i));
  return bytes;
}

TEST(Frame, HasTheHeaderThatOtherLanguagesWrite) {
  EXPECT_EQ(EncodeFrame(FrameKind::kJson, 0x01020304, "{}"),
            std::string("\x02\0\0\0J\x04\x03\x02\x01{}", 11));
}

TEST(FrameDecoder, GivesNothingBeforeTheLastByte) {
  const std::string bytes = EncodeFrame(FrameKind::kJson, 7, R"({"type":"ping"})");
  FrameDecoder decoder;
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    decoder.Feed(bytes.substr(i, 1));
    EXPECT_FALSE(decoder.Next()->has_value()) << "after byte " << i;
  }
  decoder.Feed(bytes.substr(bytes.size() - 1));
  const auto frame = decoder.Next();
  ASSERT_TRUE(frame && frame->has_value());
  EXPECT_EQ((*frame)->stream, 7u);
  EXPECT_EQ((*frame)->payload, R"({"type":"ping"})");
}

TEST(FrameDecoder, TakesTheLargestPayloadsAndNotOneByteMore) {
  for (const auto& [kind, size_max] :
       {std::pair{'J', kJsonBytesMax}, std::pair{'A', kAudioBytesMax}}) {
    FrameDecoder decoder;
    decoder.Feed(Header(static_cast<uint32_t>(size_max), kind, 1) + std::string(size_max, ' '));
    ASSERT_TRUE(decoder.Next()->has_value());
    decoder.Feed(Header(static_cast<uint32_t>(size_max + 4), kind, 1));
    const auto refused = decoder.Next();
    ASSERT_FALSE(refused) << "the header alone must do";
    EXPECT_EQ(refused.error().code, Code::kOutOfRange);
    EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(size_max)));
  }
}

TEST(FrameDecoder, RefusesUnknownKindsAndHalfSamplesForGood) {
  for (const std::string& bytes : {Header(2, 'X', 1), Header(3, 'A', 1)}) {
    FrameDecoder decoder;
    decoder.Feed(bytes);
    ASSERT_FALSE(decoder.Next());
    decoder.Feed(EncodeFrame(FrameKind::kJson, 0, "{}"));
    EXPECT_EQ(decoder.Next().error().code, Code::kInvalidArgument);
  }
}

TEST(Frame, SamplesSurviveTheJourneyBitForBit) {
  const std::vector<float> samples = {0.0f, -0.0f, 1.0f, -1.0f, 1e-30f};
  const std::vector<float> back = AsSamples(AsBytes(samples));
  ASSERT_EQ(back.size(), samples.size());
  EXPECT_EQ(AsBytes(back), AsBytes(samples));
  EXPECT_TRUE(AsSamples("").empty());
}

RC_GTEST_PROP(FrameDecoderProperty, AnyFramesCutAnyhowComeOutWhole, ()) {
  std::vector<Frame> sent;
  std::string bytes;
  for (auto payload :
       *rc::gen::container<std::vector<std::string>>(rc::gen::string<std::string>())) {
    const bool audio = *rc::gen::arbitrary<bool>();
    if (audio) payload.resize(payload.size() / 4 * 4);
    const Frame frame{audio ? FrameKind::kAudio : FrameKind::kJson, *rc::gen::arbitrary<uint32_t>(),
                      payload};
    bytes += EncodeFrame(frame.kind, frame.stream, frame.payload);
    sent.push_back(frame);
  }
  FrameDecoder decoder;
  std::vector<Frame> got;
  while (!bytes.empty()) {
    const auto cut = *rc::gen::inRange<size_t>(1, bytes.size() + 1);
    decoder.Feed(bytes.substr(0, cut));
    bytes.erase(0, cut);
    for (auto frame = decoder.Next(); *frame; frame = decoder.Next()) got.push_back(**frame);
  }
  RC_ASSERT(got == sent);
}

}  // namespace
}  // namespace parley::engine
