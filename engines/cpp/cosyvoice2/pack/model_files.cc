#include "cosyvoice2/pack/model_files.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cosyvoice2/text/byte_characters.h"
#include "cosyvoice2/text/tokenizer.h"

namespace parley::cosyvoice2 {
namespace {

// Rank order; each joins what stands before it, byte by byte.
constexpr const char* kPairs[][2] = {{" ", "t"}, {"h", "e"},  {"i", "n"}, {" t", "he"}, {"o", "n"},
                                     {"r", "e"}, {" ", "a"},  {"e", "r"}, {"a", "t"},   {" ", "s"},
                                     {"o", "u"}, {"in", "g"}, {" ", "w"}, {"a", "n"},   {"e", "n"}};

constexpr char kGeneral[] = R"(sample_rate: 24000
llm_input_size: {hidden}
llm_output_size: {hidden}
spk_embed_dim: 192
qwen_pretrain_path: ''
token_frame_rate: 25
token_mel_ratio: 2
chunk_size: 25
num_decoding_left_chunks: -1
max_token_text_ratio: {max_ratio}

llm: !new:cosyvoice.llm.llm.Qwen2LM
    llm_input_size: !ref <llm_input_size>
    llm_output_size: !ref <llm_output_size>
    speech_token_size: {llm_tokens}
    length_normalized_loss: True
    lsm_weight: 0
    mix_ratio: [5, 15]
    llm: !new:cosyvoice.llm.llm.Qwen2Encoder
        pretrain_path: !ref <qwen_pretrain_path>
    sampling: !name:cosyvoice.utils.common.ras_sampling
        top_p: 0.8
        top_k: 25
        win_size: 10
        tau_r: 0.1
)";

constexpr char kFlow[] = R"(
flow: !new:cosyvoice.flow.flow.CausalMaskedDiffWithXvec
    input_size: 512
    output_size: 80
    spk_embed_dim: !ref <spk_embed_dim>
    output_type: 'mel'
    vocab_size: {flow_tokens}
    input_frame_rate: !ref <token_frame_rate>
    only_mask_loss: True
    token_mel_ratio: !ref <token_mel_ratio>
    pre_lookahead_len: 3
    encoder: !new:cosyvoice.transformer.upsample_encoder.UpsampleConformerEncoder
        output_size: 512
        attention_heads: 8
        linear_units: {linear_units}
        num_blocks: {num_blocks}
        dropout_rate: 0.1
        positional_dropout_rate: 0.1
        attention_dropout_rate: 0.1
        normalize_before: True
        input_layer: 'linear'
        pos_enc_layer_type: 'rel_pos_espnet'
        selfattention_layer_type: 'rel_selfattn'
        input_size: 512
        use_cnn_module: False
        macaron_style: False
        static_chunk_size: !ref <chunk_size>
    decoder: !new:cosyvoice.flow.flow_matching.CausalConditionalCFM
        in_channels: 240
        n_spks: 1
        spk_emb_dim: 80
        cfm_params: !new:omegaconf.DictConfig
            content:
                sigma_min: 1e-06
                solver: 'euler'
                t_scheduler: 'cosine'
                training_cfg_rate: 0.2
                inference_cfg_rate: 0.7
                reg_loss_type: 'l1'
        estimator: !new:cosyvoice.flow.decoder.CausalConditionalDecoder
            in_channels: 320
            out_channels: 80
            channels: [{channels}]
            dropout: 0.0
            attention_head_dim: {head_dim}
            n_blocks: {n_blocks}
            num_mid_blocks: {mid_blocks}
            num_heads: {num_heads}
            act_fn: 'gelu'
            static_chunk_size: !ref <chunk_size> * <token_mel_ratio>
            num_decoding_left_chunks: !ref <num_decoding_left_chunks>
)";

constexpr char kHift[] = R"(
hift: !new:cosyvoice.hifigan.generator.HiFTGenerator
    in_channels: 80
    base_channels: {base_channels}
    nb_harmonics: 8
    sampling_rate: !ref <sample_rate>
    nsf_alpha: 0.1
    nsf_sigma: 0.003
    nsf_voiced_threshold: 10
    upsample_rates: [8, 5, 3]
    upsample_kernel_sizes: [16, 11, 7]
    istft_params:
        n_fft: 16
        hop_len: 4
    resblock_kernel_sizes: [3, 7, 11]
    resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5], [1, 3, 5]]
    source_resblock_kernel_sizes: [7, 7, 11]
    source_resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5], [1, 3, 5]]
    lrelu_slope: 0.1
    audio_limit: 0.99
    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.ConvRNNF0Predictor
        num_class: 1
        in_channels: 80
        cond_channels: {f0_channels}

