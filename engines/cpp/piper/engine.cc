#include "piper/engine.h"

#include <algorithm>
#include <random>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "onnx/session.h"

namespace parley::piper {
namespace {

constexpr size_t kModelBytesMax = size_t{1} << 30;
constexpr size_t kConfigBytesMax = size_t{16} << 20;
constexpr size_t kBlockBytes = 2048;
// A sentence of 300 symbols lasts about 14 s; the encoder's cost grows with the square of longer
// ones.
constexpr size_t kSymbolsMax = 300;
// Below 0.6 a recognizer begins to lose words; beyond 4 nothing is understood.
constexpr float kLengthScaleMin = 0.6f;
constexpr float kLengthScaleMax = 4.0f;
constexpr int64_t kVoicesListed = 1000;

std::string_view PrimarySubtag(std::string_view language) {
  return language.substr(0, language.find_first_of("-_"));
}

bool IsSentenceEnd(char c) { return c == '.' || c == '!' || c == '?' || c == '\n'; }
bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

uint64_t FreshSeed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

// Speaker 0, the default, comes first.
std::vector<std::string> VoiceNames(const Voice& voice) {
  if (voice.speaker_count == 1) return {};
  std::vector<std::string> names;
  for (int64_t id = 0; id < std::min(voice.speaker_count, kVoicesListed); ++id) {
    const auto named = std::find_if(voice.speakers.begin(), voice.speakers.end(),
                                    [&](const auto& speaker) { return speaker.second == id; });
    names.push_back(named == voice.speakers.end() ? std::to_string(id) : named->first);
  }
  return names;
}

// Where the sound of each word ends, in samples of its sentence.
std::vector<int64_t> WordSamples(const Sentence& sentence, const Ids& ids,
                                 const std::vector<int64_t>& samples_of_ids) {
  std::vector<int64_t> ends;
  if (samples_of_ids.size() != ids.ids.size()) return ends;
  size_t id = 0;
  int64_t samples = 0;
  for (const WordEnd& word : sentence.words) {
    const size_t id_end = word.symbol == 0 ? 0 : ids.symbol_end[word.symbol - 1];
    for (; id < id_end; ++id) samples += samples_of_ids[id];
    ends.push_back(samples);
  }
  return ends;
}

}  // namespace

size_t NextBlock(std::string_view text, size_t at) {
  if (text.size() - at <= 2 * kBlockBytes) return text.size();
  size_t blank = 0;
  for (size_t end = at + kBlockBytes; end > at + kBlockBytes / 4; --end) {
    if (!IsBlank(text[end])) continue;
    if (IsSentenceEnd(text[end - 1])) return end;
    if (blank == 0) blank = end;
  }
  if (blank != 0) return blank;
  size_t end = at + kBlockBytes;
  while (end > at + kBlockBytes - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return end;
}

// One text on its way to sound.
class PiperModel::Utterance {
 public:
  Utterance(const PiperModel& model, const SpeechSettings& settings, uint64_t seed,
            engine::TtsStream& stream, onnx::CancelToken& cancel)
      : model_(model), settings_(settings), random_(seed), stream_(stream), cancel_(cancel) {}

  // kCancelled where nobody listens any more.
  Status Speak(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = NextBlock(text, at);
      auto sentences =
          LimitLength(model_.phonemizer_->Phonemize(text.substr(at, end - at)), kSymbolsMax);
      if (end == text.size()) CloseLastWord(text, at, sentences);
      for (const Sentence& sentence : sentences) PARLEY_TRY_STATUS(SpeakSentence(sentence, at));
      at = end;
    }
    return {};
  }

 private:
  // What follows the last word without a sound is said when that word is.
  static void CloseLastWord(std::string_view text, size_t at, std::vector<Sentence>& sentences) {
    if (sentences.empty() || sentences.back().words.empty()) return;
    size_t end = text.size();
    while (end > at && IsBlank(text[end - 1])) --end;
    size_t& last = sentences.back().words.back().text_end;
    last = std::max(last, end - at);
  }

  Status SpeakSentence(const Sentence& sentence, size_t text_at) {
    const Ids ids = ToIds(model_.voice_, sentence.symbols);
    PARLEY_TRY(const auto spoken,
               model_.synthesizer_->Begin(ids.ids, settings_, &random_, &cancel_));
    const std::vector<int64_t> word_samples = WordSamples(sentence, ids, spoken->SamplesOfIds());
    size_t word = 0;
    int64_t samples = 0;
    while (true) {
      PARLEY_TRY(const std::span<const float> chunk, spoken->Next());
      if (chunk.empty()) break;
      samples += static_cast<int64_t>(chunk.size());
      for (; word < word_samples.size() && word_samples[word] <= samples; ++word) {
        stream_.Mark(text_at + sentence.words[word].text_end, samples_before_ + word_samples[word]);
      }
      if (!stream_.Audio(chunk)) return Fail(Code::kCancelled, "nobody listens any more");
    }
    samples_before_ += samples;
    if (word_samples.empty() && !sentence.words.empty()) {
      stream_.Mark(text_at + sentence.words.back().text_end, samples_before_);
    }
    return {};
  }

  const PiperModel& model_;
  const SpeechSettings settings_;
  SplitMix64 random_;
  engine::TtsStream& stream_;
  onnx::CancelToken& cancel_;
  int64_t samples_before_ = 0;  // of earlier sentences
};

Result<engine::Loaded> PiperModel::Load(const engine::Load& load, engine::LoadProgress& progress) {
  if (!load.device.empty() && load.device != "cpu") {
    return Fail(Code::kInvalidArgument,
                "device is '" + load.device + "'; the piper engine knows cpu alone");
  }
  engine::OptionReader options(load);
  Synthesizer::Config config;
  const int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  PARLEY_TRY(config.threads, options.Int("threads", std::clamp<int64_t>(cores / 2, 1, 2), 1, 64));
  PARLEY_TRY(const int64_t slots, options.Int("slots", 4, 1, 64));
  PARLEY_TRY(config.whole, options.Bool("whole_sentences", false));
  PARLEY_TRY(config.flow_context_max, options.Int("flow_context", 0, 0, 1000));
  PARLEY_TRY(config.decoder_context_max, options.Int("decoder_context", 0, 0, 1000));
  PARLEY_TRY_STATUS(options.CheckAllUsed());

  progress.Report(0.0, "reading the voice");
  PARLEY_TRY(const VoiceFiles files, FindVoiceFiles(load.pack));
  name_ = files.model.stem().string();
  PARLEY_TRY(const std::string json, ReadFile(files.config, kConfigBytesMax));
  PARLEY_TRY(voice_, ParseVoice(json));
  PARLEY_TRY(phonemizer_, Phonemizer::Create(voice_, espeak_data_dir_));
  PARLEY_TRY(std::string model, ReadFile(files.model, kModelBytesMax));
  if (progress.cancelled()) return Fail(Code::kCancelled, "the load was cancelled");
  progress.Report(0.1, "building the sessions");
  PARLEY_TRY(synthesizer_, Synthesizer::Create(model, config));
  progress.Report(0.8, "warming up");
  if (Status warm = WarmUp(*synthesizer_); !warm && synthesizer_->whole_reason().empty()) {
    log::Warn("piper_cut_failed voice={} reason=\"{}\"", name_, warm.error().message);
    config.whole = true;
    PARLEY_TRY(synthesizer_, Synthesizer::Create(model, config));
    PARLEY_TRY_STATUS(WarmUp(*synthesizer_));
  } else if (!warm) {
    return Fail(std::move(warm.error()));
  }
  model = {};
  engine::Loaded loaded{.sample_rate_hz = voice_.sample_rate_hz,
                        .slots = static_cast<int>(slots),
                        .voices = VoiceNames(voice_),
                        .languages = {voice_.language},
                        .capabilities = {"speed"}};
  if (synthesizer_->whole_reason().empty()) {
    loaded.capabilities.insert(loaded.capabilities.end(), {"seed", "marks"});
  } else {
    log::Warn("piper_whole_sentences voice={} reason=\"{}\"", name_, synthesizer_->whole_reason());
  }
  return loaded;
}

Status PiperModel::WarmUp(const Synthesizer& synthesizer) const {
  SplitMix64 random(1);
  const SpeechSettings settings{.speaker = voice_.speaker_count > 1 ? std::optional<int64_t>(0)
                                                                    : std::nullopt};
  // Every voice has these two: a dozen of pads is speech enough for each operator to run once.
  const Ids ids = ToIds(voice_, U"____________");
  PARLEY_TRY(const auto sentence, synthesizer.Begin(ids.ids, settings, &random, nullptr));
  while (true) {
    PARLEY_TRY(const std::span<const float> chunk, sentence->Next());
    if (chunk.empty()) return {};
  }
}

Result<SpeechSettings> PiperModel::Settings(const engine::TtsStart& start) const {
  if (!start.language.empty() && PrimarySubtag(start.language) != PrimarySubtag(voice_.language)) {
    return Fail(Code::kInvalidArgument,
                "voice " + name_ + " speaks " + voice_.language + ", not " + start.language);
  }
  SpeechSettings settings{.noise_scale = voice_.noise_scale, .noise_w = voice_.noise_w};
  PARLEY_TRY(settings.speaker, voice_.Speaker(start.voice, name_));
  settings.length_scale = std::clamp(voice_.length_scale / static_cast<float>(start.speed),
                                     kLengthScaleMin, kLengthScaleMax);
  return settings;
}

Status PiperModel::Speak(const engine::TtsStart& start, engine::TtsStream& stream) {
  PARLEY_TRY(const SpeechSettings settings, Settings(start));
  onnx::CancelToken cancel;
  const auto hook = stream.OnCancel([&] { cancel.Cancel(); });
  while (const auto text = stream.NextText()) {
    Utterance utterance(*this, settings, start.seed ? *start.seed : FreshSeed(), stream, cancel);
    Status spoken = utterance.Speak(text->text);
    if (stream.cancelled()) return {};
    if (!spoken) stream.FailUtterance(std::move(spoken.error()));
  }
  return {};
}

}  // namespace parley::piper
