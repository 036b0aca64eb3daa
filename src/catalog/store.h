// The models of this machine: puts them there, looks whether they are whole, takes them away.
//
// A pull fetches each file from the first of its sources that answers, verifies its hash, and only
// then puts the finished folder in place by one rename, so that a model is there or not there,
// never half. What was fetched stays in `models_dir`/.partial until then, and a later pull goes on
// from it. A file with a wrong hash is kept aside in `models_dir`/.refused and never used.
//
// One sequence; a lock file keeps two processes apart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "catalog/internal/http_download.h"
#include "catalog/internal/packages.h"
#include "catalog/pack.h"
#include "catalog/progress.h"

namespace parley::catalog {

// What `Verify` saw of one file.
struct FileCheck {
  std::string name;
  bool good = false;
  std::string problem;  // empty when good
};

class Store {
 public:
  struct Config {
    std::filesystem::path models_dir = DefaultModelsDir();
    // Where parley-engine-NAME is found for conversion steps.
    std::filesystem::path engines_dir;
    // Base URL for hf: sources; without it they are skipped, saying so.
    std::string hub_endpoint;
    Secret hub_token;
    internal::PackageClients clients;
    internal::HttpConfig http;
  };
  enum class Outcome { kAlreadyThere, kFetched };

  // `work` must outlive the store.
  Store(Config config, Work& work);

  // Uses no network when the model is there. kUnavailable when no source had a file, saying what
  // each said; kResourceExhausted when the disk is full; kCancelled.
  Result<Outcome> Pull(const Model& model);

  // Takes in a model of the user's: a folder or archive with a model.toml, a Piper voice (folder or
  // .onnx with .onnx.json), a CTranslate2 or ggml Whisper model, a GGUF file. `id` names it;
  // without one it is made from the file's name. kAlreadyExists when that id is taken.
  Result<Pack> Import(const std::filesystem::path& path, std::optional<std::string> id);

  // Hashes every file of the pack. kNotFound when there is no such model.
  Result<std::vector<FileCheck>> Verify(std::string_view id);

  Status Remove(std::string_view id);

  // True when the model's folder holds every file it should, by name, size and recorded hash;
  // without hashing anew.
  bool IsThere(const Model& model) const;

  const std::filesystem::path& models_dir() const { return config_.models_dir; }

 private:
  Result<std::filesystem::path> Staging(std::string_view id);
  Status CheckRoom(const Model& model, const std::filesystem::path& staging);
  Status PullFile(const File& file, const std::filesystem::path& staging);
  Status FetchFrom(const Source& source, const File& file, const std::filesystem::path& partial);
  Status FetchPart(const Part& part, const File& file, const std::filesystem::path& out);
  Status FetchHttp(const Part& part, const std::string& url, const Secret& token, const File& file,
                   const std::filesystem::path& out);
  Status AcceptOrRefuse(const File& file, const std::filesystem::path& partial);
  Status RunStep(const Step& step, const std::filesystem::path& folder);
  Status RunEngine(const std::string& engine, std::vector<std::string> args);
  Result<Pack> Describe(const Model& model, const std::filesystem::path& folder);
  Status Place(const std::filesystem::path& staging, std::string_view id);
  Result<Pack> ImportFolder(const std::filesystem::path& folder, std::optional<std::string> id);
  Result<Pack> Adopt(Pack pack, const std::vector<std::filesystem::path>& files);
  Status CopyFiles(const std::vector<std::filesystem::path>& files,
                   const std::filesystem::path& staging);

  const Config config_;
  Work& work_;
  internal::PackageCache packages_;
};

}  // namespace parley::catalog
