#include "llama/llama_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "ggml/runtime.h"
#include "llama/conversation_cut.h"
#include "llama/text_gate.h"

namespace parley::llama {
namespace {

// Tokens read in one step: a cancel is noticed between graph nodes, so this is for speed alone.
constexpr int kBatch = 256;
// Of an answer that may be long, so much room is kept at least, and turns are forgotten for it.
constexpr int kRoomForAnswer = 256;
constexpr int kPenaltyTokens = 64;

bool Aborted(void* data) {
  const auto* cancelled = *static_cast<const std::function<bool()>**>(data);
  return cancelled != nullptr && *cancelled && (*cancelled)();
}

bool Progress(float share, void* data) {
  const auto& progress = *static_cast<const std::function<bool(double)>*>(data);
  return !progress || progress(share);
}

size_t CommonPrefix(const std::vector<llama_token>& a, const std::vector<llama_token>& b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(end - a.begin());
}

// What is kept: `progress` is for the load alone, and may not outlive it.
LlamaModel::Config AfterLoad(LlamaModel::Config config) {
  config.progress = nullptr;
  return config;
}

std::string TokenText(const llama_vocab* vocab, llama_token token) {
  return token == LLAMA_TOKEN_NULL ? std::string() : llama_vocab_get_text(vocab, token);
}

}  // namespace

// Holds a memory for one answer.
class LlamaModel::Lease {
 public:
  Lease(LlamaModel& model, Memory* memory, const Request& request)
      : model_(model), memory_(memory) {
    memory_->cancelled = &request.cancelled;
  }
  ~Lease() {
    memory_->cancelled = nullptr;
    model_.GiveBack(memory_);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Memory& operator*() const { return *memory_; }

 private:
  LlamaModel& model_;
  Memory* const memory_;
};

LlamaModel::LlamaModel(const Config& config, ModelPtr model)
    : config_(AfterLoad(config)),
      model_(std::move(model)),
      vocab_(llama_model_get_vocab(model_.get())) {}

LlamaModel::~LlamaModel() = default;

Result<std::unique_ptr<LlamaModel>> LlamaModel::Create(const Config& config) {
  llama_log_set(ggml::TakeLog, nullptr);
  llama_backend_init();
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = 0;
  params.progress_callback = Progress;
  params.progress_callback_user_data = const_cast<std::function<bool(double)>*>(&config.progress);
  ModelPtr weights(llama_model_load_from_file(config.file.c_str(), params));
  if (!weights) {
    if (config.progress && !config.progress(0)) {
      return Fail(Code::kCancelled, "the load was given up");
    }
    return Fail(Code::kDataLoss, fmt::format("llama.cpp cannot load {}: {}; fetch it again",
                                             config.file.string(), ggml::LastError()));
  }
  std::unique_ptr<LlamaModel> model(new LlamaModel(config, std::move(weights)));
  PARLEY_TRY_STATUS(model->Open());
  return model;
}

// The template and the contexts, each of which reads one token to have its buffers.
Status LlamaModel::Open() {
  const char* source = llama_model_chat_template(model_.get(), nullptr);
  if (source == nullptr) {
    return Fail(Code::kDataLoss,
                fmt::format("{} carries no chat template, so nobody can talk to it; use an "
                            "instruction-tuned model",
                            config_.file.string()));
  }
  PARLEY_TRY(template_, ChatTemplate::Create(source, TokenText(vocab_, llama_vocab_bos(vocab_)),
                                             TokenText(vocab_, llama_vocab_eos(vocab_))));
  for (int i = 0; i < std::max(config_.contexts, config_.streams); ++i) {
    auto memory = std::make_unique<Memory>();
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(config_.context_tokens);
    params.n_batch = kBatch;
    params.n_ubatch = kBatch;
    params.n_threads = config_.threads;
    params.n_threads_batch = config_.threads;
    params.no_perf = true;
    params.abort_callback = Aborted;
    params.abort_callback_data = &memory->cancelled;
    memory->context.reset(llama_init_from_model(model_.get(), params));
    if (!memory->context) {
      return Fail(Code::kResourceExhausted,
                  fmt::format("no memory for context {} of {} of {} tokens: {}", i + 1,
                              config_.contexts, config_.context_tokens, ggml::LastError()));
    }
    const std::vector<llama_token> any = {0};
    PARLEY_TRY(const bool read, Read(*memory, any));
    static_cast<void>(read);
    llama_memory_clear(llama_get_memory(memory->context.get()), true);
    memory->tokens.clear();
    memories_.push_back(std::move(memory));
  }
  return {};
}

// The free memory that shares most with the prompt; between equals the one of the same key, then
// the one that was not used for longest. Waits if none is free.
LlamaModel::Memory* LlamaModel::Take(const std::string& key,
                                     const std::vector<llama_token>& prompt) {
  std::unique_lock lock(mutex_);
  Memory* best = nullptr;
  while (best == nullptr) {
    std::tuple<size_t, bool, uint64_t> best_rank;
    for (const auto& memory : memories_) {
      if (memory->busy) continue;
      // A beginning of a few tokens is that of every prompt.
      constexpr size_t kWorthKeeping = 16;
      const size_t common = CommonPrefix(memory->tokens, prompt);
      const std::tuple rank(common < kWorthKeeping ? 0 : common, !key.empty() && memory->key == key,
                            ~memory->used);
      if (best == nullptr || rank > best_rank) {
        best = memory.get();
        best_rank = rank;
      }
    }
    if (best == nullptr) freed_.wait(lock);
  }
  best->busy = true;
  best->used = ++uses_;
  best->key = key;
  return best;
}

void LlamaModel::GiveBack(Memory* memory) {
  {
    const std::lock_guard lock(mutex_);
    memory->busy = false;
  }
  freed_.notify_one();
}

Result<std::vector<llama_token>> LlamaModel::Tokenize(const std::vector<PromptPart>& prompt) const {
  std::vector<llama_token> tokens;
  bool first = true;
  for (const PromptPart& part : prompt) {
    const auto size = static_cast<int32_t>(part.text.size());
    std::vector<llama_token> piece(part.text.size() + 2);
    const int32_t count = llama_tokenize(vocab_, part.text.data(), size, piece.data(),
                                         static_cast<int32_t>(piece.size()), first, !part.input);
    if (count < 0) {
      return Fail(Code::kInternal, fmt::format("{} bytes of text gave no tokens", size));
    }
    tokens.insert(tokens.end(), piece.begin(), piece.begin() + count);
    first = false;
  }
  // A template may write the first token too.
  if (tokens.size() > 1 && tokens[0] == tokens[1] && tokens[0] == llama_vocab_bos(vocab_)) {
    tokens.erase(tokens.begin());
  }
  return tokens;
}

// The prompt's tokens, with as many turns forgotten as leaves room for the answer.
Result<std::vector<llama_token>> LlamaModel::Fit(const Request& request, int answer_tokens,
                                                 Answer& answer) {
  std::vector<ports::LanguageModel::Message> messages = request.messages;
  const int room = config_.context_tokens - std::min(answer_tokens, kRoomForAnswer);
  while (true) {
    PARLEY_TRY(const std::vector<PromptPart> prompt, template_->Render(messages, request.tools));
    PARLEY_TRY(std::vector<llama_token> tokens, Tokenize(prompt));
    if (tokens.empty()) return Fail(Code::kInvalidArgument, "there is nothing to answer");
    if (static_cast<int>(tokens.size()) <= room) return tokens;
    if (!ForgetOldestTurn(messages)) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the last turn alone has {} tokens, and {} fit besides an answer; "
                              "shorten it or raise the option context_tokens ({})",
                              tokens.size(), room, config_.context_tokens));
    }
    ++answer.forgotten_turns;
  }
}

