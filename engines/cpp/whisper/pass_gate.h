// Who may compute. A pass of the model is several hundred milliseconds of CPU; passes side by side
// only make each other late. Finals wait for their turn; partials, which are worth nothing when
// late, ask whether it is free and otherwise do without, and give way to a final that waits.
// Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace parley::whisper {

class PassGate {
 public:
  // Lets one pass through for as long as it lives.
  class Ticket {
   public:
    explicit Ticket(PassGate& gate) : gate_(&gate) {}
    Ticket(Ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (gate_) gate_->Leave();
    }

   private:
    PassGate* gate_;
  };

  // `lanes` passes at once, ≥ 1.
  explicit PassGate(int lanes) : free_(lanes) {}

  // Waits for a lane; nothing if `aborted` turns true meanwhile (it is asked every 10 ms).
  std::optional<Ticket> Wait(const std::function<bool()>& aborted);

  // A lane if one is free and no final waits.
  std::optional<Ticket> TryEnter();

  // True while a final waits: a partial should give way.
  bool contended() const noexcept { return waiting_.load(std::memory_order_relaxed) > 0; }

 private:
  void Leave();

  std::mutex mutex_;
  std::condition_variable left_;
  int free_;  // guarded by mutex_
  std::atomic<int> waiting_{0};
};

}  // namespace parley::whisper
