// The fakes obey the rules that tests elsewhere rely on.
#include <gtest/gtest.h>

#include <variant>

#include "ports/testing/fake_language_model.h"
#include "ports/testing/fake_recognizer.h"
#include "ports/testing/fake_voice.h"

namespace parley::ports::testing {
namespace {

struct Heard {
  std::vector<Voice::Event> events;
  int64_t samples = 0;
  bool in_order = true;

  Voice::Sink Sink() {
    return [this](Voice::Event event) {
      if (const auto* audio = std::get_if<Voice::Audio>(&event)) {
        for (size_t i = 0; i + audio->padding_samples < audio->pcm.size(); ++i) {
          in_order &=
              audio->pcm[i] == FakeVoice::SampleAt(audio->pts_samples + static_cast<int64_t>(i));
        }
        in_order &= audio->pts_samples == samples;
        samples += static_cast<int64_t>(audio->pcm.size());
      }
      events.push_back(std::move(event));
    };
  }
  template <class T>
  int Count() const {
    int count = 0;
    for (const auto& event : events) count += std::holds_alternative<T>(event);
    return count;
  }
};

TEST(FakeVoice, SpeaksOnCreditAndLosesNothingOverAPause) {
  FakeVoice voice;
  Heard heard;
  auto stream = voice.Start({.sample_rate_hz = 16'000, .credit_samples = 1600}, heard.Sink());
  stream->Speak(UtteranceId{1}, "one two", "");
  stream->EndOfText();
  voice.AdvanceUs(49'999);
  EXPECT_EQ(heard.samples, 0);
  voice.AdvanceUs(1'000'000);
  EXPECT_EQ(heard.samples, 1600);
  stream->Pause();
  stream->Grant(100'000);
  voice.AdvanceUs(1'000'000);
  EXPECT_EQ(heard.samples, 1600);
  EXPECT_EQ(heard.Count<Voice::Paused>(), 1);
  stream->Resume();
  voice.AdvanceUs(0);
  EXPECT_EQ(heard.samples, 360 * 16) << "seven bytes of 50 ms each, in whole frames";
  EXPECT_TRUE(heard.in_order);
  EXPECT_EQ(heard.Count<Voice::Mark>(), 2);
  EXPECT_EQ(heard.Count<Voice::Done>(), 1);
  EXPECT_TRUE(IsLast(heard.events.back()));
  EXPECT_EQ(voice.live(), 0);
}

TEST(FakeVoice, CancelAcknowledgesEveryUtteranceAndEnds) {
  FakeVoice voice;
  Heard heard;
  auto stream = voice.Start({.credit_samples = 1 << 20}, heard.Sink());
  stream->Speak(UtteranceId{1}, "one", "");
  stream->Speak(UtteranceId{2}, "two", "");
  stream->Cancel();
  voice.AdvanceUs(1'000'000);
  EXPECT_EQ(heard.samples, 0);
  EXPECT_EQ(heard.Count<Voice::Done>(), 2);
  EXPECT_EQ(heard.Count<Voice::Finished>(), 1);
}

TEST(FakeVoice, ADestroyedStreamIsSilent) {
  FakeVoice voice;
  Heard heard;
  auto stream = voice.Start({.credit_samples = 1 << 20}, heard.Sink());
  stream->Speak(UtteranceId{1}, "one", "");
  stream.reset();
  voice.AdvanceUs(1'000'000);
  EXPECT_TRUE(heard.events.empty());
  EXPECT_EQ(voice.live(), 0);
}

TEST(FakeRecognizer, HearsTheWordsThatTheAudioCovers) {
  FakeRecognizer recognizer({.script = {{"hello", 0, 1600}, {"there", 1600, 3200}}});
  std::vector<Recognizer::Event> events;
  auto stream = recognizer.Start({}, [&](Recognizer::Event event) { events.push_back(event); });
  const std::vector<int16_t> pcm(1600, 7);
  stream->Audio(100, pcm);
  recognizer.AdvanceUs(1000);
  EXPECT_EQ(std::get<Recognizer::Partial>(events.back()).text, "hello");
  stream->Audio(1700, pcm);
  stream->Flush(FlushId{4}, 3300);
  recognizer.AdvanceUs(100'000);
  const auto& final = std::get<Recognizer::Final>(events.back());
  EXPECT_EQ(final.text, "hello there");
  EXPECT_EQ(final.flush, FlushId{4});
  EXPECT_EQ(final.words[1].from_sample, 1700);
  stream->End();
  recognizer.AdvanceUs(100'000);
  EXPECT_TRUE(IsLast(events.back()));
}

TEST(FakeLanguageModel, GivesItsScriptInTime) {
  FakeLanguageModel model({{.deltas = {"Par", "is."}}});
  std::vector<LanguageModel::Event> events;
  auto stream = model.Start({}, [&](LanguageModel::Event event) { events.push_back(event); });
  model.AdvanceUs(50'000);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<LanguageModel::Delta>(events[0]).text, "Par");
  model.AdvanceUs(10'000);
  EXPECT_EQ(std::get<LanguageModel::Done>(events.back()).tokens, 2);
}

}  // namespace
}  // namespace parley::ports::testing
