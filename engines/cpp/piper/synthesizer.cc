#include "piper/synthesizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace parley::piper {
namespace {

using onnx::Feed;
using onnx::Session;
using onnx::Value;

// Longer than any sentence: about 20 minutes. A broken voice may ask for more.
constexpr int64_t kFramesMax = 100'000;

constexpr char kIds[] = "input";
constexpr char kLengths[] = "input_lengths";
constexpr char kScales[] = "scales";
constexpr char kSpeaker[] = "sid";

// The inputs that a Piper voice has, as far as `session` takes them.
struct TextInputs {
  TextInputs(const Session& session, std::span<const int64_t> phonemes,
             const SpeechSettings& settings)
      : ids(phonemes.begin(), phonemes.end()),
        ids_shape{1, static_cast<int64_t>(phonemes.size())},
        length{static_cast<int64_t>(phonemes.size())},
        scales{settings.noise_scale, settings.length_scale, settings.noise_w},
        speaker{settings.speaker.value_or(0)} {
    for (const onnx::TensorInfo& input : session.inputs()) {
      if (input.name == kIds) feeds.emplace_back(kIds, ids_shape, ids);
      if (input.name == kLengths) feeds.emplace_back(kLengths, one, length);
      if (input.name == kScales) feeds.emplace_back(kScales, three, scales);
      if (input.name == kSpeaker) feeds.emplace_back(kSpeaker, one, speaker);
    }
  }
  TextInputs(const TextInputs&) = delete;

  const std::vector<int64_t> ids;
  const std::vector<int64_t> ids_shape;
  const std::vector<int64_t> length;
  const std::vector<float> scales;
  const std::vector<int64_t> speaker;
  const std::vector<int64_t> one{1};
  const std::vector<int64_t> three{3};
  std::vector<Feed> feeds;
};

Error Misshapen(std::string_view what) {
  return {Code::kDataLoss, "the voice's " + std::string(what) + " is of an unexpected shape"};
}

// Rows of `length` frames, one a channel, cut to frames [begin, end) of each.
void CopyFrames(std::span<const float> rows, int64_t length, int64_t begin, int64_t end,
                std::vector<float>& out) {
  out.clear();
  for (int64_t row = 0; row < static_cast<int64_t>(rows.size()) / length; ++row) {
    const float* start = rows.data() + row * length;
    out.insert(out.end(), start + begin, start + end);
  }
}

// --- Cut voices ------------------------------------------------------------------------------

struct CutVoice {
  VoiceParts parts;  // without the model bytes
  std::unique_ptr<Session> encoder;
  std::unique_ptr<Session> flow;
  std::unique_ptr<Session> decoder;
  std::vector<std::string> encoder_outputs;  // durations, frame_shape, then what crosses
  ChunkPlanConfig plan;
};

// What the encoder handed over, by name.
struct Handed {
  const char* name;
  const Value* value;
};

class CutSentence final : public SpokenSentence {
 public:
  CutSentence(const CutVoice& voice, std::vector<Value> encoded, SplitMix64* random,
              onnx::CancelToken* cancel)
      : voice_(voice), encoded_(std::move(encoded)), random_(random), cancel_(cancel) {}

  Status Prepare() {
    const auto durations = encoded_[0].floats();
    const auto shape = encoded_[1].shape();
    if (shape.size() != 3 || shape[0] != 1 || shape[2] > kFramesMax) {
      return Fail(Misshapen("frames"));
    }
    channels_ = shape[1];
    frames_ = shape[2];
    for (const float frames : durations) {
      if (!(frames >= 0 && frames <= kFramesMax)) return Fail(Misshapen("durations"));
      frames_of_ids_.push_back(static_cast<int64_t>(frames));
    }
    for (size_t i = 0; i < voice_.encoder_outputs.size(); ++i) {
      const Handed handed{voice_.encoder_outputs[i].c_str(), &encoded_[i]};
      const auto is = [&](const std::string& name) { return name == handed.name; };
      const auto& flow = voice_.parts.flow_inputs;
      const auto& decoder = voice_.parts.decoder_inputs;
      if (std::any_of(flow.begin(), flow.end(), is)) to_flow_.push_back(handed);
      if (std::any_of(decoder.begin(), decoder.end(), is)) to_decoder_.push_back(handed);
    }
    chunks_ = PlanChunks(frames_, voice_.parts.flow_reach, voice_.parts.decoder_reach, voice_.plan);
    return {};
  }

