#include "catalog/internal/toml_reader.h"

#include <fmt/format.h>

#include <optional>

namespace parley::catalog::internal {
namespace {

std::optional<std::string> ScalarText(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* whole = node.as_integer()) return fmt::format("{}", whole->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  return std::nullopt;
}

}  // namespace

Result<toml::table> ParseTable(std::string_view text, std::string_view document) {
  try {
    toml::table table = toml::parse(text, document);
    return table;
  } catch (const toml::parse_error& error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}:{}: {}", document, error.source().begin.line, error.description()));
  }
}

std::string TomlReader::Place(std::string_view key) const {
  const toml::node* node = table_.get(key);
  const auto line = node == nullptr ? table_.source().begin.line : node->source().begin.line;
  return fmt::format("{}:{}: {}", document_, line, key);
}

void TomlReader::Wrong(std::string_view key, std::string_view expected) {
  if (problem_.empty()) problem_ = fmt::format("{} must be {}", Place(key), expected);
}

const toml::node* TomlReader::Take(std::string_view key, Need need) {
  known_.emplace(key);
  const toml::node* node = table_.get(key);
  if (node == nullptr && need == kNeeded && problem_.empty()) {
    problem_ = fmt::format("{} is missing", Place(key));
  }
  return node;
}

void TomlReader::Text(std::string_view key, std::string& out, Need need) {
  const toml::node* node = Take(key, need);
  if (node == nullptr) return;
  if (const auto* text = node->as_string()) {
    out = text->get();
  } else {
    Wrong(key, "text");
  }
}

void TomlReader::Boolean(std::string_view key, bool& out, Need need) {
  const toml::node* node = Take(key, need);
  if (node == nullptr) return;
  if (const auto* boolean = node->as_boolean()) {
    out = boolean->get();
  } else {
    Wrong(key, "true or false");
  }
}

void TomlReader::Size(std::string_view key, uint64_t& out, Need need) {
  const toml::node* node = Take(key, need);
  if (node == nullptr) return;
  const auto* whole = node->as_integer();
  if (whole != nullptr && whole->get() >= 0) {
    out = static_cast<uint64_t>(whole->get());
  } else {
    Wrong(key, "a whole number of at least 0");
  }
}

void TomlReader::Texts(std::string_view key, std::vector<std::string>& out, Need need) {
  const toml::node* node = Take(key, need);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return Wrong(key, "a list of texts");
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return Wrong(key, "a list of texts");
    out.push_back(text->get());
  }
}

void TomlReader::TextMap(std::string_view key, std::map<std::string, std::string>& out, Need need) {
  const toml::node* node = Take(key, need);
  if (node == nullptr) return;
  const auto* table = node->as_table();
  if (table == nullptr) return Wrong(key, "a table");
  for (const auto& [name, value] : *table) {
    auto text = ScalarText(value);
    if (!text) return Wrong(key, "a table of texts, numbers and booleans");
    out[std::string(name.str())] = std::move(*text);
  }
}

std::vector<const toml::table*> TomlReader::Tables(std::string_view key) {
  std::vector<const toml::table*> tables;
  const toml::node* node = Take(key, kOptional);
  if (node == nullptr) return tables;
  const auto* array = node->as_array();
  if (array == nullptr) Wrong(key, "a list of tables");
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto* table = array->get(i)->as_table();
    if (table == nullptr) {
      Wrong(key, "a list of tables");
      break;
    }
    tables.push_back(table);
  }
  return tables;
}

const toml::table* TomlReader::Table(std::string_view key, Need need) {
  const toml::node* node = Take(key, need);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) Wrong(key, "a table");
  return node->as_table();
}

Status TomlReader::Finish() {
  for (const auto& [key, node] : table_) {
    if (problem_.empty() && !known_.contains(key.str())) {
      problem_ = fmt::format("{} is not a known key here; known are {}", Place(key.str()),
                             fmt::join(known_, ", "));
    }
  }
  if (problem_.empty()) return {};
  return Fail(Code::kInvalidArgument, problem_);
}

}  // namespace parley::catalog::internal
