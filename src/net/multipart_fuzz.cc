// Any bytes as a form: no crash, and each part lies within the body.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/http.h"
#include "net/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const size_t line = input.find('\n');
  const std::string_view type = input.substr(0, line);
  const std::string_view body =
      line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
  static_cast<void>(parley::net::ParseTarget(type));
  static_cast<void>(parley::net::ParseUrl(type));
  for (const auto content_type : {type, std::string_view("multipart/form-data; boundary=b")}) {
    const auto form = parley::net::MultipartForm::Parse(content_type, body);
    if (!form) continue;
    for (const auto& part : form->parts()) {
      if (part.data.empty()) continue;
      if (part.data.data() < body.data() ||
          part.data.data() + part.data.size() > body.data() + body.size()) {
        std::abort();
      }
    }
  }
  return 0;
}
