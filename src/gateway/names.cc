#include "gateway/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace parley::gateway {
namespace {

// The value of the name itself, or of the longest entry "prefix*" that it begins with.
const std::string* Look(const Names::Map& map, std::string_view name) {
  const std::string* best = nullptr;
  size_t best_size = 0;
  for (const auto& [key, value] : map) {
    if (key == name) return &value;
    const bool prefix =
        key.ends_with('*') && name.starts_with(std::string_view(key).substr(0, key.size() - 1));
    if (prefix && key.size() > best_size) {
      best = &value;
      best_size = key.size();
    }
  }
  return best;
}

std::vector<std::string> Plain(const Names::Map& map) {
  std::vector<std::string> names;
  for (const auto& [key, value] : map) {
    if (!key.ends_with('*')) names.push_back(key);
  }
  return names;
}

bool IsOurs(std::string_view name) { return name.find('/') != std::string_view::npos; }

VoiceName Split(std::string_view name) {
  const size_t mark = name.find('#');
  if (mark == std::string_view::npos) return {std::string(name), ""};
  return {std::string(name.substr(0, mark)), std::string(name.substr(mark + 1))};
}

// Foreign text, as it may stand in a message.
std::string Shown(std::string_view name) { return std::string(name.substr(0, 100)); }

}  // namespace

Names::Names(Map models, Map voices) : models_(std::move(models)), voices_(std::move(voices)) {}

Result<std::string> Names::Model(std::string_view name) const {
  if (name.empty()) return std::string();
  if (const std::string* found = Look(models_, name)) return *found;
  if (IsOurs(name)) return std::string(name);
  return Fail(Code::kNotFound,
              fmt::format("The model '{}' does not exist here. GET /v1/models lists those that do; "
                          "names.models in the configuration maps others.",
                          Shown(name)));
}

Result<VoiceName> Names::Voice(std::string_view model, std::string_view voice) const {
  PARLEY_TRY(const std::string own_model, Model(model));
  const bool chosen = IsOurs(own_model);
  if (voice.empty()) return Split(own_model);
  if (const std::string* found = Look(voices_, voice)) {
    // A model of ours that was asked for by name is not replaced by a voice's mapping.
    return chosen ? Split(own_model) : Split(*found);
  }
  if (IsOurs(voice)) return Split(voice);
  if (chosen) return VoiceName{Split(own_model).model, std::string(voice)};
  return Fail(Code::kNotFound,
              fmt::format("The voice '{}' does not exist here. Known ones: {}; names.voices in the "
                          "configuration maps others.",
                          Shown(voice), fmt::join(KnownVoices(), ", ")));
}

std::vector<std::string> Names::KnownModels() const { return Plain(models_); }
std::vector<std::string> Names::KnownVoices() const { return Plain(voices_); }

}  // namespace parley::gateway