  std::vector<int64_t> SamplesOfIds() const override {
    std::vector<int64_t> samples;
    for (const int64_t frames : frames_of_ids_) {
      samples.push_back(frames * voice_.parts.samples_per_frame);
    }
    return samples;
  }

  Result<std::span<const float>> Next() override {
    if (next_ == chunks_.size()) return std::span<const float>();
    const Chunk& chunk = chunks_[next_++];
    if (chunk.flow.end > chunk.flow.begin) PARLEY_TRY_STATUS(Flow(chunk.flow));
    return Decode(chunk.decoder);
  }

 private:
  // Feeds of one run over frames [begin, end): what has an axis of frames is cut, the rest passed
  // on.
  struct Feeds {
    std::vector<Feed> list;
    std::vector<std::vector<float>> slices;
    std::vector<std::vector<int64_t>> shapes;

    explicit Feeds(size_t count) {
      slices.reserve(count);
      shapes.reserve(count);
    }
    void Add(const char* name, std::vector<float> elements, int64_t rows, int64_t frames) {
      slices.push_back(std::move(elements));
      shapes.push_back({1, rows, frames});
      list.emplace_back(name, shapes.back(), slices.back());
    }
  };

  void AddHanded(const std::vector<Handed>& handed, const Piece& piece, Feeds& feeds) const {
    for (const auto& [name, value] : handed) {
      const auto shape = value->shape();
      const bool timed = shape.size() == 3 && shape[0] == 1 && shape[2] == frames_ && frames_ > 1 &&
                         value->type() == onnx::ElementType::kFloat;
      if (!timed) {
        feeds.list.emplace_back(name, *value);
        continue;
      }
      std::vector<float> slice;
      CopyFrames(value->floats(), frames_, piece.context_begin, piece.context_end, slice);
      feeds.Add(name, std::move(slice), shape[1], piece.context_end - piece.context_begin);
    }
  }

  // Noise is drawn frame after frame, as far as it is needed.
  void DrawNoise(int64_t end) {
    const auto size = static_cast<size_t>(channels_ * end);
    while (noise_.size() < size) noise_.push_back(static_cast<float>(random_->NextNormal()));
  }

  Status Flow(const Piece& piece) {
    DrawNoise(piece.context_end);
    const int64_t count = piece.context_end - piece.context_begin;
    std::vector<float> noise(static_cast<size_t>(channels_ * count));
    for (int64_t frame = 0; frame < count; ++frame) {
      const float* source = &noise_[(piece.context_begin + frame) * channels_];
      for (int64_t c = 0; c < channels_; ++c) noise[c * count + frame] = source[c];
    }
    Feeds feeds(to_flow_.size() + 1);
    AddHanded(to_flow_, piece, feeds);
    feeds.Add(voice_.parts.frame_noise.c_str(), std::move(noise), channels_, count);
    const char* const outputs[] = {voice_.parts.latent.c_str()};
    PARLEY_TRY(const std::vector<Value> values, voice_.flow->Run(feeds.list, outputs, cancel_));
    const auto shape = values[0].shape();
    if (shape.size() != 3 || shape[0] != 1 || shape[1] < 1 || shape[2] != count ||
        (latent_rows_ != 0 && shape[1] != latent_rows_) ||
        values[0].type() != onnx::ElementType::kFloat) {
      return Fail(Misshapen("latent"));
    }
    latent_rows_ = shape[1];
    latent_.resize(static_cast<size_t>(latent_rows_ * frames_));
    for (int64_t row = 0; row < latent_rows_; ++row) {
      const float* made = values[0].floats().data() + row * count;
      std::copy(made + piece.begin - piece.context_begin, made + piece.end - piece.context_begin,
                latent_.begin() + row * frames_ + piece.begin);
    }
    return {};
  }

