#include "session/internal/out_of_band.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "realtime/ids.h"

namespace parley::session {

using ports::LanguageModel;
using ports::Voice;
using turn::ResponseReason;
using turn::ResponseStatus;

namespace {

// Nothing paces these replies: what the voice makes is sent, so all it makes is granted.
constexpr int kCreditMs = 60'000;

}  // namespace

bool OutOfBand::Start(realtime::ResponseLadder::Config ladder, LanguageModel::Request request,
                      Voice::Request voice) {
  if (lives_.size() >= kRepliesMax) return false;
  const ReplyId reply{++replies_};
  Life& life = lives_.try_emplace(reply, std::move(ladder), deps_.send).first->second;
  life.voice_request = std::move(voice);
  life.voice_request.work = ports::ReplyWork(reply);
  life.voice_request.credit_samples = int64_t{life.voice_request.sample_rate_hz} * kCreditMs / 1000;
  request.work = ports::ReplyWork(reply);
  life.timer = deps_.executor.MakeTimer();
  ExpectMore(reply, life);
  life.ladder.Create();
  auto sink = [weak = weak_from_this(), &executor = deps_.executor,
               reply](LanguageModel::Event event) {
    executor.Post([weak, reply, event = std::move(event)]() mutable {
      if (const auto self = weak.lock()) self->OnModel(reply, std::move(event));
    });
  };
  life.model = deps_.model.Start(std::move(request), std::move(sink));
  return true;
}

void OutOfBand::ExpectMore(ReplyId reply, Life& life) {
  // Posted, since the end of a life destroys its timer.
  life.timer->Start(deps_.clock.NowUs() + kSilentMaxMs * 1000,
                    [weak = weak_from_this(), &executor = deps_.executor, reply] {
                      executor.Post([weak, reply] {
                        if (const auto self = weak.lock()) {
                          self->Finish(reply, ResponseStatus::kFailed, ResponseReason::kStalled,
                                       "nothing more came of the reply in time");
                        }
                      });
                    });
}

bool OutOfBand::Cancel(std::string_view response_id) {
  for (auto& [reply, life] : lives_) {
    if (life.ladder.response_id() != response_id) continue;
    Finish(reply, ResponseStatus::kCancelled, ResponseReason::kClientCancelled, {});
    return true;
  }
  return false;
}

void OutOfBand::OnModel(ReplyId reply, LanguageModel::Event event) {
  const auto found = lives_.find(reply);
  if (found == lives_.end()) return;
  Life& life = found->second;
  ExpectMore(reply, life);
  if (const auto* delta = std::get_if<LanguageModel::Delta>(&event)) {
    life.text += delta->text;
    if (!life.audio) return Show(life, life.text.size());
    life.segmenter.Feed(delta->text);
    return Say(reply, life);
  }
  if (const auto* call = std::get_if<LanguageModel::ToolCall>(&event)) {
    realtime::Item item;
    item.id = realtime::NewId("item");
    item.type = realtime::ItemType::kFunctionCall;
    item.call_id = call->id;
    item.name = call->name;
    item.arguments = call->arguments;
    return life.ladder.Call(item, {});
  }
  if (const auto* failed = std::get_if<LanguageModel::Failed>(&event)) {
    return Finish(reply, ResponseStatus::kFailed, ResponseReason::kNoReply, failed->error.message);
  }
  const auto& done = std::get<LanguageModel::Done>(event);
  life.usage = {done.prompt_tokens, done.cached_tokens, done.tokens};
  life.cut_short = done.reason == LanguageModel::DoneReason::kLength;
  life.text_done = true;
  if (life.audio) {
    life.segmenter.Finish();
    Say(reply, life);
    if (life.voice) return life.voice->EndOfText();
  }
  Finish(reply, life.cut_short ? ResponseStatus::kIncomplete : ResponseStatus::kCompleted,
         life.cut_short ? ResponseReason::kTokenLimit : ResponseReason::kNone, {});
}

void OutOfBand::Say(ReplyId reply, Life& life) {
  while (auto utterance = life.segmenter.Next()) {
    if (utterance->text.empty()) continue;
    if (!life.voice) {
      auto sink = [weak = weak_from_this(), &executor = deps_.executor, reply](Voice::Event event) {
        executor.Post([weak, reply, event = std::move(event)]() mutable {
          if (const auto self = weak.lock()) self->OnVoice(reply, std::move(event));
        });
      };
      life.voice = deps_.voice.Start(life.voice_request, std::move(sink));
    }
    const UtteranceId id{++life.utterances};
    life.spoken.emplace(id, utterance->source_upto);
    life.voice->Speak(id, std::move(utterance->text), {});
  }
}

void OutOfBand::Show(Life& life, size_t upto) {
  if (!life.ladder.started()) life.ladder.Start(realtime::NewId("item"), {});
  if (upto > life.shown) life.ladder.Text(life.text.substr(life.shown, upto - life.shown));
  life.shown = std::max(life.shown, upto);
}

void OutOfBand::OnVoice(ReplyId reply, Voice::Event event) {
  const auto found = lives_.find(reply);
  if (found == lives_.end()) return;
  Life& life = found->second;
  ExpectMore(reply, life);
  if (const auto* audio = std::get_if<Voice::Audio>(&event)) {
    if (const auto begun = life.spoken.find(audio->utterance); begun != life.spoken.end()) {
      Show(life, begun->second);
      life.spoken.erase(begun);
    }
    if (life.ladder.started()) life.ladder.Audio(audio->pcm);
    life.voice->Grant(static_cast<int64_t>(audio->pcm.size()));
  } else if (std::holds_alternative<Voice::Finished>(event)) {
    Finish(reply, life.cut_short ? ResponseStatus::kIncomplete : ResponseStatus::kCompleted,
           life.cut_short ? ResponseReason::kTokenLimit : ResponseReason::kNone, {});
  } else if (const auto* failed = std::get_if<Voice::Failed>(&event)) {
    Finish(reply, ResponseStatus::kFailed, ResponseReason::kNoSpeech, failed->error.message);
  }
}

void OutOfBand::Finish(ReplyId reply, ResponseStatus status, ResponseReason reason,
                       std::string_view message) {
  const auto found = lives_.find(reply);
  if (found == lives_.end()) return;
  if (status == ResponseStatus::kCompleted && found->second.ladder.started()) {
    Show(found->second, found->second.text.size());
  }
  found->second.ladder.Finish(status, reason, message, found->second.usage);
  lives_.erase(found);
}

}  // namespace parley::session
