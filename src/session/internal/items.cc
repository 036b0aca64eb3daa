// Items that the client makes: text at once, sound once it is words.
#include <utility>

#include "base/log.h"
#include "realtime/ids.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {

void Session::Impl::On(const realtime::CreateItem& event) {
  Conversation::Entry entry{.item = event.item};
  if (entry.item.id.empty()) entry.item.id = realtime::NewId("item");
  const realtime::Item asked = entry.item;
  for (realtime::ContentPart& part : entry.item.content) part.bytes.clear();
  auto before = conversation_.Insert(std::move(entry), event.previous_item_id);
  if (!before) return Fail(std::move(before.error()));
  send_(realtime::ItemAdded(asked, *before));
  send_(realtime::ItemDone(asked, *before));
  HearItem(asked);
}

// Kept for `retrieve`, and heard unless the client said what it says.
void Session::Impl::HearItem(const realtime::Item& item) {
  for (size_t i = 0; i < item.content.size(); ++i) {
    const realtime::ContentPart& part = item.content[i];
    if (part.bytes.empty()) continue;
    const auto sound = Uplink::Create(object_.settings().input_format);
    if (!sound) return;
    const std::span<const float> samples = (*sound)->Append(part.bytes);
    realtime::PartAudio audio{.sample_rate_hz = Uplink::kRateHz};
    audio.pcm = (*sound)->Copy(0, static_cast<int64_t>(samples.size()));
    Conversation::Entry* entry = conversation_.Find(item.id);
    if (!entry) return;
    const auto kept = std::make_shared<const realtime::PartAudio>(std::move(audio));
    entry->item.content[i].audio = kept;
    if (part.has_transcript) continue;
    const auto& transcription = object_.settings().transcription;
    item_hearing_->Start({.item_id = item.id,
                          .pcm = kept->pcm,
                          .model = recognizer_model_,
                          .language = transcription && !transcription->language.empty()
                                          ? transcription->language
                                          : config_.language});
    return;  // one voice an item
  }
}

void Session::Impl::OnItemHeard(const std::string& item_id, Result<std::string> words) {
  Conversation::Entry* entry = conversation_.Find(item_id);
  if (!words) {
    log::Warn("item_not_heard session={} item={} error=\"{}\"", id_.value, item_id,
              words.error().message);
    if (entry && object_.settings().transcription) {
      send_(realtime::TranscriptionFailedEvent(item_id, words.error().message));
    }
  } else if (entry) {
    for (realtime::ContentPart& part : entry->item.content) {
      if (!part.audio || part.has_transcript) continue;
      part.text = *words;
      part.has_transcript = true;
    }
    TellTranscript(entry->item, *words);
  }
  Drain();
}

}  // namespace parley::session
