#include "cli/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace parley::cli::bench {
namespace {

std::string Number(double value) {
  if (std::abs(value) >= 100 || value == std::floor(value)) return fmt::format("{:.0f}", value);
  return std::abs(value) >= 1 ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

std::string Cell(const Series& series, double percentile) {
  const auto value = Percentile(series.values, percentile);
  return value ? Number(*value) : "–";
}

std::string Aim(const Figure& figure) {
  return fmt::format("{} {} {}", figure.at_least ? "≥" : "≤", Number(figure.target.value_or(0)),
                     figure.unit);
}

nlohmann::json ToJson(const Figure& figure) {
  nlohmann::json json = {
      {"name", figure.name}, {"unit", figure.unit}, {"value", figure.value}, {"note", figure.note}};
  if (figure.of > 0) json["of"] = figure.of;
  if (figure.target) {
    json["target"] = {
        {"value", *figure.target}, {"at_least", figure.at_least}, {"kept", Keeps(figure)}};
  }
  return json;
}

std::string FiguresText(const std::vector<Figure>& figures) {
  std::string text;
  for (const Figure& figure : figures) {
    const std::string aim =
        figure.target ? fmt::format("{} {}", Aim(figure), Keeps(figure) ? "kept" : "MISSED") : "";
    text +=
        fmt::format("{:<52} {:>7} {:>10}  {}\n", fmt::format("{}, {}", figure.name, figure.unit),
                    figure.of > 0 ? std::to_string(figure.of) : "", Number(figure.value), aim);
    if (!figure.note.empty()) text += fmt::format("    {}\n", figure.note);
  }
  return text.empty() ? text : text + "\n";
}

std::string Aim(const Target& target, const std::string& unit) {
  return fmt::format("p{} ≤ {} {}", Number(target.percentile), Number(target.value_max), unit);
}

}  // namespace

std::optional<double> Percentile(std::vector<double> values, double percentile) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double rank = percentile / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (rank - static_cast<double>(below));
}

bool Keeps(const Figure& figure) {
  if (!figure.target) return true;
  return figure.at_least ? figure.value >= *figure.target : figure.value <= *figure.target;
}

bool Keeps(const Series& series, const Target& target) {
  const auto value = Percentile(series.values, target.percentile);
  return value && *value <= target.value_max;
}

std::string ToJson(const Report& report) {
  nlohmann::json json = {{"title", report.title},
                         {"machine", report.machine},
                         {"commit", report.commit},
                         {"date", report.date},
                         {"notes", report.notes},
                         {"series", nlohmann::json::array()},
                         {"waterfalls", nlohmann::json::array()}};
  for (const Figure& figure : report.figures) json["figures"].push_back(ToJson(figure));
  for (const Series& series : report.series) {
    nlohmann::json entry = {{"name", series.name},
                            {"unit", series.unit},
                            {"values", series.values},
                            {"note", series.note},
                            {"targets", nlohmann::json::array()}};
    for (const double percentile : {50.0, 95.0, 99.0}) {
      const auto value = Percentile(series.values, percentile);
      entry["p" + Number(percentile)] = value ? nlohmann::json(*value) : nlohmann::json();
    }
    for (const Target& target : series.targets) {
      entry["targets"].push_back({{"percentile", target.percentile},
                                  {"value_max", target.value_max},
                                  {"kept", Keeps(series, target)}});
    }
    json["series"].push_back(std::move(entry));
  }
  for (const Waterfall& waterfall : report.waterfalls) {
    nlohmann::json stages = nlohmann::json::array();
    for (const Stage& stage : waterfall.stages) {
      stages.push_back(
          {{"name", stage.name}, {"from_ms", stage.from_ms}, {"upto_ms", stage.upto_ms}});
    }
    json["waterfalls"].push_back({{"label", waterfall.label}, {"stages", std::move(stages)}});
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ToText(const Report& report) {
  std::string text = fmt::format("{}\n{}\ncommit {}, {}\n\n", report.title, report.machine,
                                 report.commit, report.date);
  text += FiguresText(report.figures);
  text += fmt::format("{:<52} {:>5} {:>8} {:>8} {:>8}  target\n", "", "n", "p50", "p95", "p99");
  for (const Series& series : report.series) {
    std::string aims;
    for (const Target& target : series.targets) {
      aims += fmt::format("{}{} {}", aims.empty() ? "" : ", ", Aim(target, series.unit),
                          Keeps(series, target) ? "kept" : "MISSED");
    }
    text += fmt::format("{:<52} {:>5} {:>8} {:>8} {:>8}  {}\n",
                        fmt::format("{}, {}", series.name, series.unit), series.values.size(),
                        Cell(series, 50), Cell(series, 95), Cell(series, 99), aims);
    if (!series.note.empty()) text += fmt::format("    {}\n", series.note);
  }
  for (const std::string& note : report.notes) text += fmt::format("\n{}", note);
  return text + "\n";
}

}  // namespace parley::cli::bench
