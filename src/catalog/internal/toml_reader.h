// Reads the known keys of one TOML table into fields and gathers what is wrong: missing keys, wrong
// types, unknown keys, each with its place. Only .cc files of this room include it, since the TOML
// library is heavy.
#pragma once

#include <toml++/toml.h>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::catalog::internal {

// The document's root table; kInvalidArgument names the line of what the parser met.
Result<toml::table> ParseTable(std::string_view text, std::string_view document);

class TomlReader {
 public:
  enum Need { kOptional, kNeeded };

  TomlReader(const toml::table& table, std::string_view document)
      : table_(table), document_(document) {}

  void Text(std::string_view key, std::string& out, Need need = kOptional);
  void Boolean(std::string_view key, bool& out, Need need = kOptional);
  // An integer ≥ 0.
  void Size(std::string_view key, uint64_t& out, Need need = kOptional);
  void Texts(std::string_view key, std::vector<std::string>& out, Need need = kOptional);
  // Values may be texts, whole or real numbers or booleans; they arrive as texts.
  void TextMap(std::string_view key, std::map<std::string, std::string>& out,
               Need need = kOptional);
  // [[key]] entries, or none.
  std::vector<const toml::table*> Tables(std::string_view key);
  // A sub-table; nullptr when absent.
  const toml::table* Table(std::string_view key, Need need = kOptional);

  // The value was read but does not do.
  void Wrong(std::string_view key, std::string_view expected);
  // "FILE:LINE: key".
  std::string Place(std::string_view key) const;
  // The first thing that was wrong, unknown keys included.
  Status Finish();

 private:
  const toml::node* Take(std::string_view key, Need need);

  const toml::table& table_;
  const std::string document_;
  std::set<std::string, std::less<>> known_;
  std::string problem_;
};

}  // namespace parley::catalog::internal
