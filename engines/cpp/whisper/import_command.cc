#include "whisper/import_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "whisper/importer.h"

namespace parley::whisper {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitWrongUse = 2;

struct Arguments {
  std::string folder;
  std::string file;
  std::string type = "q8_0";
};

// Pairs of --name value; nothing if one is unknown, repeated without a value, or missing.
std::optional<Arguments> Read(int argc, const char* const* argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return std::nullopt;
    if (name == "--import") {
      arguments.folder = argv[i + 1];
    } else if (name == "--out") {
      arguments.file = argv[i + 1];
    } else if (name == "--type") {
      arguments.type = argv[i + 1];
    } else {
      return std::nullopt;
    }
  }
  if (arguments.folder.empty() || arguments.file.empty()) return std::nullopt;
  return arguments;
}

}  // namespace

std::optional<int> RunImportCommand(int argc, const char* const* argv) {
  if (argc < 2 || std::string_view(argv[1]) != "--import") return std::nullopt;
  const std::optional<Arguments> arguments = Read(argc, argv);
  const std::optional<WeightType> type =
      arguments ? WeightTypeFromName(arguments->type) : std::nullopt;
  if (!type) {
    fmt::print(stderr,
               "usage: parley-engine-whisper --import FOLDER --out FILE [--type q8_0|f16]\n");
    return kExitWrongUse;
  }
  if (const Status status = ImportCt2(arguments->folder, arguments->file, *type); !status) {
    fmt::print(stderr, "parley-engine-whisper: {}\n", status.error().message);
    return kExitFailed;
  }
  return 0;
}

}  // namespace parley::whisper