// Reads tokens after those that the memory holds. False if it was cancelled.
Result<bool> LlamaModel::Read(Memory& memory, std::span<const llama_token> tokens) {
  llama_context* context = memory.context.get();
  while (!tokens.empty()) {
    const auto now = tokens.first(std::min<size_t>(tokens.size(), kBatch));
    const llama_batch batch =
        llama_batch_get_one(const_cast<llama_token*>(now.data()), static_cast<int32_t>(now.size()));
    const int failed = llama_decode(context, batch);
    if (failed != 0) {
      llama_memory_seq_rm(llama_get_memory(context), 0,
                          static_cast<llama_pos>(memory.tokens.size()), -1);
      if (Aborted(&memory.cancelled)) return false;
      return Fail(Code::kInternal, fmt::format("llama.cpp could not read {} tokens ({}): {}",
                                               now.size(), failed, ggml::LastError()));
    }
    memory.tokens.insert(memory.tokens.end(), now.begin(), now.end());
    tokens = tokens.subspan(now.size());
  }
  return true;
}

LlamaModel::SamplerPtr LlamaModel::MakeSampler(
    const ports::LanguageModel::Sampling& sampling) const {
  SamplerPtr chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
  const auto add = [&chain](llama_sampler* part) { llama_sampler_chain_add(chain.get(), part); };
  const double penalty = sampling.repeat_penalty.value_or(config_.repeat_penalty);
  if (penalty != 1) {
    add(llama_sampler_init_penalties(llama_vocab_n_tokens(vocab_), kPenaltyTokens,
                                     static_cast<float>(penalty), 0, 0));
  }
  const double temperature = sampling.temperature.value_or(config_.temperature);
  if (temperature <= 0) {
    add(llama_sampler_init_greedy());
    return chain;
  }
  add(llama_sampler_init_top_k(sampling.top_k.value_or(config_.top_k)));
  add(llama_sampler_init_top_p(static_cast<float>(sampling.top_p.value_or(config_.top_p)), 1));
  add(llama_sampler_init_temp(static_cast<float>(temperature)));
  add(llama_sampler_init_dist(
      static_cast<uint32_t>(sampling.seed.value_or(uint64_t{LLAMA_DEFAULT_SEED}))));
  return chain;
}

