// What comes over an engine's socket: any bytes, cut anyhow, must give frames within their limits,
// messages that survive their own JSON, or an error that says why.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/frame.h"
#include "engine/messages.h"

namespace {

using parley::engine::Frame;
using parley::engine::FrameDecoder;
using parley::engine::FrameKind;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckMessage(const std::string& payload) {
  const auto message = parley::engine::ParseMessage(payload);
  if (!message) return Require(!message.error().message.empty());
  const std::string json = parley::engine::Serialize(*message);
  const auto again = parley::engine::ParseMessage(json);
  Require(again.has_value() && parley::engine::Serialize(*again) == json);
}

std::vector<Frame> Decode(std::string_view bytes, size_t step) {
  std::vector<Frame> frames;
  FrameDecoder decoder;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    decoder.Feed(bytes.substr(0, step));
    auto frame = decoder.Next();
    for (; frame && *frame; frame = decoder.Next()) frames.push_back(std::move(**frame));
    if (!frame) break;
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<Frame> frames = Decode(bytes, bytes.size() + 1);
  Require(frames == Decode(bytes, data[0] + 1));
  for (const Frame& frame : frames) {
    if (frame.kind == FrameKind::kJson) {
      CheckMessage(frame.payload);
    } else {
      Require(parley::engine::AsSamples(frame.payload).size() * 4 == frame.payload.size());
    }
  }
  CheckMessage(std::string(bytes));
  return 0;
}