get_tokenizer: !name:cosyvoice.tokenizer.tokenizer.get_qwen_tokenizer
    token_path: !ref <qwen_pretrain_path>
    skip_special_tokens: True
allowed_special: 'all'
feat_extractor: !name:matcha.utils.audio.mel_spectrogram
    n_fft: 1920
    num_mels: 80
    sampling_rate: !ref <sample_rate>
    hop_size: 480
    win_size: 1920
    fmin: 0
    fmax: 8000
    center: False
)";

std::string Placeholder(size_t index) { return fmt::format("<|unused_{}|>", index); }

}  // namespace

std::string ModelYaml(const ModelShape& shape, int64_t max_token_text_ratio) {
  using fmt::arg;
  const FlowShape& flow = shape.flow;
  return fmt::format(kGeneral, arg("hidden", shape.llm.hidden),
                     arg("llm_tokens", shape.llm.speech_tokens),
                     arg("max_ratio", max_token_text_ratio)) +
         fmt::format(
             kFlow, arg("flow_tokens", flow.speech_tokens),
             arg("linear_units", flow.encoder_linear), arg("num_blocks", flow.encoder_layers),
             arg("channels", flow.estimator_channels), arg("head_dim", flow.estimator_head_dim),
             arg("n_blocks", flow.estimator_blocks), arg("mid_blocks", flow.estimator_mid_stages),
             arg("num_heads", flow.estimator_heads)) +
         fmt::format(kHift, arg("base_channels", shape.hift.base_channels),
                     arg("f0_channels", shape.hift.f0_channels));
}

std::string QwenConfig(const LlmShape& shape) {
  const nlohmann::json config = {{"architectures", {"Qwen2ForCausalLM"}},
                                 {"model_type", "qwen2"},
                                 {"hidden_act", "silu"},
                                 {"hidden_size", shape.hidden},
                                 {"intermediate_size", shape.intermediate},
                                 {"num_hidden_layers", shape.layers},
                                 {"num_attention_heads", shape.heads},
                                 {"num_key_value_heads", shape.kv_heads},
                                 {"vocab_size", shape.text_vocabulary},
                                 {"max_position_embeddings", 32'768},
                                 {"max_window_layers", shape.layers},
                                 {"sliding_window", 32'768},
                                 {"use_sliding_window", false},
                                 {"rms_norm_eps", 1e-6},
                                 {"rope_theta", 1'000'000.0},
                                 {"tie_word_embeddings", true},
                                 {"bos_token_id", 151'643},
                                 {"eos_token_id", 151'645},
                                 {"initializer_range", 0.02},
                                 {"attention_dropout", 0.0},
                                 {"torch_dtype", "float32"},
                                 {"use_cache", true}};
  return config.dump(2) + "\n";
}

std::string GeneratedVocabulary() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(ByteCharacter(static_cast<uint8_t>(byte)));
  }
  for (const auto& [left, right] : kPairs) tokens.push_back(ShowBytes(left) + ShowBytes(right));
  while (tokens.size() < Tokenizer::kBpeTokens) tokens.push_back(Placeholder(tokens.size()));
  // By hand: an ordered JSON object looks for each key among all before it.
  std::string json = "{";
  for (size_t id = 0; id < tokens.size(); ++id) {
    json += fmt::format("{}{}:{}", id == 0 ? "" : ",", nlohmann::json(tokens[id]).dump(), id);
  }
  return json + "}\n";
}

std::string GeneratedMerges() {
  std::string merges;
  for (const auto& [left, right] : kPairs) {
    merges.append(ShowBytes(left)).append(" ").append(ShowBytes(right)).append("\n");
  }
  return merges;
}

std::string TokenizerConfig() {
  nlohmann::json added = nlohmann::json::object();
  const auto control = Tokenizer::ControlTokens();
  constexpr size_t kStockTokens = 3;  // the official code adds the others itself
  for (size_t i = 0; i < kStockTokens; ++i) {
    added[std::to_string(Tokenizer::kBpeTokens + static_cast<int>(i))] = {
        {"content", control[i]}, {"lstrip", false},      {"normalized", false},
        {"rstrip", false},       {"single_word", false}, {"special", true}};
  }
  const nlohmann::json config = {{"add_prefix_space", false},
                                 {"added_tokens_decoder", added},
                                 {"additional_special_tokens", {control[1], control[2]}},
                                 {"bos_token", nullptr},
                                 {"clean_up_tokenization_spaces", false},
                                 {"eos_token", control[0]},
                                 {"errors", "replace"},
                                 {"model_max_length", 32'768},
                                 {"pad_token", control[0]},
                                 {"split_special_tokens", false},
                                 {"tokenizer_class", "Qwen2Tokenizer"},
                                 {"unk_token", nullptr}};
  return config.dump(2) + "\n";
}

}  // namespace parley::cosyvoice2
