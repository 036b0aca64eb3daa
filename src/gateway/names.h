// What clients call models and voices, and what these are here. OpenAI's own names are mapped so
// that unmodified clients work; our own names stand for themselves. Immutable; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::gateway {

// An empty model is the default one, an empty voice the model's default speaker.
struct VoiceName {
  std::string model;
  std::string voice;
  bool operator==(const VoiceName&) const = default;
};

class Names {
 public:
  using Map = std::map<std::string, std::string>;
  Names(Map models, Map voices);

  // A mapped name, or one with a '/' in it, which is ours (whether it exists, the worker knows).
  // kNotFound, naming what would do.
  Result<std::string> Model(std::string_view name) const;
  // What `voice` of `model` is: a mapped name, one of ours ("engine/voice" or
  // "engine/voice#speaker"), or, when the model is one of ours, any speaker of it.
  Result<VoiceName> Voice(std::string_view model, std::string_view voice) const;

  // Mapped names without '*', for lists.
  std::vector<std::string> KnownModels() const;
  std::vector<std::string> KnownVoices() const;

 private:
  const Map models_;
  const Map voices_;
};

}  // namespace parley::gateway
