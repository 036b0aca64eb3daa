#include "whisper/whisper_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "ggml/runtime.h"
#include "whisper/internal/word_builder.h"
#include "whisper/limits.h"
#include "whisper/repetition.h"

namespace parley::whisper {
namespace {

// The numbers at the head of a ggml file of whisper.cpp.
struct Header {
  uint32_t magic = 0;
  int32_t vocabulary = 0, audio_context = 0, audio_state = 0, audio_heads = 0, audio_layers = 0;
  int32_t text_context = 0, text_state = 0, text_heads = 0, text_layers = 0;
  int32_t mels = 0, file_type = 0;
};

Result<Header> ReadHeader(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Fail(Code::kNotFound, fmt::format("cannot read the Whisper model {}", file.string()));
  }
  Header header;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof(header)) ||
      header.magic != GGML_FILE_MAGIC) {
    return Fail(Code::kDataLoss,
                fmt::format("{} is not a ggml file of whisper.cpp (a CTranslate2 folder is turned "
                            "into one by `parley models import`)",
                            file.string()));
  }
  return header;
}

// Which attention heads follow the sound, by the published sizes; word times come from these.
whisper_alignment_heads_preset AlignmentHeads(const Header& header) {
  const bool english = header.vocabulary == 51864;
  if (header.text_state == 1280) {
    if (header.text_layers == 4) return WHISPER_AHEADS_LARGE_V3_TURBO;
    return header.mels == 128 ? WHISPER_AHEADS_LARGE_V3 : WHISPER_AHEADS_LARGE_V2;
  }
  switch (header.text_layers) {
    case 4:
      return english ? WHISPER_AHEADS_TINY_EN : WHISPER_AHEADS_TINY;
    case 6:
      return english ? WHISPER_AHEADS_BASE_EN : WHISPER_AHEADS_BASE;
    case 12:
      return english ? WHISPER_AHEADS_SMALL_EN : WHISPER_AHEADS_SMALL;
    case 24:
      return english ? WHISPER_AHEADS_MEDIUM_EN : WHISPER_AHEADS_MEDIUM;
    default:
      return WHISPER_AHEADS_N_TOP_MOST;
  }
}

// What the callbacks of one run need; they have one pointer.
struct Attempt {
  const PassRequest& request;
  const PassGate& gate;
  const std::vector<int32_t>& folded;  // token → the same in lower case
  std::vector<int32_t> tokens;         // folded
  std::optional<size_t> keep;  // set once the decoder runs in circles: so many tokens are good
};

bool Aborted(void* data) {
  const Attempt& run = *static_cast<const Attempt*>(data);
  if (!run.request.urgent && run.gate.contended()) return true;
  return run.request.aborted && run.request.aborted();
}

// Called before each token is chosen: when the tokens so far run in circles, only the end is left.
void EndCircles(whisper_context* context, whisper_state*, const whisper_token_data* tokens,
                int count, float* logits, void* data) {
  Attempt& run = *static_cast<Attempt*>(data);
  run.tokens.clear();
  for (int i = 0; i < count; ++i) run.tokens.push_back(run.folded[tokens[i].id]);
  const int plausible = TokensPlausible(static_cast<int>(run.request.pcm.size()));
  if (!run.keep) run.keep = RepetitionStart(run.tokens, static_cast<size_t>(plausible));
  if (!run.keep) return;
  const int end = whisper_token_eot(context);
  std::fill(logits, logits + whisper_n_vocab(context), -INFINITY);
  logits[end] = 0;
}

// For each token the first one whose text is the same without regard to case.
std::vector<int32_t> FoldCase(whisper_context* context) {
  std::vector<int32_t> folded(static_cast<size_t>(whisper_n_vocab(context)));
  std::unordered_map<std::string, int32_t> first;
  for (int32_t token = 0; token < whisper_n_vocab(context); ++token) {
    std::string text = whisper_token_to_str(context, token);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    folded[static_cast<size_t>(token)] = first.emplace(std::move(text), token).first->second;
  }
  return folded;
}

}  // namespace

// A Transcriber upon one state, which goes back to the model in the end.
class WhisperModel::Stream final : public Transcriber {
 public:
  Stream(WhisperModel& model, StatePtr state) : model_(model), state_(std::move(state)) {}
  ~Stream() override {
    const std::lock_guard lock(model_.mutex_);
    model_.free_.push_back(std::move(state_));
  }

