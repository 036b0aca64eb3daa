#include "session/internal/reply_work.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/log.h"

namespace parley::session {

using ports::LanguageModel;
using ports::Voice;

ReplyWork::Life* ReplyWork::Find(TurnId turn) {
  const auto found = lives_.find(turn);
  return found == lives_.end() ? nullptr : &found->second;
}

ReplyWork::Spoken* ReplyWork::Find(Life& life, UtteranceId utterance) {
  for (Spoken& spoken : life.spoken) {
    if (spoken.id == utterance) return &spoken;
  }
  return nullptr;
}

int ReplyWork::RateHz(TurnId turn) const {
  const auto found = lives_.find(turn);
  return found == lives_.end() ? kCoreRateHz : found->second.voice_request.sample_rate_hz;
}

// Rounding down, so that a whole is never less than the sum of its parts.
int64_t ReplyWork::ToCore(TurnId turn, int64_t samples) const {
  return samples * kCoreRateHz / RateHz(turn);
}

int64_t ReplyWork::FromCore(TurnId turn, int64_t core_samples) const {
  return core_samples * RateHz(turn) / kCoreRateHz;
}

ReplyWork::Usage ReplyWork::usage(TurnId turn) const {
  const auto found = lives_.find(turn);
  return found == lives_.end() ? Usage() : found->second.usage;
}

void ReplyWork::Prepare(TurnId turn, Voice::Request voice) {
  Life& life = lives_[turn];
  life.voice_request = std::move(voice);
  life.voice_request.work = ports::FloorWork(turn);
  life.voice_request.credit_samples = int64_t{life.voice_request.sample_rate_hz} * kCreditMs / 1000;
}

void ReplyWork::StartModel(TurnId turn, LanguageModel::Request request) {
  Life* life = Find(turn);
  if (!life) return;
  request.work = ports::FloorWork(turn);
  auto sink = [weak = weak_from_this(), &executor = deps_.executor,
               turn](LanguageModel::Event event) {
    executor.Post([weak, turn, event = std::move(event)]() mutable {
      if (const auto self = weak.lock()) self->OnModel(turn, std::move(event));
    });
  };
  life->model = deps_.model.Start(std::move(request), std::move(sink));
}

void ReplyWork::StartVoice(TurnId turn, Life& life) {
  life.voice_generation = ++generations_;
  auto sink = [weak = weak_from_this(), &executor = deps_.executor, turn,
               generation = life.voice_generation](Voice::Event event) {
    executor.Post([weak, turn, generation, event = std::move(event)]() mutable {
      if (const auto self = weak.lock()) self->OnVoice(turn, generation, std::move(event));
    });
  };
  life.voice = deps_.voice.Start(life.voice_request, std::move(sink));
}

void ReplyWork::Speak(TurnId turn, UtteranceId utterance, std::string text,
                      std::string context_before) {
  Life* life = Find(turn);
  if (!life) return;
  if (!life->voice) StartVoice(turn, *life);
  life->spoken.push_back({.id = utterance});
  life->voice->Speak(utterance, std::move(text), std::move(context_before));
}

void ReplyWork::EndSpeech(TurnId turn) {
  Life* life = Find(turn);
  if (!life) return;
  life->speech_ended = true;
  if (life->voice) life->voice->EndOfText();
  CloseIfDone(turn, *life);
}

// Only a turn that is whole lets its last, partial frame go.
void ReplyWork::CloseIfDone(TurnId turn, Life& life) {
  const bool whole = std::all_of(life.spoken.begin(), life.spoken.end(),
                                 [](const Spoken& spoken) { return spoken.done || spoken.cut; });
  if (life.speech_ended && whole) deps_.playout.Close(turn);
}

void ReplyWork::Play(TurnId turn, UtteranceId utterance, std::span<const int16_t> pcm) {
  Life* life = Find(turn);
  if (!life) return;
  life->voice.reset();
  ++life->voice_generation;
  if (pcm.empty() || !deps_.playout.Push(turn, utterance, pcm, deps_.clock.NowUs())) {
    deps_.emit(turn::SpeechFailed{
        .turn = turn, .utterance = utterance, .message = "there is no prepared sound"});
    return;
  }
  deps_.playout.Close(turn);
  deps_.emit(turn::SpeechReady{turn, utterance});
  deps_.emit(turn::SpeechDone{turn, utterance, ToCore(turn, static_cast<int64_t>(pcm.size()))});
}

void ReplyWork::Trim(TurnId turn, UtteranceId utterance, int64_t core_samples) {
  Life* life = Find(turn);
  if (!life) return;
  if (Spoken* spoken = Find(*life, utterance)) spoken->cut = true;
  deps_.playout.Trim(turn, utterance, FromCore(turn, core_samples));
  CloseIfDone(turn, *life);
}

void ReplyWork::StopModel(TurnId turn) {
  if (Life* life = Find(turn)) life->model.reset();
}

void ReplyWork::Cancel(TurnId turn) { lives_.erase(turn); }

void ReplyWork::Grant(TurnId turn) {
  Life* life = Find(turn);
  const int64_t samples = deps_.playout.TakeCredit(turn);
  if (life && life->voice && samples > 0) life->voice->Grant(samples);
}

void ReplyWork::OnModel(TurnId turn, LanguageModel::Event event) {
  Life* life = Find(turn);
  if (!life || !life->model) return;
  if (auto* delta = std::get_if<LanguageModel::Delta>(&event)) {
    deps_.emit(turn::ReplyText{turn, std::move(delta->text)});
  } else if (auto* call = std::get_if<LanguageModel::ToolCall>(&event)) {
    deps_.emit(turn::ToolCall{turn, std::move(call->id), std::move(call->name),
                              std::move(call->arguments)});
  } else if (const auto* done = std::get_if<LanguageModel::Done>(&event)) {
    life->usage = {done->prompt_tokens, done->cached_tokens, done->tokens};
    life->model.reset();
    deps_.emit(turn::ReplyTextDone{turn, done->reason == LanguageModel::DoneReason::kLength});
  } else if (const auto* failed = std::get_if<LanguageModel::Failed>(&event)) {
    log::Warn("reply_failed turn={} code={} error=\"{}\"", turn.value, CodeName(failed->error.code),
              failed->error.message);
    const std::string message = failed->error.message;
    life->model.reset();
    deps_.emit(turn::ReplyFailed{turn, message});
  }
}

void ReplyWork::OnVoice(TurnId turn, uint64_t generation, Voice::Event event) {
  Life* life = Find(turn);
  if (!life || !life->voice || life->voice_generation != generation) return;
  if (const auto* audio = std::get_if<Voice::Audio>(&event)) {
    OnAudio(turn, *life, *audio);
  } else if (const auto* mark = std::get_if<Voice::Mark>(&event)) {
    const Spoken* spoken = Find(*life, mark->utterance);
    if (!spoken || spoken->cut) return;
    deps_.emit(
        turn::SpeechMark{turn, mark->utterance, mark->text_end, ToCore(turn, mark->pts_samples)});
  } else if (const auto* done = std::get_if<Voice::Done>(&event)) {
    Spoken* spoken = Find(*life, done->utterance);
    if (!spoken || spoken->cut || spoken->done) return;
    spoken->done = true;
    const int64_t samples = ToCore(turn, spoken->samples);
    CloseIfDone(turn, *life);
    deps_.emit(turn::SpeechDone{turn, done->utterance, samples});
  } else if (const auto* failed = std::get_if<Voice::Failed>(&event)) {
    OnVoiceFailed(turn, *life, *failed);
  }
}

void ReplyWork::OnAudio(TurnId turn, Life& life, const Voice::Audio& audio) {
  Spoken* spoken = Find(life, audio.utterance);
  if (!spoken || spoken->cut || audio.pcm.empty()) return;
  if (!deps_.playout.Push(turn, audio.utterance, audio.pcm, deps_.clock.NowUs())) return;
  const bool first = spoken->samples == 0;
  spoken->samples += static_cast<int64_t>(audio.pcm.size());
  if (first) deps_.emit(turn::SpeechReady{turn, audio.utterance});
  deps_.sound_came();
}

void ReplyWork::OnVoiceFailed(TurnId turn, Life& life, const Voice::Failed& failed) {
  log::Warn("voice_failed turn={} code={} retryable={} error=\"{}\"", turn.value,
            CodeName(failed.error.code), failed.retryable, failed.error.message);
  const auto open = std::find_if(life.spoken.begin(), life.spoken.end(), [&](const Spoken& spoken) {
    return !spoken.done && !spoken.cut && (!failed.utterance || spoken.id == *failed.utterance);
  });
  turn::SpeechFailed event{.turn = turn,
                           .retryable = failed.retryable,
                           .stream = !failed.utterance,
                           .message = failed.error.message};
  if (open != life.spoken.end()) {
    event.utterance = open->id;
    event.samples = ToCore(turn, open->samples);
    open->done = true;
  }
  if (!failed.utterance) {
    for (Spoken& spoken : life.spoken) spoken.done = true;
    life.voice.reset();
  }
  CloseIfDone(turn, life);
  if (event.utterance) deps_.emit(std::move(event));
}

}  // namespace parley::session
