#include "config/internal/toml_text.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cmath>
#include <sstream>

namespace parley::config::internal {
namespace {

constexpr size_t kShownBytesMax = 80;

std::string Shown(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_table<decltype(value)> || toml::is_array<decltype(value)>) {
      out << toml::json_formatter(value);
    } else {
      out << value;
    }
  });
  std::string text = out.str();
  // The library prints texts in single quotes, and our own messages in double ones.
  if (const auto* string = node.as_string()) text = PrintToml(Value(string->get()));
  if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "…";
  return text;
}

std::optional<Value> ToValue(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return Value(boolean->get());
  if (const auto* integer = node.as_integer()) return Value(integer->get());
  if (const auto* number = node.as_floating_point()) return Value(number->get());
  if (const auto* text = node.as_string()) return Value(text->get());
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return std::nullopt;
    texts.push_back(text->get());
  }
  return Value(std::move(texts));
}

void Flatten(const toml::table& table, std::vector<std::string>& path, std::vector<Leaf>& leaves) {
  for (const auto& [key, node] : table) {
    path.emplace_back(key.str());
    const toml::table* inner = node.as_table();
    if (inner != nullptr) {
      Flatten(*inner, path, leaves);
    } else {
      Leaf leaf{.path = path, .line = static_cast<int>(node.source().begin.line)};
      leaf.value = ToValue(node);
      leaf.shown = Shown(node);
      leaves.push_back(std::move(leaf));
    }
    path.pop_back();
  }
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string PrintNumber(double number) {
  std::string text = fmt::format("{}", number);
  const bool whole = std::isfinite(number) && text.find_first_of(".e") == std::string::npos;
  return whole ? text + ".0" : text;
}

}  // namespace

Result<std::vector<Leaf>> ParseToml(std::string_view text, std::string_view name) {
  try {
    const toml::table table = toml::parse(text, name);
    std::vector<Leaf> leaves;
    std::vector<std::string> path;
    Flatten(table, path, leaves);
    return leaves;
  } catch (const toml::parse_error& error) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
}

std::string PrintToml(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return PrintNumber(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return Quoted(*text);
  std::vector<std::string> parts;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& item : *texts) parts.push_back(Quoted(item));
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  for (const auto& [key, text] : std::get<std::map<std::string, std::string>>(value)) {
    parts.push_back(fmt::format("{} = {}", Quoted(key), Quoted(text)));
  }
  return parts.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

}  // namespace parley::config::internal
