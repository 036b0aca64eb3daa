// How a worker treats what its voices say.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace parley::worker {

// What spells out texts (internal/normalizers.h).
enum class NormalizeBy {
  kAuto,    // grammars where they were pulled, else rules
  kWetext,  // grammars; without them the worker does not start
  kRules,   // rules alone
};

struct VoiceConfig {
  // Of streams whose caller names none.
  int sample_rate_hz = 48'000;  // 8,000 to 48,000
  int frame_ms = 20;            // 10, 20, 40 or 60
  // Loudness that all voices are brought to, −40 to −10; 0 leaves them as they are.
  float target_lufs = -20.0f;
  bool trim_silence = true;
  // Numbers, dates, money and the like are spelled out before the voice gets them; else it gets the
  // text as it came.
  bool normalize_text = true;
  NormalizeBy normalize_by = NormalizeBy::kAuto;
  std::string text_language;  // BCP 47, of texts whose caller names none; empty: the voice's own
  // How far an engine may run ahead of what the caller took, 100 to 30,000. More costs memory and
  // work that a cancel throws away; less may starve a slow network.
  int lead_ms = 2'000;
  // An engine that has text and credit but gives nothing for this long has hung: its stream fails
  // as retryable. 1,000 to 600,000, or four times what its first audio took, whichever is longer.
  int stall_ms = 15'000;

  Status Validate() const;
};

}  // namespace parley::worker