  Result<Pass> Run(const PassRequest& request) override {
    const auto ticket =
        request.urgent ? model_.gate_.Wait(request.aborted) : model_.gate_.TryEnter();
    if (!ticket) return Pass{.aborted = true};
    const int context = AudioContext(static_cast<int>(request.pcm.size()), request.context_floor);
    PARLEY_TRY(Pass pass, RunOnce(request, context));
    if (!pass.repeated || pass.aborted || context == kAudioContextMax) return pass;
    // Too little context makes the decoder loop; more usually ends it. A partial is not worth that.
    if (!request.urgent) return pass;
    constexpr int kMoreContext = 512;
    return RunOnce(request, std::min(context + kMoreContext, kAudioContextMax));
  }

 private:
  Result<Pass> RunOnce(const PassRequest& request, int audio_context);
  whisper_full_params Params(const PassRequest& request, int audio_context, Attempt& run) const;
  Pass Collect(const PassRequest& request, const Attempt& run) const;

  WhisperModel& model_;
  StatePtr state_;
  std::vector<float> padded_;
};

whisper_full_params WhisperModel::Stream::Params(const PassRequest& request, int audio_context,
                                                 Attempt& run) const {
  whisper_full_params params = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
  params.n_threads = request.urgent ? model_.config_.threads : model_.config_.partial_threads;
  params.no_context = true;
  params.no_timestamps = true;
  params.single_segment = true;
  params.print_progress = false;
  params.print_timestamps = false;
  params.suppress_nst = true;
  params.temperature_inc = 0;  // no second, hotter try: it would come too late
  params.greedy.best_of = 1;
  params.no_speech_thold = 2;  // never: hearing_policy.h decides
  params.audio_ctx = audio_context;
  params.max_tokens = TokensMax(static_cast<int>(request.pcm.size()));
  params.translate = request.translate;
  params.language = request.language.empty() ? "auto" : request.language.c_str();
  params.abort_callback = Aborted;
  params.abort_callback_user_data = &run;
  params.logits_filter_callback = EndCircles;
  params.logits_filter_callback_user_data = &run;
  return params;
}

Result<Pass> WhisperModel::Stream::RunOnce(const PassRequest& request, int audio_context) {
  std::span<const float> pcm = request.pcm;
  if (pcm.size() > size_t{30} * kSampleRateHz) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a pass hears at most 30 s, and {} samples were given", pcm.size()));
  }
  // whisper.cpp refuses less than 0.1 s, and its word times need some frames.
  if (pcm.size() < kSampleRateHz) {
    padded_.assign(kSampleRateHz, 0.0F);
    std::copy(pcm.begin(), pcm.end(), padded_.begin());
    pcm = padded_;
  }
  Attempt run{request, model_.gate_, model_.folded_, {}, std::nullopt};
  const int failed = whisper_full_with_state(model_.context_.get(), state_.get(),
                                             Params(request, audio_context, run), pcm.data(),
                                             static_cast<int>(pcm.size()));
  if (failed != 0) {
    if (Aborted(&run)) return Pass{.aborted = true};
    return Fail(Code::kInternal, fmt::format("whisper.cpp gave up on {} samples ({}): {}",
                                             pcm.size(), failed, ggml::LastError()));
  }
  Pass pass = Collect(request, run);
  pass.audio_context = audio_context;
  return pass;
}

Pass WhisperModel::Stream::Collect(const PassRequest& request, const Attempt& run) const {
  whisper_context* context = model_.context_.get();
  whisper_state* state = state_.get();
  Pass pass;
  pass.repeated = run.keep.has_value();
  pass.language =
      model_.multilingual() ? whisper_lang_str(whisper_full_lang_id_from_state(state)) : "en";
  if (whisper_full_n_segments_from_state(state) == 0) {
    pass.no_speech = 1;
    return pass;
  }
  pass.no_speech = whisper_full_get_segment_no_speech_prob_from_state(state, 0);
  WordBuilder words(pass.language, static_cast<int64_t>(request.pcm.size()));
  size_t count = static_cast<size_t>(whisper_full_n_tokens_from_state(state, 0));
  if (run.keep) count = std::min(count, *run.keep);
  double logprob = 0;
  int texts = 0;
  for (size_t i = 0; i < count; ++i) {
    const whisper_token_data token =
        whisper_full_get_token_data_from_state(state, 0, static_cast<int>(i));
    if (token.id >= whisper_token_eot(context)) continue;
    constexpr int64_t kSamplesPerCentisecond = kSampleRateHz / 100;
    words.Add(whisper_token_to_str(context, token.id), token.t_dtw * kSamplesPerCentisecond,
              token.p);
    logprob += token.plog;
    ++texts;
  }
  pass.words = std::move(words).Finish();
  if (texts > 0) pass.mean_logprob = static_cast<float>(logprob / texts);
  return pass;
}

