#include "cosyvoice2/pack/make_test_pack.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>

#include "base/file.h"
#include "cosyvoice2/goldens/gzip_file.h"
#include "cosyvoice2/pack/demo_voice.h"
#include "cosyvoice2/pack/model_files.h"
#include "cosyvoice2/pack/torch_writer.h"
#include "cosyvoice2/pack/voice_graphs.h"

namespace parley::cosyvoice2 {
namespace {

constexpr size_t kTokenizerBytesMax = 32 << 20;

// What makes a folder a pack of Parley's.
constexpr char kPackToml[] =
    "[model]\n"
    "id = \"cosyvoice2/made-up\"\n"
    "engine = \"cosyvoice2\"\n"
    "kind = \"tts\"\n"
    "license = \"CC0-1.0\"\n"
    "languages = [\"zh\", \"en\"]\n"
    "[files]\n"
    "llm = \"llm.pt\"\n"
    "flow = \"flow.pt\"\n"
    "hift = \"hift.pt\"\n";

constexpr char kUsage[] =
    "usage: parley-engine-cosyvoice2 make-test-pack --size tiny|real [--seed N]\n"
    "         [--tokenizer DIR] [--max-token-text-ratio N] DIR\n";

// `name` in `folder`, or `name`.gz.
Result<std::string> ReadPlainOrGzip(const std::filesystem::path& folder, const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / name, ignored)) {
    return ReadFile(folder / name, kTokenizerBytesMax);
  }
  return ReadGzipFile(folder / (name + ".gz"), kTokenizerBytesMax);
}

Status WriteTokenizer(const std::filesystem::path& folder, const TestPackOptions& options) {
  std::string vocabulary;
  std::string merges;
  if (options.tokenizer.empty()) {
    vocabulary = GeneratedVocabulary();
    merges = GeneratedMerges();
  } else {
    PARLEY_TRY(vocabulary, ReadPlainOrGzip(options.tokenizer, "vocab.json"));
    PARLEY_TRY(merges, ReadPlainOrGzip(options.tokenizer, "merges.txt"));
  }
  PARLEY_TRY_STATUS(WriteFileAtomically(folder / "vocab.json", vocabulary));
  PARLEY_TRY_STATUS(WriteFileAtomically(folder / "merges.txt", merges));
  PARLEY_TRY_STATUS(WriteFileAtomically(folder / "tokenizer_config.json", TokenizerConfig()));
  return WriteFileAtomically(folder / "config.json", QwenConfig(options.shape.llm));
}

struct Arguments {
  TestPackOptions options;
  std::filesystem::path folder;
  bool has_size = false;
};

template <class Number>
bool ToNumber(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// False for an unknown name, or a value that does not fit it.
bool SetOption(std::string_view name, std::string_view value, Arguments& arguments) {
  if (name == "--size") {
    arguments.has_size = true;
    arguments.options.shape = value == "tiny" ? TinyShape() : RealShape();
    return value == "tiny" || value == "real";
  }
  if (name == "--seed") return ToNumber(value, arguments.options.seed);
  if (name == "--tokenizer") {
    arguments.options.tokenizer = value;
    return true;
  }
  int64_t& ratio = arguments.options.max_token_text_ratio;
  return name == "--max-token-text-ratio" && ToNumber(value, ratio) && ratio >= 1 && ratio <= 1000;
}

std::optional<Arguments> Read(std::span<const std::string_view> given) {
  Arguments arguments;
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i].starts_with("--")) {
      if (!arguments.folder.empty()) return std::nullopt;
      arguments.folder = given[i];
      continue;
    }
    if (i + 1 == given.size() || !SetOption(given[i], given[i + 1], arguments)) return std::nullopt;
    ++i;
  }
  if (!arguments.has_size || arguments.folder.empty()) return std::nullopt;
  return arguments;
}

}  // namespace

Status MakeTestPack(const std::filesystem::path& folder, const TestPackOptions& options) {
  const std::filesystem::path blank = folder / "CosyVoice-BlankEN";
  std::error_code error;
  std::filesystem::create_directories(blank, error);
  if (error) {
    return Fail(Code::kPermissionDenied,
                fmt::format("cannot make '{}': {}", blank.string(), error.message()));
  }
  const ModelShape& shape = options.shape;
  PARLEY_TRY_STATUS(WriteTokenizer(blank, options));
  PARLEY_TRY_STATUS(WriteFileAtomically(folder / "cosyvoice2.yaml",
                                        ModelYaml(shape, options.max_token_text_ratio)));
  PARLEY_TRY_STATUS(WriteFileAtomically(folder / "campplus.onnx", SpeakerGraph(options.seed)));
  PARLEY_TRY_STATUS(
      WriteFileAtomically(folder / "speech_tokenizer_v2.onnx",
                          SpeechTokenizerGraph(options.seed, shape.flow.speech_tokens)));
  PARLEY_TRY_STATUS(WriteDemoVoice(folder, shape.flow.speech_tokens));
  PARLEY_TRY_STATUS(WriteFileAtomically(folder / "model.toml", kPackToml));
  PARLEY_TRY_STATUS(WriteTorchFile(folder / "hift.pt", HiftManifest(shape.hift), options.seed));
  PARLEY_TRY_STATUS(WriteTorchFile(folder / "flow.pt", FlowManifest(shape.flow), options.seed));
  return WriteTorchFile(folder / "llm.pt", LlmManifest(shape.llm), options.seed);
}

int RunMakeTestPackCommand(std::span<const std::string_view> given) {
  const std::optional<Arguments> arguments = Read(given);
  if (!arguments) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  if (const Status status = MakeTestPack(arguments->folder, arguments->options); !status) {
    fmt::print(stderr, "parley-engine-cosyvoice2: {}\n", status.error().message);
    return 1;
  }
  return 0;
}

}  // namespace parley::cosyvoice2
