#include "gateway/floors_job.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::gateway {
namespace {

using Json = nlohmann::ordered_json;
using session::FloorBoard;

constexpr int64_t kEveryUs = 100'000;
// So that both ends notice a dead line.
constexpr int64_t kAliveUs = 10'000'000;

std::string_view NameOfAgent(turn::TurnState state) {
  return state == turn::TurnState::kEnded ? "silent" : turn::Name(state);
}

Json FloorJson(const FloorBoard::Floor& floor) {
  Json json = {{"at_ms", floor.at_us / 1000}, {"user", turn::Name(floor.user)}};
  if (floor.user == turn::UserState::kPausing) {
    json["p"] = floor.probability < 0 ? Json() : Json(floor.probability);
    json["needed_ms"] = floor.silence_needed_ms;
  }
  json["agent"] = NameOfAgent(floor.agent);
  json["preparing"] = floor.preparing;
  json["drafting"] = floor.drafting;
  json["line"] = floor.line;
  return json;
}

Json SessionJson(const FloorBoard::Session& session) {
  Json floors = Json::array();
  for (const FloorBoard::Floor& floor : session.floors) floors.push_back(FloorJson(floor));
  Json turns = Json::array();
  for (const std::string& turn : session.turns) turns.push_back(Json::parse(turn, nullptr, false));
  return {{"id", session.id.value},
          {"model", session.model},
          {"opened_ms", session.opened_us / 1000},
          {"floors", std::move(floors)},
          {"turns", std::move(turns)}};
}

std::string NewsJson(const FloorBoard::News& news, int64_t now_us) {
  Json live = Json::array();
  for (const SessionId id : news.live) live.push_back(id.value);
  Json sessions = Json::array();
  for (const FloorBoard::Session& session : news.changed) sessions.push_back(SessionJson(session));
  const Json json = {{"now_ms", now_us / 1000}, {"live", live}, {"sessions", std::move(sessions)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class FloorsJob final : public Job, public std::enable_shared_from_this<FloorsJob> {
 public:
  FloorsJob(std::shared_ptr<net::Exchange> exchange, const FloorBoard& board, const Clock& clock,
            JobTicket ticket)
      : Job(std::move(exchange), std::move(ticket)), board_(board), clock_(clock) {}

  void Start() {
    EndWithClient(shared_from_this());
    timer_ = exchange().executor().MakeTimer();
    BeginStream("text/event-stream");
    Look();
  }

 private:
  // The next look comes once this one's event has left: a slow reader is told less often.
  void Look() {
    if (ended()) return;
    if (board_.closed()) {
      exchange().End();
      return End(200);
    }
    const int64_t now_us = clock_.NowUs();
    FloorBoard::News news = board_.Since(seen_);
    const bool changed = told_us_ == 0 || news.upto != seen_ || news.live != live_;
    if (!changed && now_us - told_us_ < kAliveUs) return LookAgain();
    std::string event = changed ? "data: " + NewsJson(news, now_us) + "\n\n" : ": alive\n\n";
    seen_ = news.upto;
    live_ = std::move(news.live);
    told_us_ = now_us;
    exchange().Write(std::move(event), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->LookAgain();
    });
  }

  void LookAgain() {
    if (ended()) return;
    timer_->Start(clock_.NowUs() + kEveryUs, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Look();
    });
  }

  void Release() override { timer_.reset(); }

  const FloorBoard& board_;
  const Clock& clock_;
  std::unique_ptr<net::Timer> timer_;
  uint64_t seen_ = 0;
  std::vector<SessionId> live_;
  int64_t told_us_ = 0;  // 0: never
};

}  // namespace

void StartFloorsJob(std::shared_ptr<net::Exchange> exchange, const FloorBoard& board,
                    const Clock& clock, JobTicket ticket) {
  std::make_shared<FloorsJob>(std::move(exchange), board, clock, std::move(ticket))->Start();
}

}  // namespace parley::gateway
