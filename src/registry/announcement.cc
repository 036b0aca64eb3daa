#include "registry/announcement.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace parley::registry {
namespace {

using nlohmann::json;
using ports::ModelInfo;
using ports::ModelKind;
using ports::ModelState;

constexpr size_t kModelsMax = 256;
constexpr size_t kListMax = 1024;
constexpr ModelKind kKinds[] = {ModelKind::kTts, ModelKind::kAsr, ModelKind::kLlm};
constexpr ModelState kStates[] = {ModelState::kAbsent, ModelState::kLoading,  ModelState::kWarming,
                                  ModelState::kReady,  ModelState::kDraining, ModelState::kFailed};

json ModelJson(const ModelInfo& model) {
  json out = {{"id", model.id},         {"kind", ports::ModelKindName(model.kind)},
              {"engine", model.engine}, {"state", ports::ModelStateName(model.state)},
              {"slots", model.slots},   {"in_use", model.in_use}};
  const auto add = [&](const char* key, const auto& value) {
    if (!(value == std::decay_t<decltype(value)>())) out[key] = value;
  };
  add("reason", model.reason);
  add("default", model.is_default);
  add("pinned", model.pinned);
  add("licence", model.licence);
  add("voices", model.voices);
  add("languages", model.languages);
  add("capabilities", model.capabilities);
  add("sample_rate_hz", model.sample_rate_hz);
  add("memory_bytes", model.memory_bytes);
  add("device_memory_bytes", model.device_memory_bytes);
  add("load_ms", model.load_ms);
  return out;
}

// Fields of the wrong type count as absent.
void Get(const json& from, const char* key, std::string& to) {
  const auto found = from.find(key);
  if (found != from.end() && found->is_string()) to = found->get<std::string>();
}
void Get(const json& from, const char* key, bool& to) {
  const auto found = from.find(key);
  if (found != from.end() && found->is_boolean()) to = found->get<bool>();
}
void Get(const json& from, const char* key, double& to) {
  const auto found = from.find(key);
  if (found != from.end() && found->is_number()) to = found->get<double>();
}
void Get(const json& from, const char* key, int64_t& to) {
  const auto found = from.find(key);
  if (found != from.end() && found->is_number_integer()) to = found->get<int64_t>();
}
void Get(const json& from, const char* key, int& to) {
  int64_t wide = to;
  Get(from, key, wide);
  to = static_cast<int>(std::clamp<int64_t>(wide, 0, 1'000'000));
}
void Get(const json& from, const char* key, std::vector<std::string>& to) {
  const auto found = from.find(key);
  if (found == from.end() || !found->is_array() || found->size() > kListMax) return;
  for (const json& one : *found) {
    if (one.is_string()) to.push_back(one.get<std::string>());
  }
}

template <class Enum, size_t N>
bool GetNamed(const json& from, const char* key, const Enum (&all)[N],
              std::string_view (*name)(Enum), Enum& to) {
  std::string text;
  Get(from, key, text);
  for (const Enum one : all) {
    if (name(one) != text) continue;
    to = one;
    return true;
  }
  return false;
}

// False for a model of a kind or state that a newer version may know; it is left out.
bool TakeModel(const json& from, ModelInfo& model) {
  if (!from.is_object()) return false;
  Get(from, "id", model.id);
  if (model.id.empty() || !GetNamed(from, "kind", kKinds, ports::ModelKindName, model.kind) ||
      !GetNamed(from, "state", kStates, ports::ModelStateName, model.state)) {
    return false;
  }
  Get(from, "engine", model.engine);
  Get(from, "slots", model.slots);
  Get(from, "in_use", model.in_use);
  Get(from, "reason", model.reason);
  Get(from, "default", model.is_default);
  Get(from, "pinned", model.pinned);
  Get(from, "licence", model.licence);
  Get(from, "voices", model.voices);
  Get(from, "languages", model.languages);
  Get(from, "capabilities", model.capabilities);
  Get(from, "sample_rate_hz", model.sample_rate_hz);
  Get(from, "memory_bytes", model.memory_bytes);
  Get(from, "device_memory_bytes", model.device_memory_bytes);
  Get(from, "load_ms", model.load_ms);
  return true;
}

}  // namespace

std::string ToJson(const Announcement& announcement) {
  const ports::WorkerCapabilities& worker = announcement.capabilities;
  json models = json::array();
  for (const ModelInfo& model : worker.models) models.push_back(ModelJson(model));
  const json out = {{"instance", announcement.instance},
                    {"name", worker.worker_id},
                    {"host", announcement.host},
                    {"address", announcement.address},
                    {"zone", announcement.zone},
                    {"metrics_port", announcement.metrics_port},
                    {"version", worker.version},
                    {"device", worker.device},
                    {"draining", worker.draining},
                    {"ready", worker.ready},
                    {"not_ready_why", worker.not_ready_why},
                    {"waiting", announcement.waiting},
                    {"first_audio_p50_ms", announcement.first_audio_p50_ms},
                    {"first_audio_p95_ms", announcement.first_audio_p95_ms},
                    {"models", std::move(models)}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Announcement> FromJson(std::string_view text) {
  if (text.size() > kAnnouncementBytesMax) {
    return Fail(Code::kInvalidArgument, "an announcement of " + std::to_string(text.size()) +
                                            " bytes, more than " +
                                            std::to_string(kAnnouncementBytesMax));
  }
  // Deep nesting would exhaust the stack when it is destroyed; an announcement has three levels.
  int depth = 0;
  const auto bounded = [&depth](int level, json::parse_event_t, json&) {
    depth = std::max(depth, level);
    return depth <= 8;
  };
  const json from = json::parse(text, bounded, /*allow_exceptions=*/false);
  if (!from.is_object()) return Fail(Code::kInvalidArgument, "an announcement that is no JSON");
  Announcement out;
  ports::WorkerCapabilities& worker = out.capabilities;
  Get(from, "instance", out.instance);
  Get(from, "name", worker.worker_id);
  Get(from, "address", out.address);
  if (out.instance.empty() || out.address.empty() || worker.worker_id.empty()) {
    return Fail(Code::kInvalidArgument, "an announcement without instance, name or address");
  }
  Get(from, "host", out.host);
  Get(from, "zone", out.zone);
  Get(from, "metrics_port", out.metrics_port);
  Get(from, "version", worker.version);
  Get(from, "device", worker.device);
  Get(from, "draining", worker.draining);
  Get(from, "ready", worker.ready);
  Get(from, "not_ready_why", worker.not_ready_why);
  Get(from, "waiting", out.waiting);
  Get(from, "first_audio_p50_ms", out.first_audio_p50_ms);
  Get(from, "first_audio_p95_ms", out.first_audio_p95_ms);
  const auto models = from.find("models");
  if (models == from.end() || !models->is_array() || models->size() > kModelsMax) return out;
  for (const json& one : *models) {
    ModelInfo model;
    if (TakeModel(one, model)) worker.models.push_back(std::move(model));
  }
  return out;
}

}  // namespace parley::registry
