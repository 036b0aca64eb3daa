#include "segment/segmenter.h"

#include <algorithm>
#include <cctype>

#include "segment/internal/abbreviations.h"
#include "segment/internal/utf8.h"

namespace parley::segment {
namespace {

constexpr std::string_view kFence = "```";

bool IsAsciiStop(char32_t c) { return c == '.' || c == '!' || c == '?'; }
bool IsWideStop(char32_t c) { return c == 0x3002 || c == 0xff01 || c == 0xff1f || c == 0xff61; }
bool IsWideClauseMark(char32_t c) {
  return c == 0x3001 || c == 0xff0c || c == 0xff1b || c == 0xff1a;
}
bool IsAsciiClauseMark(char32_t c) { return c == ',' || c == ';' || c == ':'; }
bool IsDash(char32_t c) { return c == 0x2014 || c == 0x2013; }
constexpr char32_t kEllipsis = 0x2026;

// A longer row of stops and quotes is taken in portions.
constexpr size_t kStopRunMax = 64;

}  // namespace

size_t SourceOffset(const Utterance& utterance, size_t text_bytes) {
  if (text_bytes == 0) return utterance.source_from;
  if (text_bytes >= utterance.text.size()) return utterance.source_upto;
  // The last span that begins before the place.
  const auto after = std::partition_point(
      utterance.spans.begin(), utterance.spans.end(),
      [text_bytes](const SourceSpan& span) { return span.text_at < text_bytes; });
  if (after == utterance.spans.begin()) return utterance.source_from;
  const SourceSpan& span = *std::prev(after);
  const size_t into = std::min<size_t>(text_bytes - span.text_at, span.length);
  return utterance.source_from + span.source_at + into;
}

void Segmenter::Feed(std::string_view delta) {
  if (finished_) return;
  // In portions, so that what is kept back stays bounded however much comes at once.
  while (!delta.empty()) {
    const size_t portion = std::min(delta.size(), config_.utterance_bytes_max);
    pending_.append(delta.substr(0, portion));
    delta.remove_prefix(portion);
    Scan();
  }
}

void Segmenter::Finish() {
  if (finished_) return;
  finished_ = true;
  Scan();
  if (!pending_.empty()) Cut(pending_.size(), in_code_);
}

std::optional<Utterance> Segmenter::Next() {
  if (ready_.empty()) return std::nullopt;
  Utterance utterance = std::move(ready_.front());
  ready_.pop_front();
  return utterance;
}

void Segmenter::Reset() {
  pending_.clear();
  ready_.clear();
  pending_from_ = scan_ = word_start_ = clause_end_ = space_end_ = 0;
  words_ = wide_ = 0;
  in_word_ = in_code_ = finished_ = false;
  first_ = begins_line_ = true;
}

void Segmenter::Scan() {
  while (scan_ < pending_.size()) {
    const bool moved = in_code_ ? ScanCode() : HoldLength() || ScanText();
    if (!moved) return;
  }
}

// Inside a fence: whole lines are passed over until the one that closes it.
bool Segmenter::ScanCode() {
  const size_t line_end = pending_.find('\n', scan_);
  const size_t end = line_end == std::string::npos ? pending_.size() : line_end + 1;
  if (end >= config_.utterance_bytes_max) {
    Cut(config_.utterance_bytes_max, /*is_code=*/true);
    return true;
  }
  if (line_end == std::string::npos && !finished_) return false;
  size_t at = scan_;
  while (at < end && pending_[at] == ' ') ++at;
  const bool closes = AtLineStart(scan_) && pending_.compare(at, kFence.size(), kFence) == 0;
  Cut(end, /*is_code=*/true);
  if (closes) in_code_ = false;
  return true;
}

bool Segmenter::ScanText() {
  const CodePoint c = DecodeAt(pending_, scan_);
  if (c.bytes == 0 && !finished_) return false;
  const size_t bytes = std::max<size_t>(c.bytes, 1);
  if (c.value == '`' && AtLineStart(scan_)) {
    const size_t there = std::min(pending_.size() - scan_, kFence.size());
    const bool may_be = pending_.compare(scan_, there, kFence.substr(0, there)) == 0;
    if (may_be && there < kFence.size() && !finished_) return false;
    if (may_be && there == kFence.size()) {
      if (scan_ > 0) Cut(scan_, /*is_code=*/false);
      in_code_ = true;
      // The opening line is not the closing one.
      begins_line_ = false;
      return true;
    }
  }
  if (IsSpace(c.value)) {
    ScanSpace(c.value, bytes);
    return true;
  }
  if (IsAsciiStop(c.value) || IsWideStop(c.value) || c.value == kEllipsis) return ScanStop(bytes);
  if (IsAsciiClauseMark(c.value) || IsWideClauseMark(c.value) || IsDash(c.value)) {
    return ScanClauseMark(c.value, bytes);
  }
  if (IsLetterOrDigit(c.value)) {
    if (!in_word_) word_start_ = scan_;
    in_word_ = true;
    if (IsCjk(c.value)) ++wide_;
  }
  scan_ += bytes;
  return true;
}

// A run of stops with the quotes and brackets behind it. What follows decides, so its first
// character must be there.
bool Segmenter::ScanStop(size_t mark_bytes) {
  size_t end = scan_;
  int stops = 0;
  bool wide = false;
  bool dots_only = true;
  char32_t next = ' ';
  bool in_closers = false;
  while (true) {
    if (end >= pending_.size()) {
      if (!finished_) return false;
      next = ' ';
      break;
    }
    const CodePoint c = DecodeAt(pending_, end);
    if (c.bytes == 0 && !finished_) return false;
    next = c.value;
    const bool stop = IsAsciiStop(next) || IsWideStop(next) || next == kEllipsis;
    if (end - scan_ >= kStopRunMax || (!(stop && !in_closers) && !IsCloser(next))) break;
    in_closers = in_closers || !stop;
    if (stop) ++stops;
    wide = wide || IsWideStop(next);
    dots_only = dots_only && (!stop || next == '.' || next == kEllipsis);
    end += std::max<size_t>(c.bytes, 1);
  }
  const std::string_view token = TokenBefore(scan_);
  const bool ellipsis = dots_only && (stops > 1 || mark_bytes > 1);
  const bool abbreviation = pending_[scan_] == '.' && stops == 1 &&
                            IsAbbreviation(token, AtLineStart(scan_ - token.size()));
  if (wide || IsSpace(next)) EndWord();
  if (wide || (IsSpace(next) && !abbreviation && !ellipsis)) {
    Cut(end, /*is_code=*/false);
    return true;
  }
  scan_ = end;
  if (ellipsis && IsSpace(next)) ClauseBoundary(end);
  return true;
}

bool Segmenter::ScanClauseMark(char32_t mark, size_t mark_bytes) {
  const size_t end = scan_ + mark_bytes;
  if (end >= pending_.size() && !finished_) return false;
  const bool spaced = end >= pending_.size() || IsSpace(DecodeAt(pending_, end).value);
  const bool wide = IsWideClauseMark(mark) || IsDash(mark);
  if (spaced || wide) EndWord();
  scan_ = end;
  if (spaced || wide) ClauseBoundary(end);
  return true;
}

void Segmenter::ScanSpace(char32_t c, size_t bytes) {
  const bool had_word = in_word_;
  const std::string_view word(pending_.data() + word_start_, scan_ - word_start_);
  const size_t word_at = word_start_;
  EndWord();
  scan_ += bytes;
  space_end_ = scan_;
  if (c == '\n') {
    if (words_ > 0 || wide_ > 0) Cut(scan_, /*is_code=*/false);
    return;
  }
  if (!first_ || !had_word) return;
  if (words_ > config_.first_words_soft && word_at > 0) {
    std::string lower(word.substr(0, 16));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    if (OpensClause(lower)) return Cut(word_at, /*is_code=*/false);
  }
  if (words_ >= config_.first_words_hard) Cut(scan_, /*is_code=*/false);
}

void Segmenter::EndWord() {
  if (in_word_) ++words_;
  in_word_ = false;
}

void Segmenter::ClauseBoundary(size_t at) {
  const int words = words_ + wide_ / 2;
  if ((first_ && words >= config_.first_words_min) || at >= config_.clause_bytes) {
    return Cut(at, /*is_code=*/false);
  }
  clause_end_ = at;
}

// Cuts what has grown too long, at the best place there is; true if it did.
bool Segmenter::HoldLength() {
  if (scan_ + kStopRunMax + 8 < config_.utterance_bytes_max) return false;
  size_t at = scan_;
  if (space_end_ > config_.utterance_bytes_max / 4) at = space_end_;
  if (clause_end_ > config_.utterance_bytes_max / 4) at = clause_end_;
  Cut(at, /*is_code=*/false);
  return true;
}

bool Segmenter::AtLineStart(size_t at) const {
  while (at > 0 && (pending_[at - 1] == ' ' || pending_[at - 1] == '\t')) --at;
  return at == 0 ? begins_line_ : pending_[at - 1] == '\n';
}

std::string_view Segmenter::TokenBefore(size_t at) const {
  size_t from = at;
  while (from > 0 && !IsSpace(static_cast<unsigned char>(pending_[from - 1]))) --from;
  return std::string_view(pending_).substr(from, at - from);
}

void Segmenter::Cut(size_t at, bool is_code) {
  Utterance utterance{.source_from = pending_from_, .source_upto = pending_from_ + at};
  if (!is_code) {
    Speakable spoken = MakeSpeakable(std::string_view(pending_).substr(0, at), begins_line_);
    utterance.text = std::move(spoken.text);
    utterance.spans = std::move(spoken.spans);
    first_ = first_ && utterance.text.empty();
  }
  const bool ends_line = pending_[at - 1] == '\n';
  const bool only_space =
      std::all_of(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(at),
                  [](char c) { return c == ' ' || c == '\t'; });
  begins_line_ = ends_line || (begins_line_ && only_space);
  pending_.erase(0, at);
  pending_from_ += at;
  scan_ = word_start_ = clause_end_ = space_end_ = 0;
  words_ = wide_ = 0;
  in_word_ = false;
  ready_.push_back(std::move(utterance));
}

}  // namespace parley::segment
