// Any bytes as a catalogue, a model.toml, an engine.toml or a source: taken or refused with a
// message; what is taken names only safe paths.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "catalog/catalog.h"
#include "catalog/engine_manifest.h"
#include "catalog/internal/paths.h"
#include "catalog/pack.h"

namespace {

using parley::catalog::internal::IsSafeRelativePath;

void CheckSource(const parley::catalog::Source& source) {
  for (const auto& part : source.parts) {
    PARLEY_CHECK(part.member.empty() || IsSafeRelativePath(part.member));
    PARLEY_CHECK(part.version.empty() || part.version.front() != '-');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto catalog = parley::catalog::Catalog::Parse(text, "fuzz"); catalog) {
    for (const auto& model : catalog->models()) {
      PARLEY_CHECK(IsSafeRelativePath(model.id));
      for (const auto& file : model.files) {
        PARLEY_CHECK(IsSafeRelativePath(file.name));
        for (const auto& source : file.sources) CheckSource(source);
      }
    }
  }
  if (const auto pack = parley::catalog::ParsePack(text, "fuzz"); pack) {
    for (const auto& [role, name] : pack->files) PARLEY_CHECK(IsSafeRelativePath(name));
  }
  if (const auto engine = parley::catalog::ParseEngineManifest(text, "/fuzz"); engine) {
    PARLEY_CHECK(IsSafeRelativePath(engine->name));
  }
  if (const auto source = parley::catalog::ParseSource(text); source) CheckSource(*source);
  return 0;
}
