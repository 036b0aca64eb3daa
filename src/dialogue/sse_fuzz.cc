// Any bytes as the body of a streamed answer, cut by their first byte: text, tool calls or an error
// come out, within bounds, and the same however the bytes are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "dialogue/chat_codec.h"
#include "dialogue/sse_parser.h"

namespace {

std::string ReadAll(std::string_view body, size_t step) {
  parley::dialogue::SseParser parser(4096);
  parley::dialogue::ChatReader reader;
  std::string text;
  const auto on_data = [&](std::string_view data) {
    const auto read = reader.Read(data);
    text += read ? *read : "<" + read.error().message + ">";
    return read.has_value() && !reader.complete();
  };
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, step);
    if (!parser.Feed(piece, on_data)) return "refused";
    body.remove_prefix(piece.size());
  }
  for (const auto& call : reader.tool_calls()) text += call.name + call.arguments;
  return text + (reader.Finish() ? "." : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  PARLEY_CHECK(ReadAll(body, data[0] % 32 + 1) == ReadAll(body, body.size() + 1));
  return 0;
}
