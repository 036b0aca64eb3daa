// The line drops, and comes back while the session lives on.
#include <utility>

#include "base/log.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {

bool Session::Impl::resumable() const {
  return !stopped_ && config_.hold_ms > 0 && object_.settings().x_parley.resume;
}

void Session::Impl::Send(std::string message) {
  if (!line_lost_) return wire_(std::move(message));
  missed_.Add(std::move(message));
}

// Nobody hears what is being said or made: of the one, the history keeps what was heard; the other
// is made anew when there is somebody again.
void Session::Impl::OnLineLost() {
  if (stopped_ || line_lost_) return;
  Tick();
  line_lost_ = true;
  ShowFloor(core_->snapshot());
  log::Info("line_lost session={}", id_.value);
  const playout::Position at = playout_.At(services_.clock.NowUs());
  if (at.turn && core_->snapshot().floor == at.turn) {
    reply_owed_ = true;
    Step(turn::ClientTruncate{at.turn, work_->ToCore(at.turn, at.played)});
  }
  // … and the one behind it.
  for (int i = 0; i < 2 && active_; ++i) StopUnheard(active_);
}

// Also called for what begins while the line is down.
void Session::Impl::StopUnheard(TurnId turn) {
  reply_owed_ = true;
  Step(turn::ClientCancel{turn});
}

void Session::Impl::OnLineBack() {
  if (stopped_ || !std::exchange(line_lost_, false)) return;
  ShowFloor(core_->snapshot());
  const Missed missed = std::exchange(missed_, {});
  log::Info("line_back session={} missed={}", id_.value, missed.messages().size());
  Send(realtime::ResumeEvent(config_.resume_token, config_.hold_ms, /*resumed=*/true,
                             missed.whole()));
  for (const std::string& message : missed.messages()) Send(message);
  const std::vector<dialogue::HistoryEntry> history = conversation_.History({}, {});
  const bool unanswered =
      !history.empty() && history.back().speaker != dialogue::HistoryEntry::Speaker::kAgent;
  if (!std::exchange(reply_owed_, false) || !unanswered || active_) return;
  Step(turn::ClientCreateResponse{object_.settings().reply.audio});
}

}  // namespace parley::session
