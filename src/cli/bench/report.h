// What a benchmark run found, and its two faces: JSON for machines, one HTML page with plots for
// people. Pure: no clock, no file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::cli::bench {

// A target that a percentile of a series is held against.
struct Target {
  double percentile = 50;  // 0 to 100
  double value_max = 0;    // in the unit of the series
};

// One measured quantity.
struct Series {
  std::string name;  // "end of speech to first audible sample"
  std::string unit;  // "ms", "MB", "%"
  std::vector<double> values;
  std::vector<Target> targets;
  std::string note;  // how it was taken, or why it falls short; may be empty
};

// One number, where a distribution would say nothing: a share, a count.
struct Figure {
  std::string name;
  std::string unit;  // "%", "words"
  double value = 0;
  int64_t of = 0;                // what it was counted over; 0: not said
  std::optional<double> target;  // to be kept
  bool at_least = false;         // the target is a floor, not a ceiling
  std::string note;
};

// One turn, in ms after the user's last speech sample. Negative starts are work done ahead.
struct Stage {
  std::string name;  // "end of turn decided"
  double from_ms = 0;
  double upto_ms = 0;
};
struct Waterfall {
  std::string label;  // what was asked
  std::vector<Stage> stages;
};

struct Report {
  std::string title;
  std::string machine;  // processor, cores, memory
  std::string commit;
  std::string date;  // ISO 8601
  std::vector<Figure> figures;
  std::vector<Series> series;
  std::vector<Waterfall> waterfalls;
  std::vector<std::string> notes;
};

// The value below which `percentile` % of the values lie, interpolated between neighbours (Hyndman
// and Fan, 1996, definition 7); nullopt without values.
std::optional<double> Percentile(std::vector<double> values, double percentile);

// Does the series keep the target? False without values.
bool Keeps(const Series& series, const Target& target);

// True without a target.
bool Keeps(const Figure& figure);

std::string ToJson(const Report& report);

// A page that stands alone: no script, no font, no image from elsewhere.
std::string ToHtml(const Report& report);

// The table of the report for a terminal.
std::string ToText(const Report& report);

}  // namespace parley::cli::bench
