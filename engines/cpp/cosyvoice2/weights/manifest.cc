#include "cosyvoice2/weights/manifest.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_map>

namespace parley::cosyvoice2 {
namespace {

using Json = nlohmann::json;

constexpr size_t kTensorsMax = 100'000;
constexpr size_t kRankMax = 8;
// Of one tensor: 16 GiB of floats. The largest that exists has 136 million.
constexpr int64_t kElementsMax = int64_t{1} << 32;

tl::unexpected<Error> Broken(std::string_view what) {
  return Fail(Code::kDataLoss, fmt::format("the weight manifest is broken: {}", what));
}

Result<std::vector<int64_t>> ReadShape(const Json& json, std::string_view name) {
  std::vector<int64_t> shape;
  if (!json.is_array() || json.size() > kRankMax) {
    return Broken(fmt::format("'{}' has no shape of at most {} lengths", name, kRankMax));
  }
  int64_t elements = 1;
  for (const Json& length : json) {
    if (!length.is_number_integer() || length.get<int64_t>() < 1 ||
        length.get<int64_t>() > kElementsMax / elements) {
      return Broken(fmt::format("'{}' has an impossible shape", name));
    }
    shape.push_back(length.get<int64_t>());
    elements *= shape.back();
  }
  return shape;
}

std::optional<TensorRule::Check> ReadCheck(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  TensorRule::Check check;
  check.first = json.value("first", 0.0);
  check.last = json.value("last", 0.0);
  check.sum = json.value("sum", 0.0);
  if (json.contains("abs_sum")) check.abs_sum = json.value("abs_sum", 0.0);
  return check;
}

Result<TensorRule> ReadRule(const Json& json) {
  TensorRule rule;
  rule.name = json.value("name", "");
  rule.alt_name = json.value("alt_name", "");
  if (rule.name.empty()) return Broken("a tensor has no name");
  PARLEY_TRY(rule.shape, ReadShape(json.value("shape", Json()), rule.name));
  rule.kind_name = json.value("kind", "");
  rule.a = json.value("a", 0.0);
  rule.c = json.value("c", 0.0);
  if (rule.kind_name == "tied") {
    rule.kind = TensorRule::Kind::kTied;
    rule.other = json.value("tied_to", "");
  } else if (rule.kind_name == "wn_g") {
    rule.kind = TensorRule::Kind::kNormMagnitude;
    rule.other = json.value("norm_of", "");
  } else if (!json.contains("a") || !json.contains("c")) {
    return Broken(fmt::format("'{}' has no a and c", rule.name));
  }
  if (json.contains("check")) rule.check = ReadCheck(json["check"]);
  return rule;
}

// What a tied tensor and a magnitude lead to must be there, hashed, and of a fitting shape.
Status CheckOthers(const Manifest& manifest) {
  std::unordered_map<std::string_view, const TensorRule*> by_name;
  for (const TensorRule& rule : manifest.tensors) {
    if (!by_name.emplace(rule.name, &rule).second) {
      return Broken(fmt::format("'{}' is there twice", rule.name));
    }
  }
  for (const TensorRule& rule : manifest.tensors) {
    if (rule.kind == TensorRule::Kind::kHashed) continue;
    const auto found = by_name.find(rule.other);
    if (found == by_name.end() || found->second->kind != TensorRule::Kind::kHashed) {
      return Broken(fmt::format("'{}' refers to '{}', which is not there or refers to another",
                                rule.name, rule.other));
    }
    const std::vector<int64_t>& shape = found->second->shape;
    const bool fits = rule.kind == TensorRule::Kind::kTied
                          ? shape == rule.shape
                          : !shape.empty() && rule.element_count() == shape.front();
    if (!fits) {
      return Broken(fmt::format("'{}' does not fit the shape of '{}'", rule.name, rule.other));
    }
  }
  return {};
}

Status ApplyVariant(const Json& json, std::string_view variant, Manifest& manifest) {
  if (variant.empty()) return {};
  const Json variants = json.value("variants", Json::object());
  if (!variants.is_object() || !variants.contains(std::string(variant))) {
    std::string known;
    for (const auto& [name, unused] : variants.items()) known += " " + name;
    return Fail(Code::kNotFound, fmt::format("the manifest has no variant '{}'; it has:{}", variant,
                                             known.empty() ? " none" : known));
  }
  for (const auto& [name, values] : variants[std::string(variant)].items()) {
    bool found = false;
    for (TensorRule& rule : manifest.tensors) {
      if (rule.name != name) continue;
      rule.a = values.value("a", rule.a);
      rule.c = values.value("c", rule.c);
      rule.check.reset();
      found = true;
    }
    if (!found) return Broken(fmt::format("variant '{}' changes '{}'", variant, name));
  }
  return {};
}

Result<Manifest> ReadJson(std::string_view text, std::string_view variant) {
  const Json json = Json::parse(text);
  if (!json.is_object() || !json.contains("tensors") || !json["tensors"].is_array() ||
      json["tensors"].size() > kTensorsMax) {
    return Broken(fmt::format("it has no list of at most {} tensors", kTensorsMax));
  }
  Manifest manifest;
  manifest.module = json.value("module", "");
  manifest.config = json.value("config", Json::object()).dump();
  for (const Json& entry : json["tensors"]) {
    PARLEY_TRY(TensorRule rule, ReadRule(entry));
    manifest.tensors.push_back(std::move(rule));
  }
  PARLEY_TRY_STATUS(CheckOthers(manifest));
  PARLEY_TRY_STATUS(ApplyVariant(json, variant, manifest));
  return manifest;
}

}  // namespace

int64_t TensorRule::element_count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

const TensorRule* Manifest::Find(std::string_view name) const {
  for (const TensorRule& rule : tensors) {
    if (rule.name == name || (!rule.alt_name.empty() && rule.alt_name == name)) return &rule;
  }
  return nullptr;
}

Result<Manifest> ReadManifest(std::string_view json, std::string_view variant) {
  try {
    return ReadJson(json, variant);
  } catch (const Json::exception& exception) {
    return Broken(exception.what());
  }
}

}  // namespace parley::cosyvoice2
