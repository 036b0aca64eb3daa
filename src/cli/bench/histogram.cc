#include "cli/bench/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace parley::cli::bench {
namespace {

// A page of ours may be wrong, but not endless.
constexpr size_t kValuesMax = 10'000'000;

// The number at the beginning of `text`; false if there is none.
template <class Number>
bool Read(std::string_view text, Number& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
}

}  // namespace

std::vector<double> HistogramValues(std::string_view page, std::string_view name) {
  const std::string prefix = fmt::format("{}_bucket{{le=\"", name);
  std::vector<double> values;
  double bound = 0;
  for (size_t at = page.find(prefix); at != std::string_view::npos; at = page.find(prefix, at)) {
    at += prefix.size();
    const std::string_view rest = page.substr(at, page.find('\n', at) - at);
    const size_t gap = rest.find("\"} ");
    if (gap == std::string_view::npos) return {};
    double upper = 0;
    if (!Read(rest, upper)) upper = 2 * bound;  // "+Inf"
    double upto = 0;                            // counts are cumulative
    if (!Read(rest.substr(gap + 3), upto) || upto > kValuesMax) return {};
    values.resize(std::max(values.size(), static_cast<size_t>(upto)), upper);
    bound = upper;
  }
  return values;
}

}  // namespace parley::cli::bench
