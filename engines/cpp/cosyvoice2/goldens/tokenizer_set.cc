#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/goldens/gzip_file.h"
#include "cosyvoice2/goldens/json_cases.h"

namespace parley::cosyvoice2::goldens {

Result<std::unique_ptr<Tokenizer>> GoldenTokenizer(const std::filesystem::path& root) {
  constexpr size_t kBytesMax = 32 << 20;
  const std::filesystem::path set = FindSet(root, 2);
  PARLEY_TRY(const std::string vocabulary, ReadGzipFile(set / "vocab.json.gz", kBytesMax));
  PARLEY_TRY(const std::string merges, ReadGzipFile(set / "merges.txt.gz", kBytesMax));
  return Tokenizer::Create(vocabulary, merges);
}

Result<std::vector<Row>> RunTokenizerSet(const Place& place) {
  PARLEY_TRY(const nlohmann::json cases, ReadJson(place.set / "cases.json"));
  PARLEY_TRY(const auto tokenizer, GoldenTokenizer(place.root));
  size_t differing = 0;
  std::string note;
  for (const auto& expected : cases) {
    const auto ids = tokenizer->Encode(expected["text"].get<std::string>());
    if (ids == expected["ids"].get<std::vector<int32_t>>()) continue;
    ++differing;
    note += fmt::format("text {} differs; ", expected["id"].get<int>());
  }
  return std::vector<Row>{
      CompareExact(fmt::format("{} texts", cases.size()), "ids", differing, note),
      CompareExact("token count", "ids", tokenizer->token_count() == Tokenizer::kTokens ? 0 : 1),
      CompareExact("Chinese apart", "ids", tokenizer->JoinsChinese() ? 1 : 0)};
}

}  // namespace parley::cosyvoice2::goldens