std::string LlamaModel::Piece(llama_token token) const {
  std::string piece(64, '\0');
  int32_t size = llama_token_to_piece(vocab_, token, piece.data(),
                                      static_cast<int32_t>(piece.size()), 0, false);
  if (size < 0) {
    piece.resize(static_cast<size_t>(-size));
    size = llama_token_to_piece(vocab_, token, piece.data(), -size, 0, false);
  }
  piece.resize(static_cast<size_t>(std::max(size, 0)));
  return piece;
}

Status LlamaModel::Answering(const Request& request, Memory& memory, int max_tokens,
                             Answer& answer) {
  const SamplerPtr sampler = MakeSampler(request.sampling);
  TextGate gate(request.sampling.stop, !request.tools.empty() && supports_tools());
  const auto say = [&](const std::string& text) {
    if (!text.empty() && !request.on_text(text)) answer.cancelled = true;
  };
  answer.stopped = false;
  while (!answer.cancelled && answer.tokens < max_tokens &&
         static_cast<int>(memory.tokens.size()) < config_.context_tokens) {
    const llama_token token = llama_sampler_sample(sampler.get(), memory.context.get(), -1);
    ++answer.tokens;
    answer.stopped = llama_vocab_is_eog(vocab_, token);
    if (answer.stopped) break;
    say(gate.Push(Piece(token)));
    answer.stopped = gate.stopped();
    if (answer.stopped || answer.cancelled) break;
    PARLEY_TRY(const bool read, Read(memory, {&token, 1}));
    if (!read) answer.cancelled = true;
  }
  if (!answer.cancelled) say(gate.Finish());
  answer.tool_calls = gate.calls();
  return {};
}

Result<LlamaModel::Answer> LlamaModel::Generate(const Request& request) {
  Answer answer;
  const int max_tokens = std::clamp(request.sampling.max_tokens.value_or(config_.max_tokens), 1,
                                    config_.context_tokens);
  PARLEY_TRY(const std::vector<llama_token> prompt, Fit(request, max_tokens, answer));
  const Lease lease(*this, Take(request.prefix_key, prompt), request);
  Memory& memory = *lease;
  // The last token is always read again, for its prediction.
  const size_t cached = std::min(CommonPrefix(memory.tokens, prompt), prompt.size() - 1);
  llama_memory_seq_rm(llama_get_memory(memory.context.get()), 0, static_cast<llama_pos>(cached),
                      -1);
  memory.tokens.resize(cached);
  answer.prompt_tokens = static_cast<int64_t>(prompt.size());
  answer.cached_tokens = static_cast<int64_t>(cached);
  PARLEY_TRY(const bool read, Read(memory, std::span(prompt).subspan(cached)));
  if (!read) {
    answer.cancelled = true;
    return answer;
  }
  PARLEY_TRY_STATUS(Answering(request, memory, max_tokens, answer));
  return answer;
}

}  // namespace parley::llama
