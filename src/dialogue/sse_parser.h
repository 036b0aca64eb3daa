// Server-sent events out of a stream of bytes (WHATWG HTML, "Server-sent events", 9.2.6), bounded:
// a peer that never ends its line cannot make it grow. One sequence.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::dialogue {

class SseParser {
 public:
  // Gets the data of each event, its lines joined by '\n'. False ends the parsing.
  using OnData = std::function<bool(std::string_view data)>;

  // `event_bytes_max` bounds a line and the data of an event.
  explicit SseParser(size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  // Takes the next bytes, cut anywhere. kOutOfRange past the bound; nothing can be fed after that.
  Status Feed(std::string_view bytes, const OnData& on_data);

 private:
  Status EndLine(const OnData& on_data);

  const size_t event_bytes_max_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;   // a '\n' right now belongs to the line end that was seen
  bool first_line_ = true;  // may begin with a byte order mark
  bool ended_ = false;
};

}  // namespace parley::dialogue
