#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "cli/bench/report.h"

namespace parley::cli::bench {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1b1f27;--dim:#667085;--line:#d8dde6;--paper:#fbfcfe;
--card:#fff;--mark:#2f6fed;--good:#0f8a5f;--bad:#c4372b}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf1;--dim:#98a2b3;--line:#2b3240;--paper:#10141b;
--card:#171c25;--mark:#7aa5ff;--good:#4cc38a;--bad:#ff7b6b}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{margin:0 0 .25rem;font-size:1.7rem}h2{margin:2.5rem 0 .75rem;font-size:1.15rem}
.dim{color:var(--dim)}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{padding:.45rem .6rem;border-bottom:1px solid var(--line);text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}th{color:var(--dim);font-weight:500}
th:first-child,td:first-child{text-align:left;white-space:normal}.good{color:var(--good)}
.bad{color:var(--bad);font-weight:600}.note{display:block;color:var(--dim);font-size:.85rem}
figure{margin:0 0 1.5rem;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);
border-radius:.7rem}figcaption{font-weight:600;margin-bottom:.4rem}svg{display:block;width:100%;
height:auto}line{stroke:var(--line)}line.good{stroke:var(--good)}
line.bad{stroke:var(--bad)}path{fill:none;stroke:var(--mark);stroke-width:2}
svg text{fill:var(--dim);font:12px system-ui,sans-serif}.legend{display:flex;
flex-wrap:wrap;gap:.3rem 1rem;margin:.5rem 0 0;padding:0;list-style:none;font-size:.85rem}
.legend i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
)";

// Distinguishable for colour-blind readers (Okabe and Ito, 2008).
constexpr std::array<std::string_view, 8> kColors{"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                  "#56b4e9", "#d55e00", "#b8a800", "#7a7a7a"};

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string Number(double value) {
  return std::abs(value) < 10 && value != std::floor(value) ? fmt::format("{:.2f}", value)
                                                            : fmt::format("{:.0f}", value);
}

// A step between axis ticks of 1, 2 or 5 times a power of ten, for about six ticks.
double TickStep(double span) {
  const double raw = std::max(span, 1e-9) / 6;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

struct Axis {
  double min = 0;
  double max = 1;
  double left = 0;
  double width = 900;

  double X(double value) const { return left + (value - min) / (max - min) * width; }

  std::string Ticks(double top, double bottom) const {
    std::string svg;
    const double step = TickStep(max - min);
    for (double tick = std::ceil(min / step) * step; tick <= max + step / 1e6; tick += step) {
      svg += fmt::format(R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)"
                         R"(<text x="{0:.1f}" y="{3}" text-anchor="middle">{4}</text>)",
                         X(tick), top, bottom, bottom + 15, Number(tick));
    }
    return svg;
  }
};

// The empirical distribution function, with each target as a dashed line.
std::string Distribution(const Series& series) {
  std::vector<double> values = series.values;
  std::sort(values.begin(), values.end());
  double max = values.back();
  for (const Target& target : series.targets) max = std::max(max, target.value_max);
  const Axis axis{.min = std::min(0.0, values.front()),
                  .max = std::max(max * 1.05, 1e-6),
                  .left = 40,
                  .width = 850};
  std::string path = fmt::format("M{:.1f} 150", axis.X(axis.min));
  // More steps than the plot has room for are left out.
  const size_t every = std::max<size_t>(values.size() / 600, 1);
  for (size_t i = 0; i < values.size(); i += every) {
    const double before = 150 - 140.0 * static_cast<double>(i) / static_cast<double>(values.size());
    const double after =
        150 - 140.0 * static_cast<double>(i + 1) / static_cast<double>(values.size());
    path += fmt::format("L{0:.1f} {1:.1f}L{0:.1f} {2:.1f}", axis.X(values[i]), before, after);
  }
  std::string svg = axis.Ticks(10, 150);
  for (const Target& target : series.targets) {
    svg += fmt::format(R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="10" y2="150" class="{1}" )"
                       R"(stroke-dasharray="5 4"/><text x="{2:.1f}" y="22" text-anchor="end">)"
                       R"(p{3:.0f} target</text>)",
                       axis.X(target.value_max), Keeps(series, target) ? "good" : "bad",
                       axis.X(target.value_max) - 5, target.percentile);
  }
  return fmt::format(
      R"(<figure><figcaption>{}, {}</figcaption><svg viewBox="0 0 900 170" role="img" )"
      R"(aria-label="Distribution of {} over {} measurements">)"
      R"(<text x="34" y="16" text-anchor="end">100%</text>)"
      R"(<text x="34" y="154" text-anchor="end">0</text>{})"
      R"(<path d="{}"/></svg></figure>)",
      Escape(series.name), Escape(series.unit), Escape(series.name), values.size(), svg, path);
}

