// A stream as the engine program's session sees it: what comes from the worker is put in by the
// reader thread, the model takes it out on the stream's own thread. The three kinds implement the
// faces of engine/sdk.h.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/cancel.h"
#include "engine/internal/link.h"
#include "engine/messages.h"
#include "engine/sdk.h"

namespace parley::engine::internal {

using Ms = std::chrono::duration<double, std::milli>;
using TimePoint = std::chrono::steady_clock::time_point;

class ServedStream {
 public:
  ServedStream(uint32_t id, Link& link) : id_(id), link_(link) {}
  virtual ~ServedStream() = default;
  ServedStream(const ServedStream&) = delete;
  ServedStream& operator=(const ServedStream&) = delete;

  uint32_t id() const { return id_; }
  CancelFlag& cancel() { return flag_; }

  // Called by the reader thread; an error is the worker's breach of the protocol and fails the
  // stream.
  virtual Status Take(Message message) = 0;
  virtual Status TakeAudio(std::vector<float> samples) = 0;

  // Runs the model until the stream is over, `done` included. An error fails the stream.
  virtual Status Serve() = 0;

  // The reader thread cancels; everyone who waits wakes up. The link has cut the stream before.
  void Cancel() {
    flag_.Set();
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

 protected:
  // A message that this kind of stream does not know.
  static Status Unexpected(const Message& message);

  const uint32_t id_;
  Link& link_;
  std::mutex mutex_;
  std::condition_variable changed_;

 private:
  CancelFlag flag_;
};

class ServedTts final : public ServedStream, public TtsStream {
 public:
  ServedTts(uint32_t id, Link& link, TtsModel& model, int64_t credit, TtsStart start);

  Status Take(Message message) override;
  Status TakeAudio(std::vector<float> samples) override;
  Status Serve() override;

  std::optional<Text> NextText() override;
  bool Audio(std::span<const float> samples) override;
  void Mark(size_t text_end, int64_t sample) override;
  void FailUtterance(Error error) override;

 private:
  struct Arrived {
    Text text;
    TimePoint at;
  };
  // The one being spoken. Touched by the stream's thread alone.
  struct Utterance {
    uint64_t id = 0;
    int64_t text_bytes = 0;
    int64_t text_end = 0;  // of the last mark
    int64_t mark_sample = 0;
    int64_t samples = 0;
    TimePoint asked;    // it was there, and it was its turn
    TimePoint started;  // given to the model
    Ms waited{0};       // for credit
    std::optional<Ms> first;
  };

  Status TakeText(Text text);
  void FinishUtterance();
  // Waits for credit and takes at most `wanted`; 0 when cancelled.
  size_t TakeCredit(size_t wanted);

  TtsModel& model_;
  TtsStart start_;
  std::optional<Utterance> utterance_;
  TimePoint last_end_;

  // Guarded by mutex_.
  std::deque<Arrived> texts_;
  size_t texts_bytes_ = 0;
  uint64_t last_utterance_ = 0;
  int64_t credit_ = 0;
  int64_t prompt_missing_ = 0;
  bool ended_ = false;
};

class ServedAsr final : public ServedStream, public AsrStream {
 public:
  // `credit`: samples that the worker may send before any credit.
  ServedAsr(uint32_t id, Link& link, AsrModel& model, int64_t credit, AsrStart start);

  Status Take(Message message) override;
  Status TakeAudio(std::vector<float> samples) override;
  Status Serve() override;

  std::optional<AsrInput> Next() override;
  bool partials() const noexcept override { return partials_.load(); }
  bool urgent() const noexcept override { return cancelled() || asks_waiting_.load() > 0; }
  void Partial(engine::Partial partial) override;
  void Final(engine::Final result) override;

 private:
  // What the worker wants to know of the audio before it: a flush's id, or nothing at the end.
  struct Ask {
    size_t audio_before = 0;  // samples of audio_ that come before it
    std::optional<uint64_t> flush_id;
  };

  Status TakeFlush(std::optional<uint64_t> flush_id);

  AsrModel& model_;
  const AsrStart start_;
  std::optional<Ask> asked_;  // the model owes a final; stream's thread alone
  bool final_missed_ = false;
  bool heard_since_flush_ = false;  // reader thread alone

  std::atomic<bool> partials_;
  std::atomic<int> asks_waiting_{0};

  // Guarded by mutex_.
  std::vector<float> audio_;
  std::deque<Ask> asks_;
  int64_t credit_;
  bool ended_ = false;
};

class ServedLlm final : public ServedStream, public LlmStream {
 public:
  ServedLlm(uint32_t id, Link& link, LlmModel& model, LlmStart start);

  Status Take(Message message) override;
  Status TakeAudio(std::vector<float> samples) override;
  Status Serve() override;

  bool Delta(std::string_view text) override;
  bool Tool(engine::Tool call) override;

 private:
  void NoteFirst();

  LlmModel& model_;
  const LlmStart start_;
  const TimePoint asked_;
  std::optional<Ms> first_;
};

}  // namespace parley::engine::internal
