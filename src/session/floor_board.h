// Who has the floor in each live session, and how it came to that: a short history for the console,
// one entry a change. Written by the sessions, each on its own thread, read by whoever watches.
//
// Thread-safe. Bounded: of each session the newest entries are kept. Idle sessions cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/ids.h"
#include "turn/state.h"

namespace parley::session {

class FloorBoard {
 public:
  static constexpr size_t kFloorsKept = 400;  // some minutes of lively talk
  static constexpr size_t kTurnsKept = 20;

  // How it stands from that moment on.
  struct Floor {
    int64_t at_us = 0;
    turn::UserState user = turn::UserState::kQuiet;
    float probability = -1;     // while the user pauses: that they are done; −1: not known
    int silence_needed_ms = 0;  // … and how long they must be silent for it
    turn::TurnState agent = turn::TurnState::kEnded;  // speaking, ducked, paused; else: silent
    bool preparing = false;                           // a reply that is not out yet
    bool drafting = false;                            // … that may never be
    bool line = true;                                 // false: the client is away
    bool SameAs(const Floor& other) const;
  };

  struct Session {
    SessionId id;
    int64_t opened_us = 0;
    std::string model;
    std::vector<Floor> floors;       // oldest first
    std::vector<std::string> turns;  // accounts as JSON objects, oldest first
  };
  struct News {
    uint64_t upto = 0;             // to be given the next time
    std::vector<SessionId> live;   // all of them, in their order
    std::vector<Session> changed;  // with what is new of them
  };

  // A session's place on the board, for as long as it lives. One sequence; outlived by the board.
  class Place {
   public:
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void Show(const Floor& floor);
    void AddTurn(std::string turn);

   private:
    friend class FloorBoard;
    Place(FloorBoard& board, SessionId id) : board_(board), id_(id) {}
    FloorBoard& board_;
    const SessionId id_;
    Floor last_;
  };

  std::unique_ptr<Place> Open(SessionId id, std::string model, int64_t now_us);

  // What has changed since an earlier look; 0: all that is kept.
  News Since(uint64_t seen) const;

  // Nothing is to be looked at any more: watchers end.
  void Close();
  bool closed() const;

 private:
  template <class T>
  struct Numbered {
    uint64_t number = 0;
    T value;
  };
  struct Kept {
    uint64_t opened = 0;
    Session facts;
    std::deque<Numbered<Floor>> floors;
    std::deque<Numbered<std::string>> turns;
  };

  mutable std::mutex mutex_;
  bool closed_ = false;
  uint64_t newest_ = 0;
  std::map<SessionId, Kept> sessions_;
};

}  // namespace parley::session
