// A language model of llama.cpp: the weights once, and some contexts, each of which remembers the
// tokens it has read. An answer takes the free context that remembers most of its prompt, and reads
// only the rest: the turns of one conversation share their beginning, and reading is most of the
// time to the first word.
#pragma once

#include <llama.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "llama/chat_template.h"
#include "ports/language_model.h"

namespace parley::llama {

class LlamaModel {
 public:
  struct Config {
    std::filesystem::path file;  // GGUF
    int streams = 2;             // answers at once
    int contexts = 3;  // remembered conversations, ≥ streams; 47 MB each with the default
                       // model and 2048 tokens
    int context_tokens = 2048;  // prompt and answer together
    int threads = 2;
    int max_tokens = 160;    // of an answer, where the request does not say
    double temperature = 0;  // 0: always the likeliest token
    double top_p = 0.95;
    int top_k = 40;
    double repeat_penalty = 1.1;  // of the last 64 tokens; small models run in circles at 1
    std::function<bool(double)> progress;  // 0 to 1 while loading; false gives up
  };

  struct Request {
    std::vector<ports::LanguageModel::Message> messages;
    std::vector<ports::LanguageModel::Tool> tools;
    ports::LanguageModel::Sampling sampling;
    std::string prefix_key;
    std::function<bool()> cancelled;                // asked between graph nodes, any thread
    std::function<bool(std::string_view)> on_text;  // whole characters; false: stop
  };

  struct Answer {
    bool cancelled = false;
    bool stopped = true;                  // by the model or a stop string; false: max_tokens
    std::vector<std::string> tool_calls;  // as the model wrote them
    int forgotten_turns = 0;              // the oldest, for want of room
    int64_t prompt_tokens = 0;
    int64_t cached_tokens = 0;
    int64_t tokens = 0;
  };

  // kDataLoss or kResourceExhausted with llama.cpp's reason; kCancelled if `progress` gave up.
  static Result<std::unique_ptr<LlamaModel>> Create(const Config& config);
  ~LlamaModel();

  // Thread-safe. kInvalidArgument when even the last turn alone does not fit.
  Result<Answer> Generate(const Request& request);

  bool supports_tools() const { return template_->supports_tools(); }

 private:
  struct ModelDeleter {
    void operator()(llama_model* model) const { llama_model_free(model); }
  };
  struct ContextDeleter {
    void operator()(llama_context* context) const { llama_free(context); }
  };
  struct SamplerDeleter {
    void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
  };
  using ModelPtr = std::unique_ptr<llama_model, ModelDeleter>;
  using ContextPtr = std::unique_ptr<llama_context, ContextDeleter>;
  using SamplerPtr = std::unique_ptr<llama_sampler, SamplerDeleter>;

  // A context and what it has read.
  struct Memory {
    ContextPtr context;
    std::vector<llama_token> tokens;
    std::string key;
    uint64_t used = 0;  // when, by a counter
    bool busy = false;
    const std::function<bool()>* cancelled = nullptr;  // of the answer under way
  };
  class Lease;

  LlamaModel(const Config& config, ModelPtr model);
  Status Open();
  Memory* Take(const std::string& key, const std::vector<llama_token>& prompt);
  void GiveBack(Memory* memory);
  Result<std::vector<llama_token>> Tokenize(const std::vector<PromptPart>& prompt) const;
  Result<std::vector<llama_token>> Fit(const Request& request, int answer_tokens, Answer& answer);
  Result<bool> Read(Memory& memory, std::span<const llama_token> tokens);
  Status Answering(const Request& request, Memory& memory, int max_tokens, Answer& answer);
  SamplerPtr MakeSampler(const ports::LanguageModel::Sampling& sampling) const;
  std::string Piece(llama_token token) const;

  const Config config_;
  const ModelPtr model_;
  const llama_vocab* const vocab_;
  std::unique_ptr<ChatTemplate> template_;
  std::vector<std::unique_ptr<Memory>> memories_;
  std::mutex mutex_;  // of `busy`, `used` and who takes which memory
  std::condition_variable freed_;
  uint64_t uses_ = 0;
};

}  // namespace parley::llama
