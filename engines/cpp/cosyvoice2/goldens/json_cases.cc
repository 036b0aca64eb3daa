#include "cosyvoice2/goldens/json_cases.h"

#include <fmt/format.h>

#include "base/file.h"

namespace parley::cosyvoice2::goldens {
namespace {
constexpr size_t kFileBytesMax = 64 << 20;
}  // namespace

Result<nlohmann::json> ReadJson(const std::filesystem::path& path) {
  PARLEY_TRY(const std::string text, ReadFile(path, kFileBytesMax));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& exception) {
    return Fail(Code::kDataLoss, fmt::format("'{}': {}", path.string(), exception.what()));
  }
}

}  // namespace parley::cosyvoice2::goldens
