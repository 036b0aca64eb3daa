#include "cosyvoice2/engine.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "base/log.h"
#include "cosyvoice2/load_models.h"
#include "cosyvoice2/profile/profile.h"
#include "cosyvoice2/voice/prompt_audio.h"
#include "cosyvoice2/voice/speech_request.h"
#include "cosyvoice2/weights/checkpoint.h"
#include "ggml/runtime.h"

namespace parley::cosyvoice2 {
namespace {

// Sequences of the language model in one step.
constexpr size_t kBatchMax = 8;

uint64_t FreshSeed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

// Another for each segment of a text, so that two equal ones do not sound the same.
uint64_t SeedOf(uint64_t seed, size_t segment) {
  SplitMix64 random(seed + segment);
  return segment == 0 ? seed : random.Next();
}

// What the flow is given of a voice, whatever is said.
FlowPrompt FlowPromptOf(const VoicePrompt& voice, SpeechMode mode) {
  if (mode == SpeechMode::kSpeaker) return {.tokens = {}, .mel = {}, .embedding = voice.embedding};
  return {.tokens = voice.speech_tokens, .mel = voice.mel, .embedding = voice.embedding};
}

}  // namespace

// A Speech as long as a stream has it.
class Engine::Lease {
 public:
  explicit Lease(Engine& engine) : engine_(engine), speech_(engine.Take()) {}
  ~Lease() { engine_.GiveBack(speech_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Speech& operator*() const { return *speech_; }

 private:
  Engine& engine_;
  Speech* const speech_;
};

Speech* Engine::Take() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return !free_.empty(); });
  Speech* const speech = free_.back();
  free_.pop_back();
  return speech;
}

void Engine::GiveBack(Speech* speech) {
  const std::lock_guard lock(mutex_);
  free_.push_back(speech);
  freed_.notify_one();
}

Status Engine::LoadModels(engine::LoadProgress& progress) {
  const std::filesystem::path& folder = folder_;
  const auto step = [&](double share, const char* what) -> Status {
    progress.Report(share, what);
    if (progress.cancelled()) return Fail(Code::kCancelled, "the load was cancelled");
    return {};
  };
  PARLEY_TRY_STATUS(step(0, "reading the tokenizer"));
  PARLEY_TRY(config_, LoadModelConfig(folder));
  PARLEY_TRY(tokenizer_, Tokenizer::Load(folder / "CosyVoice-BlankEN"));
  frontend_ = std::make_unique<TextFrontend>(*tokenizer_);
  PARLEY_TRY_STATUS(step(0.1, "reading the language model"));
  PARLEY_TRY(lm_, LoadLm(folder, config_, options_));
  PARLEY_TRY_STATUS(step(0.6, "reading the flow"));
  PARLEY_TRY(flow_, LoadFlow(folder, config_, options_));
  PARLEY_TRY_STATUS(step(0.8, "reading the vocoder"));
  PARLEY_TRY(const auto hift, Checkpoint::Open(folder / "hift.pt", {.check_finite = true}));
  PARLEY_TRY(hift_, Hift::Create(*hift));
  PARLEY_TRY_STATUS(step(0.9, "reading the voices"));
  PARLEY_TRY(voices_, VoiceLibrary::Load(folder));
  if (!options_.default_style.empty()) {
    PARLEY_TRY_STATUS(voices_.CheckStyle(options_.default_style));
  }
  caches_ = std::make_unique<PromptCaches>(*flow_, options_.prompt_cache_bytes);
  return step(0.95, "warming up");
}

