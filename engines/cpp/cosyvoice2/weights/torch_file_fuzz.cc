// What comes from outside as a checkpoint or as spk2info.pt. The first byte chooses: 0 a whole
// file; else a pickle within a sound zip file, so that the stack machine is reached whatever the
// bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cosyvoice2/voice/spk2info.h"
#include "cosyvoice2/weights/pickle.h"
#include "cosyvoice2/weights/torch_file.h"

namespace {

void Touch(const parley::cosyvoice2::TorchTensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.element_count()));
  tensor.CopyTo(std::span<float>(values));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace cosyvoice2 = parley::cosyvoice2;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 0) {
    const auto file = cosyvoice2::ReadTorchFile(rest);
    if (!file) return 0;
    for (const auto& entry : file->entries) {
      if (const auto* tensor = std::get_if<cosyvoice2::TorchTensor>(&entry.value)) Touch(*tensor);
    }
    static_cast<void>(cosyvoice2::ReadSpk2info(rest).has_value());
    return 0;
  }
  static const std::string kStorage(256, '\1');
  const auto pickle = cosyvoice2::ReadPickle(
      rest, [](std::string_view) -> parley::Result<std::string_view> { return kStorage; });
  if (!pickle) return 0;
  for (const auto& value : pickle->values) {
    if (const auto* tensor = std::get_if<cosyvoice2::TorchTensor>(&value)) Touch(*tensor);
  }
  return 0;
}
