#include "cosyvoice2/goldens/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace parley::cosyvoice2::goldens {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "";
}

struct Differences {
  double max_abs = 0;
  double greatest = 0;  // magnitude expected
};

Differences Measure(std::span<const float> found, std::span<const float> expected) {
  Differences differences;
  for (const float value : expected) {
    differences.greatest = std::max(differences.greatest, std::abs(static_cast<double>(value)));
  }
  if (found.size() != expected.size()) {
    differences.max_abs = kInfinity;
    return differences;
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - expected[i]);
    differences.max_abs =
        std::isnan(difference) ? kInfinity : std::max(differences.max_abs, difference);
  }
  return differences;
}

Row Judge(std::string case_name, std::string tensor, const Differences& differences,
          double tolerance) {
  Row row{std::move(case_name), std::move(tensor)};
  row.max_abs = differences.max_abs;
  row.max_rel =
      differences.greatest > 0 ? differences.max_abs / differences.greatest : differences.max_abs;
  row.tolerance = tolerance;
  row.verdict = row.max_abs <= tolerance ? Verdict::kPassed : Verdict::kFailed;
  return row;
}

// The folder of the set, or an empty path.
std::filesystem::path FindSet(const std::filesystem::path& root, int number) {
  const std::string prefix = fmt::format("G{}_", number);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(root, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && entry.is_directory(ignored)) return entry.path();
  }
  return {};
}

// JSON has no infinity.
nlohmann::json Number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

// Case lists are read as what they should be; where a field is missing or of another kind the
// library throws, and that ends the set.
Result<std::vector<Row>> Run(const Set& set, const Place& place) {
  try {
    return set.run(place);
  } catch (const nlohmann::json::exception& exception) {
    return Fail(Code::kDataLoss, fmt::format("a case list in '{}' is not as expected: {}",
                                             place.set.string(), exception.what()));
  }
}

std::string Plural(const Tally& tally) {
  return fmt::format("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
}

}  // namespace

Row Compare(std::string case_name, std::string tensor, std::span<const float> found,
            std::span<const float> expected, double tolerance) {
  Row row = Judge(std::move(case_name), std::move(tensor), Measure(found, expected), tolerance);
  if (found.size() != expected.size()) {
    row.note = fmt::format("{} elements, expected {}", found.size(), expected.size());
  }
  return row;
}

Row CompareRelative(std::string case_name, std::string tensor, std::span<const float> found,
                    std::span<const float> expected, double relative_tolerance) {
  const double greatest = Measure({}, expected).greatest;
  return Compare(std::move(case_name), std::move(tensor), found, expected,
                 relative_tolerance * greatest);
}

Row CompareExact(std::string case_name, std::string tensor, size_t differing, std::string note) {
  const Differences differences{static_cast<double>(differing), 0};
  Row row = Judge(std::move(case_name), std::move(tensor), differences, 0);
  row.note = std::move(note);
  return row;
}

Result<std::vector<SetResult>> RunSets(const std::filesystem::path& root, std::span<const Set> sets,
                                       bool eight_bits) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(root, ignored)) {
    return Fail(Code::kNotFound, fmt::format("'{}' is no folder of golden data", root.string()));
  }
  std::vector<Set> ordered(sets.begin(), sets.end());
  std::erase_if(ordered, [&](const Set& set) { return eight_bits && !set.has_matrices; });
  std::sort(ordered.begin(), ordered.end(),
            [](const Set& a, const Set& b) { return a.number < b.number; });
  std::vector<SetResult> results;
  for (const Set& set : ordered) {
    const std::filesystem::path folder = FindSet(root, set.number);
    if (folder.empty()) {
      Row row{"", "", 0, 0, 0, Verdict::kSkipped, "the set is not there"};
      results.push_back({fmt::format("G{}", set.number), {std::move(row)}});
      continue;
    }
    auto rows = Run(set, Place{root, folder, eight_bits});
    if (!rows) {
      Row row{"", "", kInfinity, kInfinity, 0, Verdict::kFailed, rows.error().message};
      rows = std::vector<Row>{std::move(row)};
    }
    results.push_back({folder.filename().string(), std::move(*rows)});
  }
  return results;
}

Tally Count(std::span<const SetResult> results) {
  Tally tally;
  for (const SetResult& set : results) {
    for (const Row& row : set.rows) {
      tally.passed += row.verdict == Verdict::kPassed;
      tally.failed += row.verdict == Verdict::kFailed;
      tally.skipped += row.verdict == Verdict::kSkipped;
    }
  }
  return tally;
}

std::string ToText(std::span<const SetResult> results) {
  std::string text = fmt::format("{:<14} {:<28} {:<16} {:>10} {:>10} {:>10}  {}\n", "set", "case",
                                 "tensor", "max_abs", "max_rel", "tolerance", "verdict");
  for (const SetResult& set : results) {
    for (const Row& row : set.rows) {
      text += fmt::format("{:<14} {:<28} {:<16} {:>10.3g} {:>10.3g} {:>10.3g}  {}{}{}\n", set.name,
                          row.case_name, row.tensor, row.max_abs, row.max_rel, row.tolerance,
                          VerdictName(row.verdict), row.note.empty() ? "" : ": ", row.note);
    }
  }
  return text + Plural(Count(results)) + "\n";
}

std::string ToJson(std::span<const SetResult> results) {
  nlohmann::json sets = nlohmann::json::array();
  for (const SetResult& set : results) {
    nlohmann::json rows = nlohmann::json::array();
    for (const Row& row : set.rows) {
      rows.push_back({{"case", row.case_name},
                      {"tensor", row.tensor},
                      {"max_abs", Number(row.max_abs)},
                      {"max_rel", Number(row.max_rel)},
                      {"tolerance", row.tolerance},
                      {"verdict", VerdictName(row.verdict)},
                      {"note", row.note}});
    }
    sets.push_back({{"name", set.name}, {"rows", std::move(rows)}});
  }
  const Tally tally = Count(results);
  const nlohmann::json report = {{"sets", std::move(sets)},
                                 {"passed", tally.passed},
                                 {"failed", tally.failed},
                                 {"skipped", tally.skipped}};
  using Json = nlohmann::json;
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace parley::cosyvoice2::goldens
