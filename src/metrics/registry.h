// Names the instruments of a process and writes them as Prometheus text (exposition format 0.0.4).
// Names: parley_<what>_<unit>, counters with _total; label values are few and known in advance.
// Thread-safe. Adding locks and allocates, so references are taken once, at construction; using
// them costs nothing of that (metrics/instruments.h).
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/instruments.h"

namespace parley::metrics {

using Labels = std::map<std::string, std::string>;

class Registry {
 public:
  // A name keeps this many sets of labels; what comes later shares one set whose values are all
  // "other", so that foreign text in a label cannot fill the memory.
  static constexpr size_t kSeriesMax = 256;

  // The same name and labels give the same instrument. A name used with two kinds, or one that is
  // no Prometheus name, is a programmer's error.
  Counter& AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& AddHistogram(std::string_view name, std::string_view help,
                          std::span<const double> bounds, const Labels& labels = {});

  // The body of GET /metrics; content type "text/plain; version=0.0.4; charset=utf-8".
  std::string Expose() const;

 private:
  template <class Instrument>
  struct Series {
    template <class... Args>
    explicit Series(Labels own_labels, const Args&... args)
        : labels(std::move(own_labels)), instrument(args...) {}

    const Labels labels;
    Instrument instrument;
  };
  template <class Instrument>
  struct Family {
    std::string help;
    std::deque<Series<Instrument>> series;  // a deque, so that references stay good
  };
  template <class Instrument>
  using Families = std::map<std::string, Family<Instrument>, std::less<>>;

  template <class Instrument, class... Args>
  Instrument& Add(Families<Instrument>& families, std::string_view name, std::string_view help,
                  Labels labels, const Args&... args);
  bool IsTaken(std::string_view name) const;

  mutable std::mutex mutex_;
  Families<Counter> counters_;      // guarded by mutex_
  Families<Gauge> gauges_;          // guarded by mutex_
  Families<Histogram> histograms_;  // guarded by mutex_
};

}  // namespace parley::metrics
