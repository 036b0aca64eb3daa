#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/goldens/json_cases.h"
#include "cosyvoice2/weights/mapped_file.h"
#include "cosyvoice2/weights/torch_file.h"

namespace parley::cosyvoice2::goldens {
namespace {

using Json = nlohmann::json;

const TorchEntry* Find(const TorchFile& file, const std::string& name) {
  for (const TorchEntry& entry : file.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool SameTensor(const TorchTensor& tensor, const Json& expected) {
  if (TorchTypeName(tensor.storage.type) != expected["dtype"] ||
      Json(tensor.shape) != expected["shape"] || Json(tensor.strides) != expected["stride"] ||
      tensor.offset != expected["storage_offset"] ||
      tensor.storage.elements != expected["storage_numel"] ||
      tensor.contiguous() != expected["contiguous"]) {
    return false;
  }
  std::vector<double> values(static_cast<size_t>(tensor.element_count()));
  tensor.CopyTo(std::span<double>(values));
  return values == expected["values"].get<std::vector<double>>();
}

bool SameEntry(const TorchFile& file, const Json& expected) {
  const TorchEntry* entry = Find(file, expected["name"]);
  if (entry == nullptr) return false;
  const auto* tensor = std::get_if<TorchTensor>(&entry->value);
  if (!expected.value("non_tensor", false)) return tensor && SameTensor(*tensor, expected);
  const Json& value = expected["value"];
  if (const auto* integer = std::get_if<int64_t>(&entry->value)) return value == *integer;
  if (const auto* number = std::get_if<double>(&entry->value)) return value == *number;
  if (const auto* text = std::get_if<std::string>(&entry->value)) return value == *text;
  return tensor == nullptr;
}

Row ReadOne(const Place& place, const Json& expected) {
  const std::string name = expected["file"];
  const auto mapped = MappedFile::Open(place.set / name);
  if (!mapped) return CompareExact(name, "entries", 1, mapped.error().message);
  const auto file = ReadTorchFile((*mapped)->bytes());
  if (!expected.value("accept", false)) {
    const std::string reason = expected["reason"];
    const bool refused = !file && file.error().message.starts_with(reason + ":");
    return CompareExact(name, "refusal", refused ? 0 : 1,
                        file ? "it was accepted" : (refused ? "" : file.error().message));
  }
  if (!file) return CompareExact(name, "entries", 1, file.error().message);
  size_t differing = 0;
  std::string note;
  for (const Json& entry : expected["entries"]) {
    if (SameEntry(*file, entry)) continue;
    ++differing;
    note += entry["name"].get<std::string>() + " differs; ";
  }
  return CompareExact(name, "entries", differing, note);
}

}  // namespace

Result<std::vector<Row>> RunReaderSet(const Place& place) {
  PARLEY_TRY(const Json cases, ReadJson(place.set / "expected.json"));
  std::vector<Row> rows;
  for (const Json& expected : cases) rows.push_back(ReadOne(place, expected));
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
