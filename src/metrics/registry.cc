#include "metrics/registry.h"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "base/check.h"

namespace parley::metrics {
namespace {

prometheus::ClientMetric ToMetric(const Labels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

void Collect(const Counter& counter, prometheus::ClientMetric& metric) {
  metric.counter.value = static_cast<double>(counter.value());
}

void Collect(const Gauge& gauge, prometheus::ClientMetric& metric) {
  metric.gauge.value = static_cast<double>(gauge.value());
}

void Collect(const Histogram& histogram, prometheus::ClientMetric& metric) {
  uint64_t below = 0;
  for (size_t i = 0; i <= histogram.bounds().size(); ++i) {
    below += histogram.count(i);
    const double bound = i < histogram.bounds().size() ? histogram.bounds()[i]
                                                       : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({below, bound});
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = histogram.sum();
}

template <class Families>
void CollectAll(const Families& families, prometheus::MetricType type,
                std::vector<prometheus::MetricFamily>& out) {
  for (const auto& [name, family] : families) {
    prometheus::MetricFamily collected{name, family.help, type, {}};
    for (const auto& series : family.series) {
      auto& metric = collected.metric.emplace_back(ToMetric(series.labels));
      Collect(series.instrument, metric);
    }
    out.push_back(std::move(collected));
  }
}

}  // namespace

bool Registry::IsTaken(std::string_view name) const {
  return counters_.contains(name) || gauges_.contains(name) || histograms_.contains(name);
}

template <class Instrument, class... Args>
Instrument& Registry::Add(Families<Instrument>& families, std::string_view name,
                          std::string_view help, Labels labels, const Args&... args) {
  const std::lock_guard lock(mutex_);
  auto found = families.find(name);
  if (found == families.end()) {
    PARLEY_CHECK(!IsTaken(name));
    PARLEY_CHECK(prometheus::CheckMetricName(std::string(name)));
    found = families.try_emplace(std::string(name)).first;
    found->second.help = help;
  }
  auto& series = found->second.series;
  if (series.size() >= kSeriesMax - 1) {
    const bool known = std::any_of(series.begin(), series.end(),
                                   [&](const auto& one) { return one.labels == labels; });
    for (auto& [label, value] : labels) value = known ? value : "other";
  }
  for (auto& one : series) {
    if (one.labels == labels) return one.instrument;
  }
  return series.emplace_back(std::move(labels), args...).instrument;
}

Counter& Registry::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return Add(counters_, name, help, labels);
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return Add(gauges_, name, help, labels);
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  std::span<const double> bounds, const Labels& labels) {
  PARLEY_CHECK(std::is_sorted(bounds.begin(), bounds.end()));
  return Add(histograms_, name, help, labels, bounds);
}

std::string Registry::Expose() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::lock_guard lock(mutex_);
    CollectAll(counters_, prometheus::MetricType::Counter, families);
    CollectAll(gauges_, prometheus::MetricType::Gauge, families);
    CollectAll(histograms_, prometheus::MetricType::Histogram, families);
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace parley::metrics
