// The line drops, and comes back while the session lives on.
#include <utility>

#include "base/log.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {
namespace {

// Kept for a client that is away; from the first message beyond on, nothing is.
constexpr size_t kMissedBytesMax = 256 * 1024;

}  // namespace

bool Session::Impl::resumable() const {
  return !stopped_ && config_.hold_ms > 0 && object_.settings().x_parley.resume;
}

void Session::Impl::Send(std::string message) {
  if (!line_lost_) return wire_(std::move(message));
  missed_whole_ = missed_whole_ && missed_bytes_ + message.size() <= kMissedBytesMax;
  if (!missed_whole_) return;
  missed_bytes_ += message.size();
  missed_.push_back(std::move(message));
}

// Nobody hears what is being said or made: of the one, the history keeps what was heard; the other
// is made anew when there is somebody again.
void Session::Impl::OnLineLost() {
  if (stopped_ || line_lost_) return;
  Tick();
  line_lost_ = true;
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
  log::Info("line_back session={} missed={}", id_.value, missed_.size());
  Send(realtime::ResumeEvent(config_.resume_token, config_.hold_ms, /*resumed=*/true,
                             std::exchange(missed_whole_, true)));
  for (std::string& message : std::exchange(missed_, {})) Send(std::move(message));
  missed_bytes_ = 0;
  const std::vector<dialogue::HistoryEntry> history = conversation_.History({}, {});
  const bool unanswered =
      !history.empty() && history.back().speaker != dialogue::HistoryEntry::Speaker::kAgent;
  if (!std::exchange(reply_owed_, false) || !unanswered || active_) return;
  Step(turn::ClientCreateResponse{object_.settings().reply.audio});
}

}  // namespace parley::session
