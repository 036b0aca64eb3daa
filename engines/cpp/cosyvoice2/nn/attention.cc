#include "cosyvoice2/nn/attention.h"

#include <ggml-cpu.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "cosyvoice2/nn/gemm.h"
#include "cosyvoice2/nn/kernels.h"

namespace parley::cosyvoice2::nn {
namespace {

constexpr int64_t kQueriesAtOnce = 64;

// What a thread computes in; it keeps its size from one node to the next.
struct Scratch {
  std::vector<float> keys;  // of one head, where the cache is not float32
  std::vector<float> values;
  std::vector<float> queries;  // in panels
  std::vector<float> scores;   // [keys][queries]
  std::vector<float> places;   // [distances][queries]
  std::vector<float> inverse;
};
Scratch& ThreadScratch() {
  static thread_local Scratch scratch;
  return scratch;
}
float* Room(std::vector<float>& vector, int64_t size) {
  if (static_cast<int64_t>(vector.size()) < size) vector.resize(static_cast<size_t>(size));
  return vector.data();
}

// Rows of one head as float: `count` of them, `stride` floats apart.
struct HeadRows {
  const float* keys;
  const float* values;
  int64_t count;
  int64_t stride;
};

void FromFloat(ggml_type type, const float* from, uint8_t* to, int64_t n) {
  if (type == GGML_TYPE_F32) {
    std::memcpy(to, from, n * sizeof(float));
  } else if (type == GGML_TYPE_F16) {
    ggml_cpu_fp32_to_fp16(from, reinterpret_cast<ggml_fp16_t*>(to), n);
  } else {
    ggml_get_type_traits_cpu(type)->from_float(from, to, n);
  }
}

class Attention {
 public:
  Attention(const AttentionSpec& spec, const ggml_tensor* qkv, ggml_tensor* out)
      : spec_(spec),
        width_(spec.heads * spec.dim),
        frames_(qkv->ne[1]),
        qkv_(static_cast<const float*>(qkv->data)),
        out_(static_cast<float*>(out->data)) {}

  // Keys and values of the new frames, to where they are kept.
  void Keep(int ith, int nth) const {
    const size_t row_bytes = KvRowBytes(spec_.kv_type, spec_.heads, spec_.dim);
    for (size_t sequence = 0; sequence < spec_.kept.size(); ++sequence) {
      int64_t frame = 0;
      for (const KvRows& part : spec_.kept[sequence]) {
        for (int64_t row = 0; row < part.count; ++row, ++frame) {
          if (frame % nth != ith) continue;
          FromFloat(spec_.kv_type, Qkv(sequence, frame) + width_, part.rows + row * row_bytes,
                    2 * width_);
        }
      }
    }
  }

  void Run(int ith, int nth, int64_t batch) const {
    const int64_t units = batch * spec_.heads;
    for (int64_t unit = units * ith / nth; unit < units * (ith + 1) / nth; ++unit) {
      RunHead(unit / spec_.heads, unit % spec_.heads);
    }
  }

 private:
  const float* Qkv(int64_t sequence, int64_t frame) const {
    return qkv_ + (sequence * frames_ + frame) * 3 * width_;
  }

  std::vector<HeadRows> Gather(int64_t sequence, int64_t head) const {
    std::vector<KvRows> parts;
    if (!spec_.past.empty()) parts = spec_.past[sequence];
    if (!spec_.kept.empty()) {
      parts.insert(parts.end(), spec_.kept[sequence].begin(), spec_.kept[sequence].end());
    }
    std::vector<HeadRows> rows =
        spec_.kv_type == GGML_TYPE_F32 ? Point(parts, head) : Convert(parts, head);
    if (spec_.kept.empty()) {
      const float* const own = Qkv(sequence, 0) + head * spec_.dim;
      rows.push_back({own + width_, own + 2 * width_, frames_, 3 * width_});
    }
    return rows;
  }

  std::vector<HeadRows> Point(const std::vector<KvRows>& parts, int64_t head) const {
    std::vector<HeadRows> rows;
    for (const KvRows& part : parts) {
      const float* const first = reinterpret_cast<const float*>(part.rows) + head * spec_.dim;
      rows.push_back({first, first + width_, part.count, 2 * width_});
    }
    return rows;
  }

