// What the language model reads and may say next where text arrives while speech is produced:
// blocks of 5 text tokens and 15 speech tokens in turn, a fill token wherever it is text's turn,
// and after the last text everything that is left (the official `inference_bistream`; CosyVoice 2,
// 2024, §2.3). Decisions alone: the model and the sampling are elsewhere. One thread.
//
// The official code is followed to the letter where `faithful`. Else three of its slips are mended:
// what was read already is not read again when the text ends; prompt speech that has not been read
// by then is read after the text instead of dropped; and several blocks of text that arrive at once
// are taken without waiting for more.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cosyvoice2/lm/lm.h"

namespace parley::cosyvoice2 {

class Bistream {
 public:
  struct Rules {
    int speech_tokens = 6561;  // below: speech; then end of speech, an unused stop, fill
    int text_block = 5;
    int speech_block = 15;
    bool faithful = false;
  };

  Bistream(const Rules& rules, std::span<const int> prompt_text,
           std::span<const int> prompt_speech);

  // Text as it arrives; afterwards `NextFeed` may have something.
  void AddText(std::span<const int> tokens);
  void EndText();

  // What the model must read before the next token is drawn. Nothing: text must arrive first, or
  // all is said (`done`).
  std::optional<std::vector<Symbol>> NextFeed();

  // How the token after NextFeed is to be found: `forced`, or drawn with `masked` never drawn.
  struct Choice {
    std::optional<int> forced;
    std::vector<int> masked;
  };
  Choice NextChoice() const;

  // The token found. True if it is speech to be heard.
  bool Take(int token);

  bool done() const { return done_; }
  // All tokens so far, fills among them: what repetition is judged by.
  std::span<const int> history() const { return out_; }

 private:
  int eos() const { return rules_.speech_tokens; }
  int fill() const { return rules_.speech_tokens + 2; }
  bool waits_for_text() const { return out_.empty() ? !prompt_read_ : out_.back() == fill(); }
  void TakePromptBlocks();
  bool TakeTextBlock();
  void PrepareEnd();

  const Rules rules_;
  std::vector<int> text_;           // arrived, not read
  std::vector<int> prompt_speech_;  // not read
  std::vector<Symbol> feed_;        // what is read next, or was read last
  std::vector<int> out_;
  size_t next_fill_;
  bool prompt_read_ = false;  // some prompt block is in the feed
  bool decoding_ = false;     // the feed is to be read
  bool fed_ = false;          // the feed has been read
  bool text_ended_ = false;
  bool final_ = false;
  bool done_ = false;
};

}  // namespace parley::cosyvoice2