  Result<std::span<const float>> Decode(const Piece& piece) {
    const int64_t count = piece.context_end - piece.context_begin;
    std::vector<float> latent;
    CopyFrames(latent_, frames_, piece.context_begin, piece.context_end, latent);
    Feeds feeds(to_decoder_.size() + 1);
    AddHanded(to_decoder_, piece, feeds);
    feeds.Add(voice_.parts.latent.c_str(), std::move(latent), latent_rows_, count);
    const char* const outputs[] = {voice_.parts.audio.c_str()};
    PARLEY_TRY(audio_, voice_.decoder->Run(feeds.list, outputs, cancel_));
    const int64_t hop = voice_.parts.samples_per_frame;
    if (audio_[0].type() != onnx::ElementType::kFloat ||
        static_cast<int64_t>(audio_[0].floats().size()) != count * hop) {
      return Fail(Misshapen("audio"));
    }
    return audio_[0].floats().subspan((piece.begin - piece.context_begin) * hop,
                                      (piece.end - piece.begin) * hop);
  }

  const CutVoice& voice_;
  const std::vector<Value> encoded_;
  SplitMix64* const random_;
  onnx::CancelToken* const cancel_;
  int64_t channels_ = 0;
  int64_t frames_ = 0;
  std::vector<int64_t> frames_of_ids_;
  std::vector<Handed> to_flow_;
  std::vector<Handed> to_decoder_;
  std::vector<Chunk> chunks_;
  size_t next_ = 0;
  std::vector<float> noise_;   // [frame][channel], as far as drawn
  std::vector<float> latent_;  // [row][frame]
  int64_t latent_rows_ = 0;
  std::vector<Value> audio_;
};

class CutSynthesizer final : public Synthesizer {
 public:
  explicit CutSynthesizer(CutVoice voice) : voice_(std::move(voice)) {}

  Result<std::unique_ptr<SpokenSentence>> Begin(std::span<const int64_t> ids,
                                                const SpeechSettings& settings, SplitMix64* random,
                                                onnx::CancelToken* cancel) const override {
    TextInputs inputs(*voice_.encoder, ids, settings);
    // Two values an id: the noise of VITS's stochastic duration predictor.
    const std::vector<int64_t> rhythm_shape{1, 2, static_cast<int64_t>(ids.size())};
    std::vector<float> rhythm(2 * ids.size());
    if (!voice_.parts.rhythm_noise.empty()) {
      for (float& value : rhythm) value = static_cast<float>(random->NextNormal());
      inputs.feeds.emplace_back(voice_.parts.rhythm_noise.c_str(), rhythm_shape, rhythm);
    }
    std::vector<const char*> outputs;
    for (const std::string& name : voice_.encoder_outputs) outputs.push_back(name.c_str());
    PARLEY_TRY(std::vector<Value> encoded, voice_.encoder->Run(inputs.feeds, outputs, cancel));
    if (encoded[0].type() != onnx::ElementType::kFloat ||
        encoded[0].floats().size() != ids.size()) {
      return Fail(Misshapen("durations"));
    }
    auto sentence = std::make_unique<CutSentence>(voice_, std::move(encoded), random, cancel);
    PARLEY_TRY_STATUS(sentence->Prepare());
    return sentence;
  }

  std::string_view whole_reason() const override { return {}; }

 private:
  const CutVoice voice_;
};

// --- Whole voices ----------------------------------------------------------------------------

class WholeSentence final : public SpokenSentence {
 public:
  explicit WholeSentence(std::vector<Value> audio) : audio_(std::move(audio)) {}
  std::vector<int64_t> SamplesOfIds() const override { return {}; }
  Result<std::span<const float>> Next() override {
    if (std::exchange(given_, true)) return std::span<const float>();
    return audio_[0].floats();
  }

 private:
  const std::vector<Value> audio_;
  bool given_ = false;
};

class WholeSynthesizer final : public Synthesizer {
 public:
  WholeSynthesizer(std::unique_ptr<Session> session, std::string reason)
      : session_(std::move(session)), reason_(std::move(reason)) {}