WhisperModel::WhisperModel(const Config& config, ContextPtr context)
    : config_(config),
      context_(std::move(context)),
      gate_(config.lanes),
      folded_(FoldCase(context_.get())) {}

WhisperModel::~WhisperModel() = default;

Result<std::unique_ptr<WhisperModel>> WhisperModel::Create(const Config& config) {
  PARLEY_TRY(const Header header, ReadHeader(config.file));
  whisper_context_params params = whisper_context_default_params();
  params.use_gpu = false;
  // Word times need the attention's weights, which the fused kernel does not keep; at the contexts
  // used here it is no faster.
  params.flash_attn = false;
  params.dtw_token_timestamps = true;
  params.dtw_aheads_preset = AlignmentHeads(header);
  params.dtw_n_top = 2;
  whisper_log_set(ggml::TakeLog, nullptr);
  ContextPtr context(whisper_init_from_file_with_params_no_state(config.file.c_str(), params));
  if (!context) {
    return Fail(Code::kDataLoss, fmt::format("whisper.cpp cannot load {}: {}; fetch it again",
                                             config.file.string(), ggml::LastError()));
  }
  std::unique_ptr<WhisperModel> model(new WhisperModel(config, std::move(context)));
  for (int i = 0; i < config.streams; ++i) {
    StatePtr state(whisper_init_state(model->context_.get()));
    if (!state) {
      return Fail(Code::kResourceExhausted,
                  fmt::format("no memory for stream {} of {} of {}", i + 1, config.streams,
                              config.file.string()));
    }
    model->free_.push_back(std::move(state));
  }
  PARLEY_TRY_STATUS(model->Warm());
  return model;
}

// Every state once, so that the buffers are there and the weights are in memory.
Status WhisperModel::Warm() {
  const std::vector<float> silence(kSampleRateHz, 0.0F);
  std::vector<std::unique_ptr<Transcriber>> streams;
  for (int i = 0; i < config_.streams; ++i) streams.push_back(Lend());
  for (const auto& stream : streams) {
    PassRequest request;
    request.pcm = silence;
    request.language = "en";
    request.context_floor = 256;
    request.urgent = true;
    PARLEY_TRY(const Pass pass, stream->Run(request));
    static_cast<void>(pass);
  }
  return {};
}

std::unique_ptr<Transcriber> WhisperModel::Lend() {
  const std::lock_guard lock(mutex_);
  PARLEY_CHECK(!free_.empty());  // no more streams than Config::streams
  StatePtr state = std::move(free_.back());
  free_.pop_back();
  return std::make_unique<Stream>(*this, std::move(state));
}

bool WhisperModel::multilingual() const { return whisper_is_multilingual(context_.get()) != 0; }

std::vector<std::string> WhisperModel::Languages() const {
  if (!multilingual()) return {"en"};
  std::vector<std::string> languages;
  for (int i = 0; i <= whisper_lang_max_id(); ++i) languages.emplace_back(whisper_lang_str(i));
  return languages;
}

Result<std::string> WhisperModel::LanguageCode(const std::string& tag) const {
  const std::string code = tag.substr(0, tag.find_first_of("-_"));
  if (code.empty() || code == "auto") return multilingual() ? std::string() : std::string("en");
  if (multilingual() ? whisper_lang_id(code.c_str()) >= 0 : code == "en") return code;
  return Fail(Code::kInvalidArgument,
              fmt::format("the recognizer does not know the language '{}'{}", tag,
                          multilingual() ? "" : "; this model is for English alone"));
}

}  // namespace parley::whisper
