// What other machines write into Redis reaches the gateway's parser: nothing may break it, and what
// it takes it must be able to write again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/announcement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = parley::registry::FromJson(text);
  if (!first) return 0;
  const auto again = parley::registry::FromJson(parley::registry::ToJson(*first));
  if (!again && again.error().message.find("more than") == std::string::npos) std::abort();
  return 0;
}
