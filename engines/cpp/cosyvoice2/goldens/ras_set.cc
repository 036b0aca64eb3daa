// G6: repetition-aware sampling, against the official function with given uniforms.
#include <algorithm>

#include "cosyvoice2/goldens/model_sets.h"
#include "cosyvoice2/lm/ras.h"
#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

Result<Row> RunKind(const Place& place, const std::string& kind) {
  const auto read = [&](const char* what) { return ReadNpy(place.set / (kind + "_" + what + ".npy")); };
  PARLEY_TRY(const NpyArray logits, read("logits"));
  PARLEY_TRY(const NpyArray history, read("history"));
  PARLEY_TRY(const NpyArray uniforms, read("uniforms"));
  PARLEY_TRY(const NpyArray expected, read("expected"));
  const int64_t vocabulary = logits.dim(1);
  size_t differing = 0;
  for (int64_t i = 0; i < logits.dim(0); ++i) {
    const int32_t* const want = &expected.ints[i * expected.dim(1)];
    const int32_t* const past = &history.ints[i * history.dim(1)];
    const std::vector<int> tokens(past, past + want[4]);
    const RasDraw draw =
        SampleRas(std::span(logits.floats).subspan(i * vocabulary, vocabulary), tokens,
                  uniforms.floats[2 * i], uniforms.floats[2 * i + 1]);
    const bool same = draw.token == want[0] && draw.nucleus_draw == want[1] &&
                      draw.fallback == (want[2] != 0) && draw.nucleus_size == want[3];
    differing += same ? 0 : 1;
  }
  return CompareExact(kind, "token, draw, fallback, size", differing);
}

}  // namespace

Result<std::vector<Row>> RunRas(const Place& place) {
  std::vector<Row> rows;
  for (const char* kind : {"small", "full"}) {
    PARLEY_TRY(Row row, RunKind(place, kind));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
