// Text to the ids of CosyVoice 2's language model: byte-level byte-pair encoding (Sennrich, Haddow,
// Birch, 2016; bytes as in GPT-2) over the two files of CosyVoice-BlankEN, with Qwen2's rules of
// cutting, and control tokens. That folder's merges.txt is not Qwen2's own: it joins no Chinese
// characters. Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

class Tokenizer {
 public:
  // Of the real model.
  static constexpr int32_t kBpeTokens = 151'643;
  static constexpr int32_t kEndOfPrompt = kBpeTokens + 3;
  static constexpr int32_t kTokens = kBpeTokens + 20;

  // What is one token wherever it stands: "<|endofprompt|>", "[laughter]", "<strong>"… Their ids
  // follow those of the vocabulary in this order, whatever tokenizer_config.json says.
  static std::span<const std::string_view> ControlTokens();

  // vocab.json and merges.txt of `folder`. Errors: as of ReadFile and Create, with the path.
  static Result<std::unique_ptr<Tokenizer>> Load(const std::filesystem::path& folder);

  // `vocab_json`: {"token": id}, ids 0 to n − 1, with at least the 256 bytes. `merges`: one pair a
  // line, by rank; both parts and what they make are in the vocabulary. kDataLoss otherwise.
  static Result<std::unique_ptr<Tokenizer>> Create(std::string_view vocab_json,
                                                   std::string_view merges);
  ~Tokenizer();

  // Any bytes; those that are no UTF-8 count as U+FFFD. No tokens are added at either end. Time
  // grows a little more than linearly: 10,000 characters take some milliseconds.
  std::vector<int32_t> Encode(std::string_view text) const;

  // All tokens, with the control tokens.
  int32_t token_count() const;

  // Joins Chinese characters, as Qwen2's own merges.txt does and CosyVoice's does not: then Chinese
  // would be spoken wrongly.
  bool JoinsChinese() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::cosyvoice2
