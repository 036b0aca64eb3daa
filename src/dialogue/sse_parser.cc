#include "dialogue/sse_parser.h"

#include <fmt/format.h>

namespace parley::dialogue {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

Status SseParser::Feed(std::string_view bytes, const OnData& on_data) {
  while (!bytes.empty() && !ended_) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    const size_t end = bytes.find_first_of("\r\n");
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > event_bytes_max_) {
      ended_ = true;
      return Fail(Code::kOutOfRange, fmt::format("a line of the event stream is longer than the {} "
                                                 "bytes allowed",
                                                 event_bytes_max_));
    }
    line_ += piece;
    if (end == std::string_view::npos) return {};
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    PARLEY_TRY_STATUS(EndLine(on_data));
  }
  return {};
}

Status SseParser::EndLine(const OnData& on_data) {
  std::string_view line = line_;
  if (first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  first_line_ = false;
  if (line.empty()) {
    if (has_data_ && !on_data(data_)) ended_ = true;
    data_.clear();
    has_data_ = false;
  } else if (line == "data" || line.starts_with("data:")) {
    line.remove_prefix(line.size() == 4 ? 4 : 5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (data_.size() + line.size() + 1 > event_bytes_max_) {
      ended_ = true;
      return Fail(Code::kOutOfRange, fmt::format("an event of the stream is larger than the {} "
                                                 "bytes allowed",
                                                 event_bytes_max_));
    }
    if (has_data_) data_ += '\n';
    data_ += line;
    has_data_ = true;
  }
  line_.clear();
  return {};
}

}  // namespace parley::dialogue
