#include "cosyvoice2/lm/bistream.h"

#include <algorithm>

namespace parley::cosyvoice2 {
namespace {

void Move(std::vector<int>& from, size_t count, Symbol::Kind kind, std::vector<Symbol>& to) {
  count = std::min(count, from.size());
  for (size_t i = 0; i < count; ++i) to.push_back({kind, from[i]});
  from.erase(from.begin(), from.begin() + static_cast<int64_t>(count));
}

}  // namespace

Bistream::Bistream(const Rules& rules, std::span<const int> prompt_text,
                   std::span<const int> prompt_speech)
    : rules_(rules),
      text_(prompt_text.begin(), prompt_text.end()),
      prompt_speech_(prompt_speech.begin(), prompt_speech.end()),
      feed_({{Symbol::Kind::kSos, 0}}) {
  const size_t block = static_cast<size_t>(rules.speech_block);
  next_fill_ = (prompt_speech.size() / block + 1) * block - prompt_speech.size();
}

void Bistream::AddText(std::span<const int> tokens) {
  text_.insert(text_.end(), tokens.begin(), tokens.end());
  TakePromptBlocks();
  if (!prompt_speech_.empty() || decoding_) return;
  decoding_ = waits_for_text() ? TakeTextBlock() : true;
}

void Bistream::TakePromptBlocks() {
  const auto block = static_cast<size_t>(rules_.text_block);
  while (!prompt_speech_.empty() && text_.size() >= block) {
    Move(text_, block, Symbol::Kind::kText, feed_);
    Move(prompt_speech_, static_cast<size_t>(rules_.speech_block), Symbol::Kind::kSpeech, feed_);
    prompt_read_ = true;
  }
}

bool Bistream::TakeTextBlock() {
  const auto block = static_cast<size_t>(rules_.text_block);
  if (text_.size() < block) return false;
  if (!out_.empty()) feed_.clear();  // only the sequence's beginning is added to
  Move(text_, block, Symbol::Kind::kText, feed_);
  fed_ = false;
  return true;
}

void Bistream::EndText() { text_ended_ = true; }

void Bistream::PrepareEnd() {
  if (fed_ && !rules_.faithful) feed_.clear();
  Move(text_, text_.size(), Symbol::Kind::kText, feed_);
  feed_.push_back({Symbol::Kind::kTaskId, 0});
  if (!rules_.faithful) {
    Move(prompt_speech_, prompt_speech_.size(), Symbol::Kind::kSpeech, feed_);
  }
  final_ = true;
  decoding_ = true;
}

std::optional<std::vector<Symbol>> Bistream::NextFeed() {
  if (done_) return std::nullopt;
  if (!decoding_ && !rules_.faithful && prompt_speech_.empty() && waits_for_text()) {
    decoding_ = TakeTextBlock();
  }
  if (!decoding_ && text_ended_) PrepareEnd();
  if (!decoding_) return std::nullopt;
  fed_ = true;
  return feed_;
}

Bistream::Choice Bistream::NextChoice() const {
  // The unused stop is never drawn, which the official code has no answer to; fill has no meaning
  // after the text, nor the end of speech before.
  if (final_) return {.forced = std::nullopt, .masked = {eos() + 1, fill()}};
  if (out_.size() == next_fill_) return {.forced = fill(), .masked = {}};
  return {.forced = std::nullopt, .masked = {eos(), eos() + 1}};
}

bool Bistream::Take(int token) {
  const size_t place = out_.size();
  out_.push_back(token);
  if (final_) {
    done_ = token >= rules_.speech_tokens;
  } else if (token == fill()) {
    next_fill_ = place + static_cast<size_t>(rules_.speech_block) + 1;
    decoding_ = false;
  }
  if (token >= rules_.speech_tokens) return false;
  feed_ = {{Symbol::Kind::kSpeech, token}};
  return true;
}

}  // namespace parley::cosyvoice2
