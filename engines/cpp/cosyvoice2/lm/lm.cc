#include "cosyvoice2/lm/lm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "cosyvoice2/profile/profile.h"

namespace parley::cosyvoice2 {
namespace {

using nn::Graph;
using nn::Tensor;

constexpr int64_t kAny = -1;
constexpr int64_t kCapacityStep = 256;

std::string LayerPrefix(int64_t index) { return fmt::format("llm.model.model.layers.{}.", index); }

int64_t CountLayers(const Weights& weights) {
  const std::vector<std::string> names = weights.names();
  int64_t count = 0;
  const auto is_there = [&](int64_t index) {
    const std::string name = LayerPrefix(index) + "input_layernorm.weight";
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  while (is_there(count)) ++count;
  return count;
}

int64_t Dim(const Weights& weights, const std::string& name, size_t axis) {
  const std::vector<int64_t> any = {kAny, kAny};
  const auto view = weights.Get(name, any);
  return view ? view->shape[axis] : 0;
}

// Row `row` of a table of any type as float.
void ReadRow(const ggml_tensor* table, int64_t row, float* to) {
  const char* from = static_cast<const char*>(table->data) + row * table->nb[1];
  if (table->type == GGML_TYPE_F32) {
    std::memcpy(to, from, table->ne[0] * sizeof(float));
    return;
  }
  ggml_get_type_traits(table->type)->to_float(from, to, table->ne[0]);
}

}  // namespace

std::vector<float> LmState::Read(Tensor tensor) const {
  const int64_t width = tensor->ne[0];
  std::vector<float> row(static_cast<size_t>(width));
  std::vector<float> out(static_cast<size_t>(width * length_));
  for (int64_t i = 0; i < length_; ++i) {
    ReadRow(tensor, i, row.data());
    for (int64_t j = 0; j < width; ++j) {
      out[(j / head_dim_ * length_ + i) * head_dim_ + j % head_dim_] = row[j];
    }
  }
  return out;
}

Lm::Lm(const Weights& weights, const LmConfig& config)
    : config_(config), store_(weights, config.matrix_type, config.kept) {
  Declare(weights);
}

Result<std::unique_ptr<Lm>> Lm::Create(const Weights& weights, const LmConfig& config) {
  std::unique_ptr<Lm> lm(new Lm(weights, config));
  if (lm->layers_.empty()) {
    return Fail(Code::kInvalidArgument,
                "the language model has no layers: llm.model.model.layers.0.input_layernorm.weight "
                "was looked for; is this llm.pt of CosyVoice 2?");
  }
  PARLEY_TRY_STATUS(lm->store_.Load());
  return lm;
}

void Lm::Declare(const Weights& weights) {
  hidden_ = Dim(weights, "llm_embedding.weight", 1);
  const std::string first = LayerPrefix(0);
  heads_ = std::max<int64_t>(1, config_.heads);
  head_dim_ = std::max<int64_t>(1, Dim(weights, first + "self_attn.q_proj.weight", 0) / heads_);
  kv_heads_ = Dim(weights, first + "self_attn.k_proj.weight", 0) / head_dim_;
  ffn_ = Dim(weights, first + "mlp.gate_proj.weight", 0);
  const int64_t text = Dim(weights, "llm.model.model.embed_tokens.weight", 0);
  const int64_t speech = Dim(weights, "llm_decoder.weight", 0);

  const TensorView& embedding = store_.Get("llm.model.model.embed_tokens.weight", {text, hidden_});
  // Rows are read one by one and never multiplied: half precision costs nothing but accuracy.
  const ggml_type type = config_.matrix_type == GGML_TYPE_F32 ? GGML_TYPE_F32 : GGML_TYPE_F16;
  text_embedding_ = store_.Add(type, hidden_, text, [&embedding](std::span<float> to) {
    std::copy_n(embedding.data, to.size(), to.data());
  });
  speech_embedding_ = store_.Table("speech_embedding.weight", speech, hidden_);
  marks_embedding_ = store_.Table("llm_embedding.weight", 2, hidden_);
  layers_.resize(static_cast<size_t>(CountLayers(weights)));
  for (size_t i = 0; i < layers_.size(); ++i) DeclareLayer(static_cast<int>(i));
  final_norm_ = store_.Vector("llm.model.model.norm.weight", hidden_);
  head_ = store_.MakeDense({{"llm_decoder", speech}}, hidden_);
}

void Lm::DeclareLayer(int index) {
  Layer& layer = layers_[index];
  const std::string prefix = LayerPrefix(index);
  const std::string attention = prefix + "self_attn.";
  const int64_t q = heads_ * head_dim_;
  const int64_t kv = kv_heads_ * head_dim_;
  layer.input_norm = store_.Vector(prefix + "input_layernorm.weight", hidden_);
  layer.qkv = store_.MakeDense(
      {{attention + "q_proj", q}, {attention + "k_proj", kv}, {attention + "v_proj", kv}}, hidden_);
  layer.output = store_.MakeDense({{attention + "o_proj", hidden_}}, q, false);
  layer.post_norm = store_.Vector(prefix + "post_attention_layernorm.weight", hidden_);
  layer.gate_up = store_.MakeDense(
      {{prefix + "mlp.gate_proj", ffn_}, {prefix + "mlp.up_proj", ffn_}}, hidden_, false);
  layer.down = store_.MakeDense({{prefix + "mlp.down_proj", hidden_}}, ffn_, false);
}

Result<std::vector<float>> Lm::Embed(std::span<const Symbol> symbols) const {
  std::vector<float> rows(symbols.size() * static_cast<size_t>(hidden_));
  for (size_t i = 0; i < symbols.size(); ++i) {
    const ggml_tensor* table = marks_embedding_;
    int64_t row = symbols[i].kind == Symbol::Kind::kTaskId ? 1 : 0;
    if (symbols[i].kind == Symbol::Kind::kText || symbols[i].kind == Symbol::Kind::kSpeech) {
      const bool text = symbols[i].kind == Symbol::Kind::kText;
      table = text ? text_embedding_ : speech_embedding_;
      row = symbols[i].id;
      if (row < 0 || row >= table->ne[1]) {
        return Fail(Code::kInvalidArgument,
                    fmt::format("{} token {} is none of the model's {}", text ? "text" : "speech",
                                row, table->ne[1]));
      }
    }
    ReadRow(table, row, &rows[i * hidden_]);
  }
  return rows;
}

Status Lm::Reserve(LmState& state, int64_t symbols) const {
  if (symbols <= state.capacity_) return {};
  const int64_t capacity = (std::max(symbols, state.capacity_ * 3 / 2) + kCapacityStep - 1) /
                           kCapacityStep * kCapacityStep;
  LmState grown;
  grown.head_dim_ = head_dim_;
  grown.length_ = state.length_;
  grown.capacity_ = capacity;
  const size_t tensors = 2 * layers_.size();
  grown.context_.reset(ggml_init(
      {.mem_size = tensors * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
  for (size_t i = 0; i < tensors; ++i) {
    (i % 2 == 0 ? grown.keys_ : grown.values_)
        .push_back(ggml_new_tensor_2d(grown.context_.get(), config_.cache_type,
                                      kv_heads_ * head_dim_, capacity));
  }
  PARLEY_TRY(grown.buffer_, nn::AllocateTensors(grown.context_.get(),
                                                "keys and values of the "
                                                "language model"));
  for (size_t i = 0; i < layers_.size() && state.length_ > 0; ++i) {
    const size_t bytes = state.length_ * state.keys_[i]->nb[1];
    std::memcpy(grown.keys_[i]->data, state.keys_[i]->data, bytes);
    std::memcpy(grown.values_[i]->data, state.values_[i]->data, bytes);
  }
  state = std::move(grown);
  return {};
}

// Rows [from, from + count) of a pass, which go on with one sequence.
struct Lm::Part {
  const LmState* state;
  int64_t from;
  int64_t count;
  Tensor mask;  // [length, count], F16; null for one symbol
};

struct Lm::Pass {
  Graph& graph;
  std::span<const Part> parts;
  int64_t count;     // symbols read now
  Tensor positions;  // of them
};

Tensor Lm::RmsNorm(Graph& graph, Tensor weight, Tensor x) const {
  return ggml_mul(graph.ctx(), ggml_rms_norm(graph.ctx(), x, config_.rms_eps), weight);
}

Tensor Lm::Attend(const Pass& pass, int index, Tensor qkv) const {
  ggml_context* ctx = pass.graph.ctx();
  const int64_t dim = head_dim_;
  const auto part = [&](int64_t from, int64_t heads) {
    return ggml_view_3d(ctx, qkv, dim, heads, pass.count, dim * sizeof(float), qkv->nb[1],
                        from * dim * sizeof(float));
  };
  const auto rope = [&](Tensor x) {
    return ggml_rope_ext(ctx, ggml_cont(ctx, x), pass.positions, nullptr, static_cast<int>(dim),
                         GGML_ROPE_TYPE_NEOX, 0, config_.rope_theta, 1, 0, 1, 0, 0);
  };
  Tensor q = rope(part(0, heads_));
  Tensor k = rope(part(heads_, kv_heads_));
  Tensor v = ggml_cont(ctx, part(heads_ + kv_heads_, kv_heads_));
  Tensor all = nullptr;
  for (const Part& one : pass.parts) {
    Tensor out = AttendPart(pass, one, index, q, k, v);
    all = all == nullptr ? out : ggml_concat(ctx, all, out, 1);
  }
  return all;
}

Tensor Lm::AttendPart(const Pass& pass, const Part& part, int index, Tensor q, Tensor k,
                      Tensor v) const {
  ggml_context* ctx = pass.graph.ctx();
  const int64_t dim = head_dim_;
  const LmState& state = *part.state;
  const auto rows = [&](Tensor x) {
    return ggml_view_3d(ctx, x, dim, x->ne[1], part.count, x->nb[1], x->nb[2],
                        static_cast<size_t>(part.from) * x->nb[2]);
  };
  const auto keep = [&](Tensor x, Tensor cache) {
    Tensor flat = ggml_reshape_2d(ctx, rows(x), kv_heads_ * dim, part.count);
    pass.graph.Store(flat, ggml_view_2d(ctx, cache, kv_heads_ * dim, part.count, cache->nb[1],
                                        state.length_ * cache->nb[1]));
  };
  Tensor keys = state.keys_[index];
  Tensor values = state.values_[index];
  keep(k, keys);
  keep(v, values);
  const auto all = [&](Tensor cache) {
    return ggml_view_3d(ctx, cache, dim, state.length_ + part.count, kv_heads_, cache->nb[1],
                        dim * ggml_type_size(cache->type), 0);
  };
  Tensor query = rows(q);
  // ggml sums over the keys of a single query in as many parts as there are threads; of two, of
  // which one is idle, it does not.
  if (part.count == 1) query = ggml_pad_ext(ctx, query, 0, 0, 0, 0, 0, 1, 0, 0);
  Tensor out =
      ggml_flash_attn_ext(ctx, ggml_permute(ctx, query, 0, 2, 1, 3), all(keys), all(values),
                          part.mask, 1.0f / std::sqrt(static_cast<float>(dim)), 0, 0);
  ggml_flash_attn_ext_set_prec(out, GGML_PREC_F32);
  return ggml_view_2d(ctx, out, heads_ * dim, part.count, heads_ * dim * sizeof(float), 0);
}

Tensor Lm::RunLayer(const Pass& pass, int index, Tensor x) const {
  const Layer& layer = layers_[index];
  Graph& graph = pass.graph;
  Tensor qkv = nn::Convolve(graph, layer.qkv, RmsNorm(graph, layer.input_norm, x));
  x = nn::Convolve(graph, layer.output, Attend(pass, index, qkv), {.residual = x});
  Tensor gate_up = nn::Convolve(graph, layer.gate_up, RmsNorm(graph, layer.post_norm, x));
  return nn::Convolve(graph, layer.down, ggml_swiglu(graph.ctx(), gate_up), {.residual = x});
}

Result<std::vector<float>> Lm::Forward(nn::Executor& executor, LmState& state,
                                       std::span<const Symbol> symbols, nn::Taps* taps) const {
  const auto count = static_cast<int64_t>(symbols.size());
  const profile::Span span("lm", count);
  PARLEY_TRY(const std::vector<float> rows, Embed(symbols));
  PARLEY_TRY_STATUS(Reserve(state, state.length_ + count));
  Graph graph(taps);
  std::vector<int32_t> positions(symbols.size());
  for (int64_t i = 0; i < count; ++i) positions[i] = static_cast<int32_t>(state.length_ + i);
  Part part = {&state, 0, count, nullptr};
  if (count > 1) {
    const int64_t length = state.length_ + count;
    std::vector<float> mask(static_cast<size_t>(length * count), 0.0f);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = state.length_ + i + 1; j < length; ++j) {
        mask[i * length + j] = -std::numeric_limits<float>::infinity();
      }
    }
    part.mask =
        ggml_cast(graph.ctx(), graph.OwnedInput(std::move(mask), length, count), GGML_TYPE_F16);
  }
  const Pass pass = {graph, std::span(&part, 1), count,
                     graph.Input(std::span<const int32_t>(positions))};
  Tensor x = graph.Input(rows, hidden_, count);
  for (size_t i = 0; i < layers_.size(); ++i) x = RunLayer(pass, static_cast<int>(i), x);
  if (graph.tapped()) {
    x = RmsNorm(graph, final_norm_, x);
    graph.Tap("hidden", x);
    graph.Tap("logits", nn::Convolve(graph, head_, x));
    x = nn::Frames(graph, x, count - 1, 1);
  } else {
    x = RmsNorm(graph, final_norm_, nn::Frames(graph, x, count - 1, 1));
  }
  std::vector<float> logits;
  graph.Output(nn::Convolve(graph, head_, x), &logits);
  PARLEY_TRY_STATUS(executor.Run(graph));
  state.length_ += count;
  return logits;
}

bool Lm::batches_exactly() const {
  return config_.matrix_type == GGML_TYPE_F32 || config_.matrix_type == GGML_TYPE_Q8_0;
}

Result<std::vector<std::vector<float>>> Lm::ForwardEach(nn::Executor& executor,
                                                        std::span<const Step> steps) const {
  const auto count = static_cast<int64_t>(steps.size());
  const profile::Span span("lm", count);
  std::vector<Symbol> symbols;
  std::vector<int32_t> positions;
  std::vector<Part> parts;
  for (const Step& step : steps) {
    PARLEY_TRY_STATUS(Reserve(*step.state, step.state->length_ + 1));
    parts.push_back({step.state, static_cast<int64_t>(parts.size()), 1, nullptr});
    positions.push_back(static_cast<int32_t>(step.state->length_));
    symbols.push_back(step.symbol);
  }
  PARLEY_TRY(const std::vector<float> rows, Embed(symbols));
  Graph graph;
  const Pass pass = {graph, parts, count, graph.Input(std::span<const int32_t>(positions))};
  Tensor x = graph.Input(rows, hidden_, count);
  for (size_t i = 0; i < layers_.size(); ++i) x = RunLayer(pass, static_cast<int>(i), x);
  std::vector<float> all;
  graph.Output(nn::Convolve(graph, head_, RmsNorm(graph, final_norm_, x)), &all);
  PARLEY_TRY_STATUS(executor.Run(graph));
  std::vector<std::vector<float>> logits;
  const int64_t width = head_.out;
  for (const Step& step : steps) {
    const auto row = all.begin() + static_cast<int64_t>(logits.size()) * width;
    logits.emplace_back(row, row + width);
    ++step.state->length_;
  }
  return logits;
}

}  // namespace parley::cosyvoice2