std::string WaterfallPlot(const std::vector<Waterfall>& waterfalls) {
  double min = 0;
  double max = 1;
  std::map<std::string, size_t> colors;
  for (const Waterfall& waterfall : waterfalls) {
    for (const Stage& stage : waterfall.stages) {
      min = std::min(min, stage.from_ms);
      max = std::max(max, stage.upto_ms);
      colors.emplace(stage.name, colors.size());
    }
  }
  const Axis axis{.min = min, .max = max * 1.03, .left = 250, .width = 640};
  std::string rows;
  double y = 8;
  for (const Waterfall& waterfall : waterfalls) {
    const double lane = 18.0 / static_cast<double>(std::max<size_t>(1, waterfall.stages.size()));
    for (size_t i = 0; i < waterfall.stages.size(); ++i) {
      const Stage& stage = waterfall.stages[i];
      rows += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}">)"
                          R"(<title>{}: {:.0f} to {:.0f} ms</title></rect>)",
                          axis.X(stage.from_ms), y + lane * static_cast<double>(i),
                          std::max(1.0, axis.X(stage.upto_ms) - axis.X(stage.from_ms)), lane,
                          kColors[colors[stage.name] % kColors.size()], Escape(stage.name),
                          stage.from_ms, stage.upto_ms);
    }
    rows += fmt::format(R"(<text x="242" y="{:.1f}" text-anchor="end">{}</text>)", y + 13,
                        Escape(waterfall.label.substr(0, 40)));
    y += 26;
  }
  std::string legend;
  for (const auto& [name, color] : colors) {
    legend += fmt::format(R"(<li><i style="background:{}"></i>{}</li>)",
                          kColors[color % kColors.size()], Escape(name));
  }
  return fmt::format(
      R"(<h2>Each turn, ms after the last speech sample</h2><figure>)"
      R"(<svg viewBox="0 0 900 {:.0f}" role="img" aria-label="Waterfall of {} turns">{}{}</svg>)"
      R"(<ul class="legend">{}</ul></figure>)",
      y + 22, waterfalls.size(), axis.Ticks(0, y), rows, legend);
}

// Of a share the tenth counts, beside a target of 99 %.
std::string ValueOf(const Figure& figure) {
  return figure.unit == "%" ? fmt::format("{:.1f}", figure.value) : Number(figure.value);
}

// A bar from nothing to the value, and a mark where the target lies.
std::string Bar(const Figure& figure) {
  const double most = std::max({figure.value, figure.target.value_or(0), 1e-9});
  const double scale = 150 / (figure.unit == "%" ? 100.0 : most);
  std::string svg =
      fmt::format(R"(<svg viewBox="0 0 160 14" role="img" aria-label="{} {}" style="width:10rem">)"
                  R"(<rect x="2" y="3" width="{:.1f}" height="8" fill="{}"/>)",
                  Number(figure.value), Escape(figure.unit), std::max(0.5, figure.value * scale),
                  Keeps(figure) ? kColors[0] : kColors[5]);
  if (figure.target) {
    svg += fmt::format(R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="14" class="{1}"/>)",
                       2 + *figure.target * scale, Keeps(figure) ? "good" : "bad");
  }
  return svg + "</svg>";
}

std::string FigureTable(const std::vector<Figure>& figures) {
  if (figures.empty()) return {};
  std::string rows;
  for (const Figure& figure : figures) {
    std::string aim;
    if (figure.target) {
      aim = fmt::format(R"(<span class="{}">{} {} {}</span>)", Keeps(figure) ? "good" : "bad",
                        figure.at_least ? "≥" : "≤", Number(*figure.target),
                        Keeps(figure) ? "✓ kept" : "✗ missed");
    }
    const std::string note =
        figure.note.empty() ? ""
                            : fmt::format(R"(<span class="note">{}</span>)", Escape(figure.note));
    rows += fmt::format("<tr><td>{}, {}{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                        Escape(figure.name), Escape(figure.unit), note,
                        figure.of > 0 ? std::to_string(figure.of) : "", ValueOf(figure),
                        Bar(figure), aim);
  }
  return fmt::format(
      R"(<div class="wide"><table><thead><tr><th>counted</th><th>over</th><th>value</th><th></th>)"
      R"(<th>target</th></tr></thead><tbody>{}</tbody></table></div>)",
      rows);
}

std::string Row(const Series& series) {
  std::string aims;
  for (const Target& target : series.targets) {
    const bool kept = Keeps(series, target);
    aims += fmt::format(R"({}<span class="{}">p{:.0f} ≤ {} {}</span>)", aims.empty() ? "" : "<br>",
                        kept ? "good" : "bad", target.percentile, Number(target.value_max),
                        kept ? "✓ kept" : "✗ missed");
  }
  std::string cells;
  for (const double percentile : {50.0, 95.0, 99.0}) {
    const auto value = Percentile(series.values, percentile);
    cells += fmt::format("<td>{}</td>", value ? Number(*value) : "–");
  }
  const std::string note =
      series.note.empty() ? ""
                          : fmt::format(R"(<span class="note">{}</span>)", Escape(series.note));
  return fmt::format("<tr><td>{}, {}{}</td><td>{}</td>{}<td>{}</td></tr>", Escape(series.name),
                     Escape(series.unit), note, series.values.size(), cells, aims);
}

}  // namespace

std::string ToHtml(const Report& report) {
  std::string rows;
  std::string plots;
  for (const Series& series : report.series) {
    rows += Row(series);
    if (series.values.size() >= 3) plots += Distribution(series);
  }
  std::string notes;
  for (const std::string& note : report.notes) notes += fmt::format("<p>{}</p>", Escape(note));
  return fmt::format(
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" )"
      R"(content="width=device-width,initial-scale=1"><title>{0}</title><style>{1}</style></head>)"
      R"(<body><main><h1>{0}</h1><p class="dim">{2}<br>commit {3}, {4}</p>{5}{9}<div class="wide">)"
      R"(<table><thead><tr><th>measured</th><th>n</th><th>p50</th><th>p95</th><th>p99</th>)"
      R"(<th>target</th></tr></thead><tbody>{6}</tbody></table></div>{7})"
      R"(<h2>Distributions</h2>{8}</main></body></html>)"
      "\n",
      Escape(report.title), kStyle, Escape(report.machine), Escape(report.commit),
      Escape(report.date), notes, rows,
      report.waterfalls.empty() ? "" : WaterfallPlot(report.waterfalls), plots,
      FigureTable(report.figures));
}

}  // namespace parley::cli::bench
