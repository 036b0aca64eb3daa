// The texts of a Synthesize stream, from the caller to the engine.
#include <algorithm>
#include <utility>

#include "text/language.h"
#include "worker/internal/voice_stream.h"

namespace parley::worker {
namespace {

constexpr double kUsPerMs = 1000.0;

}  // namespace

void VoiceStream::SpellNext() {
  while (!over_ && stream_ != 0 && !spelling_) {
    const auto next = std::find_if(utterances_.begin(), utterances_.end(),
                                   [](const Utterance& one) { return !one.spelled; });
    if (next == utterances_.end()) break;
    const catalog::Pack& pack = lease_.instance().pack;
    if (config_.normalize_text && pack.normalizer == catalog::TextNormalizer::kWorker) {
      SpellOut(*next, pack.languages);
    } else {
      SendText(*next, Normalizers::AsItIs(next->original));
    }
  }
  const bool all_sent = utterances_.empty() || utterances_.back().spelled;
  if (end_of_text_ && all_sent && stream_ != 0 && lease_.engine() != nullptr &&
      !std::exchange(end_sent_, true)) {
    lease_.engine()->Send(stream_, engine::End{});
  }
  SkipSilent();
}

// The stream may end meanwhile; the normalizers outlive both sequences.
void VoiceStream::SpellOut(const Utterance& utterance, const std::vector<std::string>& spoken) {
  spelling_ = true;
  std::string language = request_.language.empty() ? config_.text_language : request_.language;
  if (language.empty()) language = text::LanguageOf(utterance.original, spoken);
  deps_.normalizers.executor().Post([deps = deps_, weak = weak_from_this(), id = utterance.id,
                                     language = std::move(language), text = utterance.original,
                                     from_us = deps_.clock.NowUs()] {
    auto spelled = deps.normalizers.Normalize(language, text);
    deps.metrics.text_ms.Observe(static_cast<double>(deps.clock.NowUs() - from_us) / kUsPerMs);
    deps.executor.Post([weak, id, spelled = std::move(spelled)]() mutable {
      if (const auto self = weak.lock()) self->OnSpelled(id, std::move(spelled));
    });
  });
}

void VoiceStream::OnSpelled(UtteranceId id, Result<text::Normalized> spelled) {
  spelling_ = false;
  const auto utterance = std::find_if(utterances_.begin(), utterances_.end(),
                                      [&](const Utterance& one) { return one.id == id; });
  if (over_ || utterance == utterances_.end()) return;
  SendText(*utterance, std::move(spelled));
  SpellNext();
}

// A text that cannot be spoken ends the stream, and empties the list.
void VoiceStream::SendText(Utterance& utterance, Result<text::Normalized> spelled) {
  if (!spelled) {
    FailStream(std::move(spelled.error()), false);
    return;
  }
  utterance.spelled = true;
  utterance.text = std::move(spelled->text);
  utterance.spans = std::move(spelled->spans);
  if (utterance.text.size() > engine::kTextBytesMax) {
    FailStream({Code::kInvalidArgument, "utterance " + std::to_string(utterance.id.value) +
                                            " has " + std::to_string(utterance.text.size()) +
                                            " bytes once spoken out, more than " +
                                            std::to_string(engine::kTextBytesMax)},
               false);
    return;
  }
  if (utterances_.front().id == utterance.id) {
    utterance.engine_asked_us = deps_.clock.NowUs();
    WatchStall();
  }
  if (utterance.text.empty() || lease_.engine() == nullptr) return;
  engine::Text message{.utterance = utterance.id.value,
                       .text = utterance.text,
                       .context_before = utterance.context_before};
  lease_.engine()->Send(stream_, message);
}

}  // namespace parley::worker
