// Cuts a language model's stream of text into utterances for a voice: the first clause early, so
// that the first sound need not wait for a whole sentence, then sentences. Pure; stands between
// dialogue and voice, owned by the turn it belongs to.
//
// Every byte of the source belongs to exactly one utterance, in order; one that has nothing to say
// (code, emoji, white space) has an empty text. Bounded: an utterance's source never exceeds
// Config::utterance_bytes_max, nor does what is kept back.
//
// One sequence.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "segment/speakable.h"

namespace parley::segment {

struct Utterance {
  std::string text;  // to be spoken; empty: nothing
  // Bytes of everything fed so far; the first utterance's `source_from` is 0, each next one's is
  // the `source_upto` of the one before.
  size_t source_from = 0;
  size_t source_upto = 0;
  // Places relative to `source_from`.
  std::vector<SourceSpan> spans;
};

// The place in the source (from the start of the stream) up to which the first `text_bytes` bytes
// of the utterance's text reach. 0 gives `source_from`, all of it `source_upto` with the markup
// behind.
size_t SourceOffset(const Utterance& utterance, size_t text_bytes);

class Segmenter {
 public:
  struct Config {
    // A clause mark ends the first utterance once it has so many words: few enough for a sound of
    // ≤ 2 s, enough that its sound lasts while the next is made.
    int first_words_min = 3;
    // Without any mark, the first utterance ends before a conjunction or preposition …
    int first_words_soft = 5;
    // … or anywhere between words.
    int first_words_hard = 10;
    // Longer sentences are cut at a clause mark,
    size_t clause_bytes = 240;
    // and at last between words (or characters).
    size_t utterance_bytes_max = 600;
  };

  explicit Segmenter(const Config& config) : config_(config) {}
  Segmenter() : Segmenter(Config{}) {}

  // Whole characters are expected; wrong UTF-8 is skipped over when spoken. After Finish: ignored.
  void Feed(std::string_view delta);
  // No text follows: what is kept back comes out.
  void Finish();
  // In order; nullopt until more is fed.
  std::optional<Utterance> Next();

  // Starts anew, keeping its memory.
  void Reset();

 private:
  void Scan();
  // One step of the scan; false when it must wait for more text.
  bool ScanCode();
  bool ScanText();
  bool ScanStop(size_t mark_bytes);
  bool ScanClauseMark(char32_t mark, size_t mark_bytes);
  void ScanSpace(char32_t c, size_t bytes);
  void EndWord();
  void ClauseBoundary(size_t at);
  bool HoldLength();
  bool AtLineStart(size_t at) const;
  std::string_view TokenBefore(size_t at) const;
  void Cut(size_t at, bool is_code);

  const Config config_;
  std::string pending_;
  size_t pending_from_ = 0;  // place of pending_[0] in the source
  size_t scan_ = 0;
  size_t word_start_ = 0;
  size_t clause_end_ = 0;  // behind the last clause mark, 0: none
  size_t space_end_ = 0;   // behind the last white space, 0: none
  int words_ = 0;          // complete ones in pending_
  int wide_ = 0;           // characters of scripts without spaces, two of which count as a word
  bool in_word_ = false;
  bool first_ = true;
  bool begins_line_ = true;  // pending_[0] opens a line
  bool in_code_ = false;
  bool finished_ = false;
  std::deque<Utterance> ready_;
};

}  // namespace parley::segment
