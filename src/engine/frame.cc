#include "engine/frame.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "base/check.h"

namespace parley::engine {

static_assert(std::endian::native == std::endian::little, "samples and headers go out as they are");

namespace {

size_t PayloadMax(FrameKind kind) {
  return kind == FrameKind::kJson ? kJsonBytesMax : kAudioBytesMax;
}

struct Header {
  uint32_t length;
  uint8_t kind;
  uint32_t stream;
};

Header ReadHeader(const char* bytes) {
  Header header;
  std::memcpy(&header.length, bytes, 4);
  std::memcpy(&header.kind, bytes + 4, 1);
  std::memcpy(&header.stream, bytes + 5, 4);
  return header;
}

Status CheckHeader(const Header& header) {
  const auto kind = static_cast<FrameKind>(header.kind);
  if (kind != FrameKind::kJson && kind != FrameKind::kAudio) {
    return Fail(Code::kInvalidArgument,
                fmt::format("frame of kind 0x{:02x}: only 'J' and 'A' exist", header.kind));
  }
  if (header.length > PayloadMax(kind)) {
    return Fail(Code::kOutOfRange, fmt::format("frame '{}' of {} bytes: at most {} are allowed",
                                               header.kind, header.length, PayloadMax(kind)));
  }
  if (kind == FrameKind::kAudio && header.length % sizeof(float) != 0) {
    return Fail(Code::kInvalidArgument,
                fmt::format("audio frame of {} bytes: samples have 4", header.length));
  }
  return {};
}

}  // namespace

std::string EncodeFrame(FrameKind kind, uint32_t stream, std::string_view payload) {
  PARLEY_CHECK(payload.size() <= PayloadMax(kind));
  const auto length = static_cast<uint32_t>(payload.size());
  std::string frame(kFrameHeaderBytes + payload.size(), '\0');
  std::memcpy(frame.data(), &length, 4);
  std::memcpy(frame.data() + 4, &kind, 1);
  std::memcpy(frame.data() + 5, &stream, 4);
  if (!payload.empty()) {
    std::memcpy(frame.data() + kFrameHeaderBytes, payload.data(), payload.size());
  }
  return frame;
}

std::string_view AsBytes(std::span<const float> samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size_bytes()};
}

std::vector<float> AsSamples(std::string_view payload) {
  std::vector<float> samples(payload.size() / sizeof(float));
  if (!samples.empty()) std::memcpy(samples.data(), payload.data(), samples.size() * sizeof(float));
  return samples;
}

void FrameDecoder::Feed(std::string_view bytes) {
  if (broken_) return;
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<Frame>> FrameDecoder::Next() {
  if (broken_) return Fail(*broken_);
  const std::string_view rest = std::string_view(buffer_).substr(consumed_);
  if (rest.size() < kFrameHeaderBytes) return std::nullopt;
  const Header header = ReadHeader(rest.data());
  if (Status status = CheckHeader(header); !status) {
    broken_ = status.error();
    return Fail(*broken_);
  }
  if (rest.size() < kFrameHeaderBytes + header.length) return std::nullopt;
  consumed_ += kFrameHeaderBytes + header.length;
  return Frame{static_cast<FrameKind>(header.kind), header.stream,
               std::string(rest.substr(kFrameHeaderBytes, header.length))};
}

}  // namespace parley::engine
