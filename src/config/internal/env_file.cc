#include "config/internal/env_file.h"

#include <algorithm>
#include <cctype>

namespace parley::config::internal {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view Trim(std::string_view text) {
  const size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return "";
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

bool IsName(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
         });
}

// What follows the '='; a '#' begins a comment only behind a blank.
void TakeValue(std::string_view text, EnvLine& line) {
  text = Trim(text);
  if (!text.empty() && (text[0] == '"' || text[0] == '\'')) {
    const size_t end = text.find(text[0], 1);
    const std::string_view rest = end == std::string_view::npos ? "" : Trim(text.substr(end + 1));
    if (end == std::string_view::npos || (!rest.empty() && rest[0] != '#')) {
      line.problem = "'" + line.name + "': a value that begins with a quote must end with it";
      return;
    }
    line.value = text.substr(1, end - 1);
    return;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const bool comment = text[i] == '#' && (i == 0 || kBlank.find(text[i - 1]) != kBlank.npos);
    if (!comment) continue;
    text = text.substr(0, i);
    break;
  }
  line.value = Trim(text);
}

}  // namespace

std::vector<EnvLine> ParseEnvFile(std::string_view text) {
  std::vector<EnvLine> lines;
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (one.empty() || one[0] == '#') continue;
    if (one.starts_with("export ")) one = Trim(one.substr(7));
    EnvLine& line = lines.emplace_back(EnvLine{.number = number});
    const size_t equals = one.find('=');
    const std::string_view name = Trim(one.substr(0, equals));
    if (equals == std::string_view::npos || !IsName(name)) {
      line.problem = "must be NAME=value: " + std::string(one.substr(0, 80));
      continue;
    }
    line.name = name;
    TakeValue(one.substr(equals + 1), line);
  }
  return lines;
}

}  // namespace parley::config::internal
