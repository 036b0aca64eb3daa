#include "cosyvoice2/config/model_config.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "cosyvoice2/config/yaml_values.h"

namespace parley::cosyvoice2 {
namespace {

using Json = nlohmann::json;

constexpr size_t kFileBytesMax = 1 << 20;

struct Range {
  double min;
  double max;
};

bool ToNumber(const std::string& text, double& value) {
  // YAML writes 1e-06 and 1_000 alike; only the first is used in these files.
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

// Reads fields by their paths; keeps the first error.
class FieldReader {
 public:
  explicit FieldReader(const YamlValues& values) : values_(values) {}

  template <class Number>
  void Read(std::string_view path, Range range, Number& out) {
    const auto found = values_.find(path);
    if (found == values_.end()) return;
    Set(found->second, 0, path, range, out);
  }

  template <class Number>
  void ReadItem(std::string_view path, size_t index, Range range, Number& out) {
    const auto found = values_.find(path);
    if (found == values_.end()) return;
    Set(found->second, index, path, range, out);
  }

  // A field, or all items of a list, that can have one value only.
  void Demand(std::string_view path, const std::vector<double>& wanted) {
    const auto found = values_.find(path);
    if (found == values_.end() || !status_) return;
    bool same = found->second.items.size() == wanted.size();
    for (size_t i = 0; same && i < wanted.size(); ++i) {
      double value = 0;
      same = ToNumber(found->second.items[i], value) && value == wanted[i];
    }
    if (same) return;
    status_ = Fail(Code::kUnimplemented,
                   fmt::format("line {}: '{}' is {}, and this engine runs only models where it is "
                               "{}",
                               found->second.line, path, fmt::join(found->second.items, ", "),
                               fmt::join(wanted, ", ")));
  }

  const Status& status() const { return status_; }

 private:
  template <class Number>
  void Set(const YamlValue& value, size_t index, std::string_view path, Range range, Number& out) {
    double number = 0;
    const bool good = index < value.items.size() && ToNumber(value.items[index], number) &&
                      number >= range.min && number <= range.max &&
                      static_cast<double>(static_cast<Number>(number)) == number;
    if (good) {
      out = static_cast<Number>(number);
    } else if (status_) {
      status_ =
          Fail(Code::kDataLoss,
               fmt::format("line {}: '{}' is '{}', but a number from {} to {} belongs here",
                           value.line, path, fmt::join(value.items, ", "), range.min, range.max));
    }
  }

  const YamlValues& values_;
  Status status_;
};

constexpr Range kCount{1, 1e6};
constexpr Range kShare{0, 1};
constexpr Range kAny{-1e9, 1e9};

void ReadLlm(FieldReader& reader, LlmConfig& llm) {
  reader.Read("llm.speech_token_size", kCount, llm.speech_tokens);
  reader.ReadItem("llm.mix_ratio", 0, kCount, llm.mix_text);
  reader.ReadItem("llm.mix_ratio", 1, kCount, llm.mix_speech);
  reader.Read("llm.sampling.top_p", kShare, llm.top_p);
  reader.Read("llm.sampling.top_k", kCount, llm.top_k);
  reader.Read("llm.sampling.win_size", kCount, llm.repeat_window);
  reader.Read("llm.sampling.tau_r", kShare, llm.repeat_share);
  // Not in the official file: what its code takes as arguments.
  reader.Read("min_token_text_ratio", {0, 1000}, llm.min_token_text_ratio);
  reader.Read("max_token_text_ratio", {1, 1000}, llm.max_token_text_ratio);
}

void ReadFlow(FieldReader& reader, FlowConfigValues& flow) {
  reader.Read("token_frame_rate", kCount, flow.token_rate_hz);
  reader.Read("token_mel_ratio", kCount, flow.token_mel_ratio);
  reader.Read("chunk_size", kCount, flow.chunk_tokens);
  reader.Read("flow.pre_lookahead_len", kCount, flow.lookahead_tokens);
  const std::string decoder = "flow.decoder.";
  reader.Read(decoder + "cfm_params.content.inference_cfg_rate", {0, 100}, flow.guidance);
  reader.Read(decoder + "estimator.num_heads", kCount, flow.estimator_heads);
  reader.Read(decoder + "estimator.attention_head_dim", kCount, flow.estimator_head_dim);
  reader.Demand("token_frame_rate", {25});
  reader.Demand("token_mel_ratio", {2});
  reader.Demand("chunk_size", {25});
  reader.Demand("flow.pre_lookahead_len", {3});
  reader.Demand("spk_embed_dim", {192});
}

void ReadHift(FieldReader& reader, HiftConfigValues& hift) {
  reader.Read("sample_rate", kCount, hift.sample_rate_hz);
  reader.Read("hift.nb_harmonics", kCount, hift.harmonics);
  reader.Read("hift.nsf_alpha", kAny, hift.sine_amplitude);
  reader.Read("hift.nsf_sigma", kAny, hift.noise_deviation);
  reader.Read("hift.nsf_voiced_threshold", kAny, hift.voiced_above_hz);
  reader.Read("hift.lrelu_slope", kShare, hift.leaky_slope);
  reader.Read("hift.audio_limit", kShare, hift.limit);
  reader.Demand("sample_rate", {24'000});
  reader.Demand("hift.nb_harmonics", {8});
  reader.Demand("hift.upsample_rates", {8, 5, 3});
  reader.Demand("hift.upsample_kernel_sizes", {16, 11, 7});
  reader.Demand("hift.istft_params.n_fft", {16});
  reader.Demand("hift.istft_params.hop_len", {4});
  reader.Demand("hift.resblock_kernel_sizes", {3, 7, 11});
  reader.Demand("hift.source_resblock_kernel_sizes", {7, 7, 11});
}

Status ReadQwen(std::string_view text, LlmConfig& llm) {
  if (text.empty()) return {};
  try {
    const Json json = Json::parse(text);
    llm.heads = json.value("num_attention_heads", llm.heads);
    llm.kv_heads = json.value("num_key_value_heads", llm.kv_heads);
    llm.rope_theta = json.value("rope_theta", llm.rope_theta);
    llm.rms_eps = json.value("rms_norm_eps", llm.rms_eps);
  } catch (const Json::exception& exception) {
    return Fail(Code::kDataLoss, fmt::format("config.json is broken: {}", exception.what()));
  }
  const bool good = llm.kv_heads >= 1 && llm.heads >= llm.kv_heads && llm.heads <= 1024 &&
                    llm.heads % llm.kv_heads == 0 && llm.rope_theta > 1 && llm.rms_eps > 0 &&
                    llm.rms_eps < 1;
  if (good) return {};
  return Fail(Code::kDataLoss,
              fmt::format("config.json says {} heads, {} for keys, rope_theta {}, rms_norm_eps {}, "
                          "which cannot be",
                          llm.heads, llm.kv_heads, llm.rope_theta, llm.rms_eps));
}

// The first file that is there; empty if none is.
Result<std::string> ReadFirst(const std::vector<std::filesystem::path>& paths) {
  for (const auto& path : paths) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return ReadFile(path, kFileBytesMax);
  }
  return std::string();
}

}  // namespace

Result<ModelConfig> ReadModelConfig(std::string_view yaml, std::string_view qwen_json) {
  auto values = ReadYamlValues(yaml);
  if (!values) {
    return Fail(values.error().code,
                fmt::format("the model's YAML is broken: {}", values.error().message));
  }
  ModelConfig config;
  FieldReader reader(*values);
  ReadLlm(reader, config.llm);
  ReadFlow(reader, config.flow);
  ReadHift(reader, config.hift);
  if (!reader.status()) {
    return Fail(reader.status().error().code,
                fmt::format("the model's YAML, {}", reader.status().error().message));
  }
  PARLEY_TRY_STATUS(ReadQwen(qwen_json, config.llm));
  return config;
}

Result<ModelConfig> LoadModelConfig(const std::filesystem::path& folder) {
  PARLEY_TRY(const std::string yaml,
             ReadFirst({folder / "cosyvoice2.yaml", folder / "cosyvoice.yaml"}));
  PARLEY_TRY(const std::string qwen, ReadFirst({folder / "CosyVoice-BlankEN" / "config.json"}));
  auto config = ReadModelConfig(yaml, qwen);
  if (!config) {
    return Fail(config.error().code,
                fmt::format("'{}': {}", folder.string(), config.error().message));
  }
  return config;
}

}  // namespace parley::cosyvoice2
