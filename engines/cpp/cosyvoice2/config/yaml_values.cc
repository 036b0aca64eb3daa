#include "cosyvoice2/config/yaml_values.h"

#include <fmt/format.h>
#include <yaml.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace parley::cosyvoice2 {
namespace {

constexpr size_t kTextBytesMax = 1 << 20;
constexpr size_t kDepthMax = 32;
constexpr size_t kEntriesMax = 10'000;

tl::unexpected<Error> Broken(size_t line, std::string_view what) {
  return Fail(Code::kDataLoss, fmt::format("line {}: {}", line, what));
}

// One parser and its event, both freed at the end.
class Parser {
 public:
  explicit Parser(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Parser() {
    Clear();
    yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Status Next() {
    Clear();
    if (yaml_parser_parse(&parser_, &event_) == 0) {
      const char* problem = parser_.problem != nullptr ? parser_.problem : "no YAML";
      return Broken(parser_.problem_mark.line + 1, problem);
    }
    filled_ = true;
    return {};
  }

  const yaml_event_t& event() const { return event_; }
  size_t line() const { return event_.start_mark.line + 1; }

 private:
  void Clear() {
    if (filled_) yaml_event_delete(&event_);
    filled_ = false;
  }

  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool filled_ = false;
};

// What is open around the parser's place.
struct Level {
  bool mapping = false;
  std::string path;  // of the mapping, or of the list
  std::string key;   // of the value that comes next
  bool has_key = false;
};

class Collector {
 public:
  Status Take(const yaml_event_t& event, size_t line) {
    switch (event.type) {
      case YAML_MAPPING_START_EVENT:
        return Open(true, line);
      case YAML_SEQUENCE_START_EVENT:
        return Open(false, line);
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT:
        levels_.pop_back();
        return {};
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        const std::string_view tag =
            scalar.tag == nullptr ? "" : reinterpret_cast<const char*>(scalar.tag);
        std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
        return Scalar(tag == "!ref" ? Resolve(text) : text, line);
      }
      case YAML_ALIAS_EVENT:
        return Scalar("", line);
      default:
        return {};
    }
  }

  YamlValues values() && { return std::move(values_); }

 private:
  static std::string Join(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  // The path of the value that comes next, whose key is used up.
  std::string NextPath() {
    if (levels_.empty()) return "";
    Level& level = levels_.back();
    if (!level.mapping) return level.path;
    level.has_key = false;
    return Join(level.path, level.key);
  }

  Status Open(bool mapping, size_t line) {
    if (levels_.size() >= kDepthMax) {
      return Broken(line, fmt::format("more than {} levels", kDepthMax));
    }
    if (!levels_.empty() && levels_.back().mapping && !levels_.back().has_key) {
      return Broken(line, "a key that is no text");
    }
    std::string path = NextPath();
    if (!mapping) {
      YamlValue& value = values_[path];
      value.list = true;
      value.line = value.line == 0 ? line : value.line;
    }
    levels_.push_back({mapping, std::move(path), "", false});
    return {};
  }

  Status Scalar(std::string text, size_t line) {
    if (++entries_ > kEntriesMax) {
      return Broken(line, fmt::format("more than {} entries", kEntriesMax));
    }
    if (levels_.empty()) return {};
    Level& level = levels_.back();
    if (level.mapping && !level.has_key) {
      level.key = std::move(text);
      level.has_key = true;
      return {};
    }
    const bool in_list = !level.mapping;
    YamlValue& value = values_[NextPath()];
    if (!in_list) value = YamlValue{{}, false, line};  // a key that comes again replaces
    value.items.push_back(std::move(text));
    return {};
  }

  // "<a> * <b>" by what has been read of a and b; the text itself if that gives no number.
  std::string Resolve(const std::string& text) const {
    std::optional<std::string> single;
    double product = 1;
    size_t factors = 0;
    for (size_t at = 0; (at = text.find('<', at)) != std::string::npos; ++at) {
      const size_t end = text.find('>', at);
      const auto found = values_.find(text.substr(at + 1, end - at - 1));
      if (end == std::string::npos || found == values_.end() || found->second.items.size() != 1) {
        return text;
      }
      single = found->second.items.front();
      double factor = 0;
      const char* last = single->data() + single->size();
      const auto [stop, error] = std::from_chars(single->data(), last, factor);
      if (error != std::errc() || stop != last) factor = std::nan("");
      product *= factor;
      ++factors;
    }
    if (factors == 1 && single) return *single;
    return factors == 0 || std::isnan(product) ? text : fmt::format("{}", product);
  }

  std::vector<Level> levels_;
  YamlValues values_;
  size_t entries_ = 0;
};

}  // namespace

Result<YamlValues> ReadYamlValues(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return Fail(Code::kOutOfRange,
                fmt::format("{} bytes are more than the {} allowed", text.size(), kTextBytesMax));
  }
  Parser parser(text);
  Collector collector;
  while (true) {
    PARLEY_TRY_STATUS(parser.Next());
    const yaml_event_type_t type = parser.event().type;
    if (type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT) break;
    PARLEY_TRY_STATUS(collector.Take(parser.event(), parser.line()));
  }
  return std::move(collector).values();
}

}  // namespace parley::cosyvoice2