  std::vector<HeadRows> Convert(const std::vector<KvRows>& parts, int64_t head) const {
    int64_t count = 0;
    for (const KvRows& part : parts) count += part.count;
    Scratch& scratch = ThreadScratch();
    float* keys = Room(scratch.keys, count * spec_.dim);
    float* values = Room(scratch.values, count * spec_.dim);
    const HeadRows all = {keys, values, count, spec_.dim};
    const size_t row_bytes = KvRowBytes(spec_.kv_type, spec_.heads, spec_.dim);
    const size_t from_head = ggml_row_size(spec_.kv_type, head * spec_.dim);
    for (const KvRows& part : parts) {
      ToFloats(part.rows + from_head, row_bytes, part.count, keys);
      ToFloats(part.rows + from_head + row_bytes / 2, row_bytes, part.count, values);
      keys += part.count * spec_.dim;
      values += part.count * spec_.dim;
    }
    return {all};
  }

  // One head of `count` rows that are `stride` bytes apart.
  void ToFloats(const uint8_t* from, size_t stride, int64_t count, float* to) const {
    const auto bytes = static_cast<int64_t>(stride);
    if (spec_.kv_type == GGML_TYPE_F16 && kernels::HalfRows(from, bytes, count, spec_.dim, to))
      return;
    const auto to_float = ggml_get_type_traits(spec_.kv_type)->to_float;
    for (int64_t row = 0; row < count; ++row) {
      to_float(from + row * bytes, to + row * spec_.dim, spec_.dim);
    }
  }

  void RunHead(int64_t sequence, int64_t head) const {
    const std::vector<HeadRows> rows = Gather(sequence, head);
    int64_t keys = 0;
    for (const HeadRows& part : rows) keys += part.count;
    // Frames of one chunk see the same keys.
    for (int64_t query = 0; query < frames_;) {
      int64_t end = std::min(frames_, query + kQueriesAtOnce);
      int64_t seen = keys;
      if (spec_.chunk > 0) {
        const int64_t place = spec_.first_place + keys - frames_ + query;
        const int64_t chunk_end = (place / spec_.chunk + 1) * spec_.chunk;
        end = std::min(end, query + chunk_end - place);
        seen = std::min(keys, chunk_end - spec_.first_place);
      }
      RunQueries(sequence, head, query, end - query, rows, seen);
      query = end;
    }
  }

  // Queries `first` … of one head in panels, with the bias added.
  float* Panels(int64_t sequence, int64_t head, int64_t first, int64_t count,
                const ggml_tensor* bias) const {
    const int64_t size = (count + kPanel - 1) / kPanel * spec_.dim * kPanel;
    float* const queries = Room(ThreadScratch().queries, size);
    std::memset(queries, 0, size * sizeof(float));
    for (int64_t i = 0; i < count; ++i) {
      const float* const q = Qkv(sequence, first + i) + head * spec_.dim;
      float* const panel = queries + i / kPanel * spec_.dim * kPanel + i % kPanel;
      for (int64_t d = 0; d < spec_.dim; ++d) panel[d * kPanel] = q[d];
      if (bias == nullptr) continue;
      const float* const added = static_cast<const float*>(bias->data) + head * spec_.dim;
      for (int64_t d = 0; d < spec_.dim; ++d) panel[d * kPanel] += added[d];
    }
    return queries;
  }

  void RunQueries(int64_t sequence, int64_t head, int64_t first, int64_t count,
                  const std::vector<HeadRows>& rows, int64_t seen) const {
    Scratch& scratch = ThreadScratch();
    const int64_t panels = (count + kPanel - 1) / kPanel;
    const int64_t wide = panels * kPanel;
    float* const scores = Room(scratch.scores, seen * wide);
    std::memset(scores, 0, seen * wide * sizeof(float));
    PanelTask task = {.depth = spec_.dim,
                      .panels = Panels(sequence, head, first, count, spec_.content_bias),
                      .panel_count = panels,
                      .panel_stride = spec_.dim * kPanel,
                      .y_stride = wide};
    ForParts(rows, seen, [&](const HeadRows& part, int64_t before, int64_t used) {
      task.x = part.keys;
      task.rows = used;
      task.x_stride = part.stride;
      task.y = scores + before * wide;
      RunPanels(task);
    });
    if (spec_.place_keys != nullptr) AddPlaces(sequence, head, first, count, seen, scores, wide);
    float* const inverse = Room(scratch.inverse, wide);
    kernels::ColumnSoftmax(scores, seen, wide, 1.0f / std::sqrt(static_cast<float>(spec_.dim)),
                           inverse);
    Mix(sequence, head, first, count, rows, seen, scores, wide);
  }

