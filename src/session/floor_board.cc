#include "session/floor_board.h"

#include <iterator>
#include <utility>

namespace parley::session {
namespace {

// The newer ones, oldest first.
template <class Numbered, class T>
void CopySince(const std::deque<Numbered>& kept, uint64_t seen, std::vector<T>& into) {
  auto from = kept.end();
  while (from != kept.begin() && std::prev(from)->number > seen) --from;
  for (; from != kept.end(); ++from) into.push_back(from->value);
}

}  // namespace

bool FloorBoard::Floor::SameAs(const Floor& other) const {
  return user == other.user && probability == other.probability &&
         silence_needed_ms == other.silence_needed_ms && agent == other.agent &&
         preparing == other.preparing && drafting == other.drafting && line == other.line;
}

std::unique_ptr<FloorBoard::Place> FloorBoard::Open(SessionId id, std::string model,
                                                    int64_t now_us) {
  const std::lock_guard lock(mutex_);
  Kept& kept = sessions_[id];
  kept.opened = ++newest_;
  kept.facts = {.id = id, .opened_us = now_us, .model = std::move(model)};
  return std::unique_ptr<Place>(new Place(*this, id));
}

FloorBoard::Place::~Place() {
  const std::lock_guard lock(board_.mutex_);
  board_.sessions_.erase(id_);
}

void FloorBoard::Place::Show(const Floor& floor) {
  if (floor.SameAs(last_)) return;
  last_ = floor;
  const std::lock_guard lock(board_.mutex_);
  auto& floors = board_.sessions_[id_].floors;
  if (floors.size() == kFloorsKept) floors.pop_front();
  floors.push_back({++board_.newest_, floor});
}

void FloorBoard::Place::AddTurn(std::string turn) {
  const std::lock_guard lock(board_.mutex_);
  auto& turns = board_.sessions_[id_].turns;
  if (turns.size() == kTurnsKept) turns.pop_front();
  turns.push_back({++board_.newest_, std::move(turn)});
}

FloorBoard::News FloorBoard::Since(uint64_t seen) const {
  const std::lock_guard lock(mutex_);
  News news{.upto = newest_};
  for (const auto& [id, kept] : sessions_) {
    news.live.push_back(id);
    Session session = kept.facts;
    CopySince(kept.floors, seen, session.floors);
    CopySince(kept.turns, seen, session.turns);
    const bool changed = kept.opened > seen || !session.floors.empty() || !session.turns.empty();
    if (changed) news.changed.push_back(std::move(session));
  }
  return news;
}

void FloorBoard::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

bool FloorBoard::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace parley::session
