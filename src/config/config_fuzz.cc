// Any bytes as a configuration file: refused with a message or taken, and what was taken is within
// its range and reads back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/loader.h"
#include "config/reference.h"

namespace {

struct Example {
  int count = 2;
  double speed = 1.0;
  bool warm = true;
  std::string model;
  std::vector<std::string> list;
  std::map<std::string, std::string> voices;
};

void Bind(parley::config::Binder& binder, Example& example) {
  binder.Field("worker.count", &example.count, {1, 64}, "doc");
  binder.Field("worker.speed", &example.speed, {0.25, 4}, "doc");
  binder.Field("worker.warm", &example.warm, "doc");
  binder.Field("worker.model", &example.model, "doc");
  binder.Field("worker.list", &example.list, "doc");
  binder.Field("names.voices", &example.voices, "doc");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Example example;
  parley::config::Binder binder;
  Bind(binder, example);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = parley::config::LoadText(binder, text, "fuzz");
  PARLEY_CHECK(example.count >= 1 && example.count <= 64);
  PARLEY_CHECK(example.speed >= 0.25 && example.speed <= 4);
  if (!loaded) {
    PARLEY_CHECK(!loaded.error().message.empty());
    return 0;
  }
  Example again;
  parley::config::Binder second;
  Bind(second, again);
  PARLEY_CHECK(
      parley::config::LoadText(second, parley::config::EffectiveToml(binder), "again").has_value());
  PARLEY_CHECK(again.count == example.count && again.model == example.model);
  PARLEY_CHECK(again.list == example.list && again.voices == example.voices);
  return 0;
}