  // What distance adds to the scores.
  void AddPlaces(int64_t sequence, int64_t head, int64_t first, int64_t count, int64_t seen,
                 float* scores, int64_t wide) const {
    // Row n of place_keys is for distance keys − 1 − n; query `first + i` to key j is row
    // frames − 1 − first − i + j.
    const int64_t low = frames_ - first - count;
    const int64_t distances = seen + count - 1;
    float* const places = Room(ThreadScratch().places, distances * wide);
    std::memset(places, 0, distances * wide * sizeof(float));
    const PanelTask task = {
        .x = static_cast<const float*>(spec_.place_keys->data) + low * width_ + head * spec_.dim,
        .rows = distances,
        .x_stride = width_,
        .depth = spec_.dim,
        .panels = Panels(sequence, head, first, count, spec_.place_bias),
        .panel_count = wide / kPanel,
        .panel_stride = spec_.dim * kPanel,
        .y = places,
        .y_stride = wide};
    RunPanels(task);
    for (int64_t j = 0; j < seen; ++j) {
      for (int64_t i = 0; i < count; ++i) {
        scores[j * wide + i] += places[(count - 1 - i + j) * wide + i];
      }
    }
  }

  // The values by their weights.
  void Mix(int64_t sequence, int64_t head, int64_t first, int64_t count,
           const std::vector<HeadRows>& rows, int64_t seen, const float* scores,
           int64_t wide) const {
    float* const out = out_ + (sequence * frames_ + first) * width_ + head * spec_.dim;
    for (int64_t i = 0; i < count; ++i) std::memset(out + i * width_, 0, spec_.dim * sizeof(float));
    PanelTask task = {.rows = count,
                      .x_stride = 1,
                      .x_step = wide,
                      .panel_count = spec_.dim / kPanel,
                      .panel_stride = kPanel,
                      .y = out,
                      .y_stride = width_};
    ForParts(rows, seen, [&](const HeadRows& part, int64_t before, int64_t used) {
      task.x = scores + before * wide;
      task.depth = used;
      task.panels = part.values;
      task.row_stride = part.stride;
      RunPanels(task);
    });
    const float* const inverse = ThreadScratch().inverse.data();
    for (int64_t i = 0; i < count; ++i) kernels::Scale(out + i * width_, inverse[i], spec_.dim);
  }

  template <class Fn>
  static void ForParts(const std::vector<HeadRows>& rows, int64_t seen, Fn run) {
    int64_t before = 0;
    for (const HeadRows& part : rows) {
      const int64_t used = std::min(part.count, seen - before);
      if (used <= 0) return;
      run(part, before, used);
      before += used;
    }
  }

  const AttentionSpec& spec_;
  const int64_t width_;
  const int64_t frames_;
  const float* const qkv_;
  float* const out_;
};

const AttentionSpec& SpecOf(void* userdata) { return *static_cast<const AttentionSpec*>(userdata); }

}  // namespace

size_t KvRowBytes(ggml_type type, int64_t heads, int64_t dim) {
  return 2 * ggml_row_size(type, heads * dim);
}

Tensor AttendPaged(Graph& graph, Tensor qkv, AttentionSpec spec) {
  PARLEY_CHECK(ggml_is_contiguous(qkv) && qkv->ne[0] == 3 * spec.heads * spec.dim);
  PARLEY_CHECK(spec.dim % kPanel == 0 && spec.dim % ggml_blck_size(spec.kv_type) == 0);
  AttentionSpec* const kept = graph.Keep(std::move(spec));
  Tensor ready = qkv;
  if (!kept->kept.empty()) {
    ready = ggml_map_custom1_inplace(
        graph.ctx(), qkv,
        [](ggml_tensor* to, const ggml_tensor* from, int ith, int nth, void* userdata) {
          Attention(SpecOf(userdata), from, to).Keep(ith, nth);
        },
        GGML_N_TASKS_MAX, kept);
  }
  Tensor args[] = {ready, kept->place_keys};
  return ggml_custom_4d(
      graph.ctx(), GGML_TYPE_F32, kept->heads * kept->dim, qkv->ne[1], qkv->ne[2], 1, args,
      kept->place_keys == nullptr ? 1 : 2,
      [](ggml_tensor* to, int ith, int nth, void* userdata) {
        Attention(SpecOf(userdata), to->src[0], to).Run(ith, nth, to->ne[2]);
      },
      GGML_N_TASKS_MAX, kept);
}

}  // namespace parley::cosyvoice2::nn
