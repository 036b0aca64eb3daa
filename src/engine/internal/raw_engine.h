// An engine process with its bare socket, for the conformance check: sends any bytes, receives with
// deadlines, keeps no rule itself. One sequence.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/frame.h"
#include "engine/internal/child.h"
#include "engine/messages.h"
#include "engine/spec.h"

namespace parley::engine::internal {

struct Received {
  uint32_t stream = 0;
  std::variant<Message, std::vector<float>> what;

  template <class T>
  const T* Get() const {
    const auto* message = std::get_if<Message>(&what);
    return message ? std::get_if<T>(message) : nullptr;
  }
  const std::vector<float>* Audio() const { return std::get_if<std::vector<float>>(&what); }
  std::string Name() const;  // "done", "audio"
};

class RawEngine {
 public:
  static Result<std::unique_ptr<RawEngine>> Start(const EngineSpec& spec);

  // What it sends to a dead engine is lost; Next tells.
  void Send(uint32_t stream, const Message& message);
  void SendAudio(uint32_t stream, std::span<const float> samples);
  void SendBytes(std::string_view bytes);

  // kDeadlineExceeded when nothing comes, kUnavailable at the end, else what is wrong with a frame.
  Result<Received> Next(int64_t wait_ms);

  void CloseSocket() { socket_.Reset(); }
  std::optional<ExitStatus> WaitExit(int64_t wait_ms);
  std::string LastLines();

 private:
  RawEngine() : log_("checked", clock_) {}
  Result<Received> Parse(const Frame& frame);

  const SteadyClock clock_;
  OutputLog log_;
  std::unique_ptr<Child> child_;
  UniqueFd socket_;
  FrameDecoder decoder_;
};

}  // namespace parley::engine::internal
