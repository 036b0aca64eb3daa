#include "cosyvoice2/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/file.h"
#include "base/log.h"
#include "cosyvoice2/text/byte_characters.h"
#include "cosyvoice2/text/byte_pairs.h"
#include "cosyvoice2/text/pre_tokenizer.h"
#include "text/unicode.h"

namespace parley::cosyvoice2 {
namespace {

using Json = nlohmann::json;

// The real files have 2.8 and 1.4 MB.
constexpr size_t kFileBytesMax = 32 << 20;
constexpr size_t kTokensMax = 1'000'000;

constexpr std::string_view kControlTokens[] = {
    "<|endoftext|>", "<|im_start|>", "<|im_end|>",        "<|endofprompt|>", "[breath]",
    "<strong>",      "</strong>",    "[noise]",           "[laughter]",      "[cough]",
    "[clucking]",    "[accent]",     "[quick_breath]",    "<laughter>",      "</laughter>",
    "[hissing]",     "[sigh]",       "[vocalized-noise]", "[lipsmack]",      "[mn]"};

tl::unexpected<Error> Broken(std::string_view what) {
  return Fail(Code::kDataLoss, fmt::format("the tokenizer's files are broken: {}", what));
}

using Vocabulary = std::unordered_map<std::string, int32_t>;  // as written in the file

Result<Vocabulary> ReadVocabulary(std::string_view json) {
  Json parsed;
  try {
    parsed = Json::parse(json);
  } catch (const Json::exception& exception) {
    return Broken(fmt::format("vocab.json: {}", exception.what()));
  }
  if (!parsed.is_object() || parsed.size() > kTokensMax) {
    return Broken(fmt::format("vocab.json is no map of at most {} tokens", kTokensMax));
  }
  Vocabulary vocabulary;
  std::vector<bool> seen(parsed.size(), false);
  for (const auto& [token, id] : parsed.items()) {
    if (!id.is_number_integer() || id < 0 || id >= parsed.size() || seen[id.get<size_t>()]) {
      return Broken(fmt::format("vocab.json gives '{}' an id that is taken or not from 0 to {}",
                                token, parsed.size() - 1));
    }
    seen[id.get<size_t>()] = true;
    vocabulary.emplace(token, id.get<int32_t>());
  }
  return vocabulary;
}

// "left right" → their rule.
Status AddMerge(std::string_view line, int32_t rank, const Vocabulary& vocabulary,
                PairRules& rules) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return Broken(fmt::format("line {} of merges.txt is no pair", rank + 1));
  }
  const std::string left(line.substr(0, space));
  const std::string right(line.substr(space + 1));
  const auto left_id = vocabulary.find(left);
  const auto right_id = vocabulary.find(right);
  const auto joined_id = vocabulary.find(left + right);
  if (left_id == vocabulary.end() || right_id == vocabulary.end() ||
      joined_id == vocabulary.end()) {
    return Broken(
        fmt::format("'{}' of merges.txt is not in vocab.json; are the two files of one "
                    "model?",
                    line));
  }
  rules.try_emplace(PairKey(left_id->second, right_id->second), PairRule{rank, joined_id->second});
  return {};
}

Result<PairRules> ReadMerges(std::string_view merges, const Vocabulary& vocabulary) {
  PairRules rules;
  int32_t rank = 0;
  if (merges.starts_with("#version:")) {
    merges.remove_prefix(std::min(merges.find('\n'), merges.size() - 1) + 1);
  }
  while (!merges.empty()) {
    const size_t end = merges.find('\n');
    std::string_view line = merges.substr(0, end);
    merges.remove_prefix(end == std::string_view::npos ? merges.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    PARLEY_TRY_STATUS(AddMerge(line, rank++, vocabulary, rules));
  }
  return rules;
}

// A control token that stands at `at`; the longest. Null if there is none.
const std::string_view* ControlAt(std::string_view text, size_t at) {
  const std::string_view* longest = nullptr;
  for (const std::string_view& token : kControlTokens) {
    if (text.substr(at, token.size()) != token) continue;
    if (longest == nullptr || token.size() > longest->size()) longest = &token;
  }
  return longest;
}

}  // namespace

