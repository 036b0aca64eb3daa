// A model on this machine: a folder with the model's files and a model.toml that describes it.
//
//   [model]
//   id = "piper/en_US-joe-medium"
//   engine = "piper"
//   kind = "tts"
//   license = "CC0-1.0"
//   languages = ["en-US"]
//   normalizer = "worker"         # of a voice: who spells out its text; worker, engine or none
//   [files]                       # role = file name in the folder
//   model = "en_US-joe-medium.onnx"
//   [options]                     # handed to the engine as they are; texts, numbers, booleans
//   [sha256]                      # file name = hash at the time it was put here
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::catalog {

enum class TextNormalizer {
  kWorker,  // the worker, where its settings say so
  kEngine,  // the engine; it gets the text as it came
  kNone,    // nobody: the voice speaks what stands there
};

struct Pack {
  std::filesystem::path folder;
  std::string id;
  std::string engine;
  std::string kind;
  std::string license;
  std::vector<std::string> languages;
  TextNormalizer normalizer = TextNormalizer::kWorker;
  std::map<std::string, std::string> files;    // role → file name
  std::map<std::string, std::string> options;  // numbers and booleans as texts
  std::map<std::string, std::string> sha256;   // file name → hash

  bool operator==(const Pack&) const = default;

  // The path of the file with that role; kNotFound names the roles there are.
  Result<std::filesystem::path> FileOf(std::string_view role) const;
};

// From the bytes of a model.toml; `name` is used in messages. Does not look at the files.
Result<Pack> ParsePack(std::string_view toml, std::string_view name);

// Reads `folder`/model.toml and sees that the files it names are there. kNotFound when the folder
// or a file is missing, saying how to get it.
Result<Pack> ReadPack(const std::filesystem::path& folder);

// Writes `pack.folder`/model.toml.
Status WritePack(const Pack& pack);

// The packs below `models_dir`, by id; a broken one is an entry of `problems` when that is given.
std::vector<Pack> ListPacks(const std::filesystem::path& models_dir,
                            std::vector<Error>* problems = nullptr);

// `models_dir`/`id`; kInvalidArgument for an id that is no safe path.
Result<std::filesystem::path> PackFolder(const std::filesystem::path& models_dir,
                                         std::string_view id);

// ${PARLEY_CACHE:-$HOME/.cache/parley}/models.
std::filesystem::path DefaultModelsDir();

}  // namespace parley::catalog
