// What comes from outside as a model's description: YAML, config.json, and a manifest of weights.
// The first byte chooses.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cosyvoice2/config/model_config.h"
#include "cosyvoice2/voice/voice_library.h"
#include "cosyvoice2/weights/manifest.h"
#include "cosyvoice2/weights/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace cosyvoice2 = parley::cosyvoice2;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      static_cast<void>(cosyvoice2::ReadModelConfig(rest, "").has_value());
      break;
    case 1:
      static_cast<void>(cosyvoice2::ReadModelConfig("", rest).has_value());
      break;
    case 2:
      static_cast<void>(cosyvoice2::ReadManifest(rest).has_value());
      break;
    case 3:
      static_cast<void>(cosyvoice2::VoiceLibrary::Create({}, rest).has_value());
      break;
    default:
      static_cast<void>(cosyvoice2::ParseNpy(rest).has_value());
  }
  return 0;
}