struct Tokenizer::Impl {
  std::array<int32_t, 256> byte_ids{};
  PairRules rules;
  int32_t vocabulary_size = 0;
  bool joins_chinese = false;

  void EncodePlain(std::string_view plain, std::vector<int32_t>& ids) const {
    const std::u32string text = text::ComposeNfc(text::DecodeUtf8(plain));
    std::vector<int32_t> piece_ids;
    for (size_t at = 0; at < text.size();) {
      const size_t end = PieceEnd(text, at);
      const std::u32string_view piece = std::u32string_view(text).substr(at, end - at);
      piece_ids.clear();
      for (const char byte : text::EncodeUtf8(piece)) {
        piece_ids.push_back(byte_ids[static_cast<uint8_t>(byte)]);
      }
      JoinPairs(rules, piece_ids);
      ids.insert(ids.end(), piece_ids.begin(), piece_ids.end());
      at = end;
    }
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Tokenizer::~Tokenizer() = default;

std::span<const std::string_view> Tokenizer::ControlTokens() { return kControlTokens; }

Result<std::unique_ptr<Tokenizer>> Tokenizer::Create(std::string_view vocab_json,
                                                     std::string_view merges) {
  PARLEY_TRY(const Vocabulary vocabulary, ReadVocabulary(vocab_json));
  auto impl = std::make_unique<Impl>();
  impl->vocabulary_size = static_cast<int32_t>(vocabulary.size());
  for (size_t byte = 0; byte < impl->byte_ids.size(); ++byte) {
    const auto found = vocabulary.find(ByteCharacter(static_cast<uint8_t>(byte)));
    if (found == vocabulary.end()) return Broken(fmt::format("byte {} has no token", byte));
    impl->byte_ids[byte] = found->second;
  }
  PARLEY_TRY(impl->rules, ReadMerges(merges, vocabulary));
  auto tokenizer = std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
  // "你好" is the first token of two Chinese characters in Qwen2's own merges.
  tokenizer->impl_->joins_chinese = tokenizer->Encode("你好").size() == 1;
  return tokenizer;
}

Result<std::unique_ptr<Tokenizer>> Tokenizer::Load(const std::filesystem::path& folder) {
  PARLEY_TRY(const std::string vocabulary, ReadFile(folder / "vocab.json", kFileBytesMax));
  PARLEY_TRY(const std::string merges, ReadFile(folder / "merges.txt", kFileBytesMax));
  auto tokenizer = Create(vocabulary, merges);
  if (!tokenizer) {
    return Fail(tokenizer.error().code,
                fmt::format("'{}': {}", folder.string(), tokenizer.error().message));
  }
  if ((*tokenizer)->JoinsChinese()) {
    log::Warn(
        "tokenizer_joins_chinese folder={}: merges.txt is Qwen2's own, not CosyVoice's, and "
        "Chinese will be spoken wrongly",
        folder.string());
  }
  return tokenizer;
}

std::vector<int32_t> Tokenizer::Encode(std::string_view text) const {
  std::vector<int32_t> ids;
  size_t plain_from = 0;
  for (size_t at = 0; at < text.size();) {
    const bool may_begin = text[at] == '<' || text[at] == '[';
    const std::string_view* control = may_begin ? ControlAt(text, at) : nullptr;
    if (control == nullptr) {
      ++at;
      continue;
    }
    impl_->EncodePlain(text.substr(plain_from, at - plain_from), ids);
    ids.push_back(impl_->vocabulary_size + static_cast<int32_t>(control - kControlTokens));
    at += control->size();
    plain_from = at;
  }
  impl_->EncodePlain(text.substr(plain_from), ids);
  return ids;
}

int32_t Tokenizer::token_count() const {
  return impl_->vocabulary_size + static_cast<int32_t>(std::size(kControlTokens));
}

bool Tokenizer::JoinsChinese() const { return impl_->joins_chinese; }

}  // namespace parley::cosyvoice2