  Result<std::unique_ptr<SpokenSentence>> Begin(std::span<const int64_t> ids,
                                                const SpeechSettings& settings, SplitMix64*,
                                                onnx::CancelToken* cancel) const override {
    TextInputs inputs(*session_, ids, settings);
    const char* const outputs[] = {session_->outputs()[0].name.c_str()};
    PARLEY_TRY(std::vector<Value> audio, session_->Run(inputs.feeds, outputs, cancel));
    if (audio[0].type() != onnx::ElementType::kFloat) return Fail(Misshapen("audio"));
    return std::make_unique<WholeSentence>(std::move(audio));
  }

  std::string_view whole_reason() const override { return reason_; }

 private:
  const std::unique_ptr<Session> session_;
  const std::string reason_;
};

// --- Loading ---------------------------------------------------------------------------------

Status CheckInputs(const Session& session, std::string_view also) {
  for (const onnx::TensorInfo& input : session.inputs()) {
    if (input.name != kIds && input.name != kLengths && input.name != kScales &&
        input.name != kSpeaker && input.name != also) {
      return Fail(Code::kDataLoss, "the model has an input '" + input.name.substr(0, 80) +
                                       "', which no Piper voice has");
    }
  }
  return {};
}

int64_t Limited(int64_t reach, int64_t max) { return max > 0 ? std::min(reach, max) : reach; }

Result<std::unique_ptr<Synthesizer>> OpenCut(std::string_view model,
                                             const Synthesizer::Config& config) {
  CutVoice voice;
  voice.plan = config.plan;
  PARLEY_TRY(voice.parts, SplitVoice(model));
  VoiceParts& parts = voice.parts;
  const Session::Config session{.threads = config.threads, .optimize = config.optimize};
  const auto open = [&](std::string& bytes, const char* name,
                        std::unique_ptr<Session>& out) -> Status {
    PARLEY_TRY(out, Session::FromBytes(bytes, std::string("the voice's ") + name, session));
    bytes = {};
    return {};
  };
  PARLEY_TRY_STATUS(open(parts.encoder, "encoder", voice.encoder));
  PARLEY_TRY_STATUS(open(parts.flow, "flow", voice.flow));
  PARLEY_TRY_STATUS(open(parts.decoder, "decoder", voice.decoder));
  PARLEY_TRY_STATUS(CheckInputs(*voice.encoder, parts.rhythm_noise));
  for (auto* reach : {&parts.flow_reach.before, &parts.flow_reach.after}) {
    *reach = Limited(*reach, config.flow_context_max);
  }
  for (auto* reach : {&parts.decoder_reach.before, &parts.decoder_reach.after}) {
    *reach = Limited(*reach, config.decoder_context_max);
  }
  voice.encoder_outputs = {parts.durations, parts.frame_shape};
  for (const auto* names : {&parts.flow_inputs, &parts.decoder_inputs}) {
    for (const std::string& name : *names) {
      auto& outputs = voice.encoder_outputs;
      if (std::find(outputs.begin(), outputs.end(), name) == outputs.end()) outputs.push_back(name);
    }
  }
  return std::make_unique<CutSynthesizer>(std::move(voice));
}

Result<std::unique_ptr<Synthesizer>> OpenWhole(std::string_view model,
                                               const Synthesizer::Config& config,
                                               std::string reason) {
  PARLEY_TRY(std::unique_ptr<Session> session,
             Session::FromBytes(model, "the voice",
                                {.threads = config.threads, .optimize = config.optimize}));
  PARLEY_TRY_STATUS(CheckInputs(*session, ""));
  if (session->outputs().empty()) return Fail(Code::kDataLoss, "the model has no output");
  return std::make_unique<WholeSynthesizer>(std::move(session), std::move(reason));
}

}  // namespace

Result<std::unique_ptr<Synthesizer>> Synthesizer::Create(std::string_view model,
                                                         const Config& config) {
  if (config.whole) return OpenWhole(model, config, "asked for by the option whole_sentences");
  auto cut = OpenCut(model, config);
  if (cut) return cut;
  return OpenWhole(model, config, cut.error().message);
}

}  // namespace parley::piper
