// What the core wants done, done by fakes.
#include <variant>

#include "sim/call.h"

namespace parley::sim {

void Call::Do(const turn::Action& action) {
  if (const auto* set = std::get_if<turn::SetDeadline>(&action)) {
    deadlines_us_[static_cast<size_t>(set->id)] = set->at_us;
    const int64_t late_us = static_cast<int64_t>(dice_.Uniform(0, 1500));
    agenda_.At(set->at_us - kClockFromUs + late_us, Kind::kDeadline, static_cast<uint64_t>(set->id),
               0, set->at_us);
    return;
  }
  if (const auto* clear = std::get_if<turn::ClearDeadline>(&action)) {
    deadlines_us_[static_cast<size_t>(clear->id)] = 0;
    return;
  }
  if (const auto* notify = std::get_if<turn::Notify>(&action)) return DoNotify(*notify);
  DoUser(action);
  DoReply(action);
  DoPlayout(action);
}

void Call::DoUser(const turn::Action& action) {
  if (const auto* open = std::get_if<turn::OpenSegment>(&action)) {
    ears_.Open(open->segment, open->from_sample);
  } else if (const auto* close = std::get_if<turn::CloseSegment>(&action)) {
    ears_.Close(close->segment, close->upto_sample, close->discard);
  } else if (const auto* partials = std::get_if<turn::SetPartials>(&action)) {
    ears_.SetPartials(partials->segment, partials->on);
  } else if (const auto* flush = std::get_if<turn::FlushRecognizer>(&action)) {
    ears_.Flush(flush->segment, flush->flush, flush->upto_sample);
  } else if (const auto* ask = std::get_if<turn::AskEndOfTurn>(&action)) {
    ears_.Ask(ask->pause, ask->segment, ask->upto_sample);
  } else if (const auto* append = std::get_if<turn::AppendHistory>(&action)) {
    if (append->speaker == turn::Speaker::kAgent) judge_.OnHistory(append->turn, append->text);
  }
}

void Call::DoReply(const turn::Action& action) {
  if (const auto* draft = std::get_if<turn::StartDraft>(&action)) {
    judge_.OnDraft();
    agent_.StartModel(draft->turn, /*draft=*/true);
  } else if (const auto* promote = std::get_if<turn::PromoteDraft>(&action)) {
    judge_.OnPromoted();
    judge_.OnPrompt(agenda_.now_us());
    agent_.Promote(promote->turn);
  } else if (const auto* drop = std::get_if<turn::DropDraft>(&action)) {
    const Agent::Reply* reply = agent_.Find(drop->turn);
    judge_.OnDraftDropped(reply ? reply->next : 0);
    agent_.Cancel(drop->turn);
    loudspeaker_.Drop(drop->turn);
  } else if (const auto* start = std::get_if<turn::StartReply>(&action)) {
    judge_.OnPrompt(agenda_.now_us());
    agent_.StartModel(start->turn, /*draft=*/false);
  } else if (const auto* speak = std::get_if<turn::Speak>(&action)) {
    if (!speak->context_before.empty()) judge_.OnRetry(speak->turn);
    agent_.Speak(speak->turn, speak->utterance, speak->text);
  } else if (const auto* sorry = std::get_if<turn::SpeakApology>(&action)) {
    agent_.Apologize(sorry->turn, sorry->utterance, setup_.core.apology);
  } else if (const auto* stop = std::get_if<turn::StopReply>(&action)) {
    agent_.StopModel(stop->turn);
  } else if (const auto* cancel = std::get_if<turn::CancelTurn>(&action)) {
    agent_.Cancel(cancel->turn);
  } else if (const auto* record = std::get_if<turn::RecordTurn>(&action)) {
    const Agent::Reply* reply = agent_.Find(record->record->turn);
    judge_.OnTurnOver(*record->record, reply ? static_cast<int>(reply->next) : 0,
                      !reply || reply->faulty, kClockFromUs);
    agent_.Cancel(record->record->turn);
  }
}

void Call::DoPlayout(const turn::Action& action) {
  if (const auto* hold = std::get_if<turn::HoldPlayout>(&action)) {
    loudspeaker_.Hold(hold->turn);
  } else if (const auto* release = std::get_if<turn::ReleasePlayout>(&action)) {
    loudspeaker_.Release(release->turn);
  } else if (const auto* drop = std::get_if<turn::DropPlayout>(&action)) {
    const Loudspeaker::Turn* turn = loudspeaker_.Find(drop->turn);
    const bool released = turn && turn->released;
    loudspeaker_.Drop(drop->turn);
    if (released && setup_.sink == SinkKind::kReporting) {
      loudspeaker_.ToClient(NetworkUs(), Kind::kDrop, drop->turn.value);
    }
  } else if (const auto* pause = std::get_if<turn::PausePlayout>(&action)) {
    judge_.OnPause(pause->turn, agenda_.now_us());
    loudspeaker_.Pause(pause->turn);
    if (setup_.sink == SinkKind::kReporting) {
      loudspeaker_.ToClient(NetworkUs(), Kind::kPause, pause->turn.value, 1);
    }
  } else if (const auto* resume = std::get_if<turn::ResumePlayout>(&action)) {
    judge_.OnResume(resume->turn, agenda_.now_us());
    loudspeaker_.Resume(resume->turn);
    if (setup_.sink == SinkKind::kReporting) {
      loudspeaker_.ToClient(NetworkUs(), Kind::kPause, resume->turn.value, 0);
    }
  } else if (const auto* trim = std::get_if<turn::TrimSpeech>(&action)) {
    loudspeaker_.Trim(trim->turn, trim->utterance, trim->samples);
  } else if (const auto* gain = std::get_if<turn::SetGain>(&action)) {
    if (gain->db < 0) judge_.OnDuck(core_->snapshot().floor);
  }
}

void Call::DoNotify(const turn::Notify& action) {
  if (std::get_if<turn::SpeechStarted>(&action.event)) {
    // A client that knows only the protocol throws away what it holds.
    if (setup_.sink == SinkKind::kRemote) loudspeaker_.ToClient(NetworkUs(), Kind::kDrop, 0);
  }
}

}  // namespace parley::sim