Result<engine::Loaded> Engine::Load(const engine::Load& load, engine::LoadProgress& progress) {
  if (!load.device.empty() && load.device != "cpu") {
    return Fail(Code::kInvalidArgument,
                fmt::format("this build of the engine runs on the CPU, and device '{}' was asked "
                            "for; set it to 'cpu'",
                            load.device));
  }
  ggml_log_set(ggml::TakeLog, nullptr);
  PARLEY_TRY(options_, ReadEngineOptions(load));
  if (!options_.profile_dir.empty()) PARLEY_TRY_STATUS(profile::Start(options_.profile_dir));
  folder_ = load.pack;
  PARLEY_TRY_STATUS(LoadModels(progress));
  SpeechShared shared = {.cores = std::make_shared<nn::CoreShare>(options_.threads.flow)};
  if (options_.slots > 1 && (options_.allow_batching || lm_->batches_exactly())) {
    batcher_ = std::make_unique<LmBatcher>(*lm_, options_.threads.lm, shared.cores, kBatchMax);
    shared.batcher = batcher_.get();
  }
  for (int i = 0; i < options_.slots; ++i) {
    speeches_.push_back(std::make_unique<Speech>(*lm_, *flow_, *hift_, options_.threads, shared,
                                                 fmt::format("slot {}", i + 1)));
    free_.push_back(speeches_.back().get());
  }
  PARLEY_TRY_STATUS(WarmUp());
  log::Info("cosyvoice2_loaded lm_mb={} flow_mb={} hift_mb={} cache_mb_a_second={} voices={}",
            lm_->weight_bytes() >> 20, flow_->weight_bytes() >> 20, hift_->weight_bytes() >> 20,
            flow_->cache_bytes_a_second() >> 20, voices_.names().size());
  engine::Loaded loaded;
  loaded.sample_rate_hz = static_cast<int>(kSampleRateHz);
  loaded.slots = options_.slots;
  loaded.voices = voices_.names();
  loaded.languages = {"zh", "en", "ja", "ko", "yue"};
  loaded.capabilities = {"seed", "speed", "instruct", "style"};
  std::error_code error;
  if (std::filesystem::exists(folder_ / "campplus.onnx", error)) {
    loaded.capabilities.emplace_back("prompt");
  }
  return loaded;
}

// A few tokens through all three models: what is not finite shows here, and the first request finds
// everything in place, the default voice's prompt read.
Status Engine::WarmUp() {
  nn::Executor executor(options_.threads.flow);
  auto manner = std::make_unique<Manner>();
  if (voices_.names().empty()) {
    manner->flow.embedding.assign(VoicePrompt::kEmbedding, 0.0f);
  } else {
    PARLEY_TRY(manner, MakeManner({}, executor));
  }
  SpeechTask task = {.text = {.prompt_text = {}, .text = {1}, .prompt_speech = {}},
                     .prompt = &manner->flow,
                     .cache = manner->cache.get(),
                     .seed = 1};
  task.rules.max_ratio = 2 * task.rules.min_ratio;
  bool finite = true;
  Speech::Sink sink;
  sink.on_audio = [&](std::span<const float> sound) {
    finite = finite && std::all_of(sound.begin(), sound.end(),
                                   [](float sample) { return std::isfinite(sample); });
    return true;
  };
  Lease lease(*this);
  PARLEY_TRY_STATUS((*lease).Speak(task, sink));
  if (finite) return {};
  return Fail(
      Code::kDataLoss,
      "the model's sound is not finite: its weights are damaged, or too large for the types "
      "that were chosen (options lm_weights, flow_weights, flow_cache)");
}

// The voice of a stream's own recording.
Result<VoicePrompt> Engine::Imitate(const engine::Prompt& prompt) {
  const profile::Span span("imitate");
  const std::lock_guard lock(encoder_mutex_);
  if (encoder_ == nullptr) {
    PARLEY_TRY(encoder_, VoiceEncoder::Load(folder_, {.threads = options_.threads.flow,
                                                      .speech_tokens = lm_->speech_tokens()}));
  }
  audio::AudioClip clip;
  clip.sample_rate_hz = prompt.sample_rate_hz;
  clip.samples = prompt.audio;
  PARLEY_TRY(const PreparedAudio prepared, PreparePromptAudio(clip));
  return encoder_->Encode(prepared.clip, prompt.text);
}

