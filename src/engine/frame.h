// The framing of the engine protocol: a 9-byte header and a payload.
//
//   u32 length (little-endian; of the payload alone) | u8 kind | u32 stream (little-endian)
//
// kind 'J': one JSON message in UTF-8, at most 1 MiB. kind 'A': float32 little-endian mono samples,
// at most 256 KiB. Stream 0 is the connection itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::engine {

enum class FrameKind : uint8_t { kJson = 'J', kAudio = 'A' };

inline constexpr size_t kFrameHeaderBytes = 9;
inline constexpr size_t kJsonBytesMax = size_t{1} << 20;
inline constexpr size_t kAudioBytesMax = size_t{256} << 10;
inline constexpr size_t kAudioSamplesMax = kAudioBytesMax / sizeof(float);

struct Frame {
  FrameKind kind = FrameKind::kJson;
  uint32_t stream = 0;
  std::string payload;

  bool operator==(const Frame&) const = default;
};

// Header and payload, ready to be written. The payload must keep the limit of its kind.
std::string EncodeFrame(FrameKind kind, uint32_t stream, std::string_view payload);

std::string_view AsBytes(std::span<const float> samples);
// The samples of an A frame's payload; its length is a multiple of 4, as the decoder has checked.
std::vector<float> AsSamples(std::string_view payload);

// Takes bytes as they come and gives whole frames. Holds at most one unfinished frame and what was
// fed since the last Next returned nothing. After an error the stream of bytes is beyond repair and
// every further Next returns the same error. One sequence.
class FrameDecoder {
 public:
  void Feed(std::string_view bytes);
  // nullopt: more bytes are needed. kInvalidArgument: a kind that does not exist, or an odd audio
  // length; kOutOfRange: longer than its kind may be. Both are seen as soon as the header is there.
  Result<std::optional<Frame>> Next();

 private:
  std::string buffer_;
  size_t consumed_ = 0;  // bytes of buffer_ given out
  std::optional<Error> broken_;
};

}  // namespace parley::engine
