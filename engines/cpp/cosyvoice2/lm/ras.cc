#include "cosyvoice2/lm/ras.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace parley::cosyvoice2 {
namespace {

constexpr float kNever = -1e30f;

std::vector<double> Softmax(std::span<const float> logits) {
  const float most = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p(logits.size());
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    p[i] = logits[i] <= kNever ? 0 : std::exp(static_cast<double>(logits[i]) - most);
    sum += p[i];
  }
  for (double& value : p) value /= sum;
  return p;
}

// The likeliest tokens, ties by the lower index, until they make up top_p or are top_k.
std::vector<int> Nucleus(const std::vector<double>& p, const RasRules& rules) {
  const int count = std::min(rules.top_k, static_cast<int>(p.size()));
  std::vector<int> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](int a, int b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
  double sum = 0;
  int taken = 0;
  while (taken < count && sum < rules.top_p) sum += p[order[taken++]];
  order.resize(static_cast<size_t>(taken));
  return order;
}

}  // namespace

RasDraw SampleRas(std::span<const float> logits, std::span<const int> history, double u1, double u2,
                  const RasRules& rules) {
  std::vector<double> p = Softmax(logits);
  const std::vector<int> nucleus = Nucleus(p, rules);
  RasDraw draw;
  draw.nucleus_size = static_cast<int>(nucleus.size());
  double total = 0;
  for (int token : nucleus) total += p[token];
  double sum = 0;
  draw.token = nucleus.back();
  for (int token : nucleus) {
    sum += p[token];
    if (sum > u1 * total) {
      draw.token = token;
      break;
    }
  }
  draw.nucleus_draw = draw.token;
  const auto looked_back = history.last(std::min<size_t>(history.size(), rules.window));
  const auto repeats = std::count(looked_back.begin(), looked_back.end(), draw.token);
  if (repeats <= rules.repeats_allowed) return draw;

  p[draw.token] = 0;
  const double rest = std::accumulate(p.begin(), p.end(), 0.0);
  if (rest <= 0) return draw;  // nothing else is possible
  draw.fallback = true;
  sum = 0;
  for (size_t token = 0; token < p.size(); ++token) {
    if (p[token] == 0) continue;
    sum += p[token];
    draw.token = static_cast<int>(token);
    if (sum > u2 * rest) break;
  }
  return draw;
}

}  // namespace parley::cosyvoice2