Result<std::unique_ptr<Engine::Manner>> Engine::MakeManner(const engine::TtsStart& start,
                                                           nn::Executor& executor) {
  auto manner = std::make_unique<Manner>();
  manner->speed = start.speed;
  manner->seed = start.seed ? *start.seed : FreshSeed();
  std::string style = options_.style_control ? start.style : "";
  const std::string instruct = options_.style_control ? start.instruct : "";
  if (style.empty() && voices_.HasStyle(start.voice, options_.default_style)) {
    style = options_.default_style;
  }
  std::string name;
  if (start.prompt) {
    PARLEY_TRY(manner->own, Imitate(*start.prompt));
    manner->choice = {.prompt = &manner->own,
                      .mode = instruct.empty() ? OwnMode(manner->own) : SpeechMode::kInstruct,
                      .instruct = instruct};
  } else {
    PARLEY_TRY(manner->choice, voices_.Choose(start.voice, style, instruct));
    name = fmt::format("{}", static_cast<const void*>(manner->choice.prompt));
  }
  manner->flow = FlowPromptOf(*manner->choice.prompt, manner->choice.mode);
  if (!name.empty()) {
    PARLEY_TRY(manner->cache, caches_->Get(name, manner->flow, executor));
    return manner;
  }
  PARLEY_TRY(auto cache, MakePromptCache(executor, *flow_, manner->flow));
  if (cache) manner->cache = std::make_shared<const PromptCache>(*std::move(cache));
  return manner;
}

Result<SpeechRequest> Engine::Tokenize(const VoicePrompt& prompt, const SpeechWish& wish,
                                       std::string_view segment) const {
  const profile::Span span("tokenize", static_cast<int64_t>(segment.size()));
  return MakeSpeechRequest(*tokenizer_, prompt, wish, segment);
}

Status Engine::SpeakText(const Manner& manner, std::string_view text, Speech& speech,
                         engine::TtsStream& stream) {
  const std::vector<std::string> segments = [&] {
    const profile::Span span("normalize");
    return frontend_->Segments(text, options_.text);
  }();
  const SpeechWish wish = {.mode = manner.choice.mode, .instruct = manner.choice.instruct};
  for (size_t i = 0; i < segments.size() && !stream.cancelled(); ++i) {
    PARLEY_TRY(const SpeechRequest request, Tokenize(*manner.choice.prompt, wish, segments[i]));
    SpeechTask task = {.text = {request.prompt_text, request.text, request.prompt_speech},
                       .prompt = &manner.flow,
                       .cache = manner.cache.get(),
                       .seed = SeedOf(manner.seed, i),
                       .hops = options_.hops,
                       .faithful_seams = options_.faithful,
                       .speed = manner.speed};
    task.rules.faithful = options_.faithful;
    task.rules.min_ratio = config_.llm.min_token_text_ratio;
    task.rules.max_ratio = config_.llm.max_token_text_ratio;
    const Speech::Sink sink = {
        .on_audio = [&](std::span<const float> sound) { return stream.Audio(sound); },
        .cancelled = [&] { return stream.cancelled(); },
        .on_tokens = nullptr};
    PARLEY_TRY_STATUS(speech.Speak(task, sink));
  }
  return {};
}

Status Engine::Speak(const engine::TtsStart& start, engine::TtsStream& stream) {
  nn::Executor executor(options_.threads.flow);
  executor.set_cancelled([&] { return stream.cancelled(); });
  auto manner = MakeManner(start, executor);
  if (stream.cancelled()) return {};
  if (!manner) return Fail(std::move(manner.error()));
  Lease lease(*this);
  while (const auto text = stream.NextText()) {
    Status spoken = SpeakText(**manner, text->text, *lease, stream);
    profile::Flush();
    if (stream.cancelled()) return {};
    if (!spoken) stream.FailUtterance(std::move(spoken.error()));
  }
  return {};
}

engine::EngineInfo Info() {
  engine::EngineInfo info;
  info.name = "cosyvoice2";
  info.version = "1.0.0";
  info.runtime = {{"ggml", ggml_version()}};
  info.help = std::string("CosyVoice 2 from its official model folder, without PyTorch.\n") +
              kEngineOptionsHelp;
  return info;
}

}  // namespace parley::cosyvoice2
