// The Python SDK on every Python that is here, through its example engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/testing/skip.h"
#include "engine/conformance.h"

namespace parley::engine {
namespace {

// The system's Python, which is always there, or one of pyenv's; empty when there is none of that
// version.
std::string FindPython(const std::string& version) {
  namespace fs = std::filesystem;
  if (version == "system") return "/usr/bin/python3";
  const char* home = std::getenv("HOME");
  const fs::path versions = fs::path(home ? home : "/") / ".pyenv/versions";
  if (!fs::is_directory(versions)) return "";
  for (const auto& entry : fs::directory_iterator(versions)) {
    const std::string name = entry.path().filename();
    if (name.rfind(version + ".", 0) == 0) return entry.path() / "bin/python";
  }
  return "";
}

class PythonConformance : public ::testing::TestWithParam<const char*> {};

TEST_P(PythonConformance, TheToneEngineInPythonPasses) {
  const std::string python = FindPython(GetParam());
  if (python.empty()) SkipCounted(std::string("no Python ") + GetParam());
  ConformanceConfig config;
  config.spec = {.name = "tone-python", .kind = ModelKind::kTts};
  config.load.options = {{"load_ms", int64_t{100}}};
  config.spec.command = {python, PARLEY_SOURCE_DIR "/engines/python/tone/engine.py"};
  const ConformanceReport report = CheckConformance(config);
  EXPECT_TRUE(report.Passed()) << report.ToText();
}

TEST_P(PythonConformance, AModelThatLacksItsMethodSaysWhichBeforeItsHello) {
  const std::string python = FindPython(GetParam());
  if (python.empty()) SkipCounted(std::string("no Python ") + GetParam());
  ConformanceConfig config;
  config.spec = {.name = "half", .kind = ModelKind::kTts};
  config.spec.command = {python, "-c",
                         "import sys; sys.path.insert(0, '" PARLEY_SOURCE_DIR
                         "/engines/python')\n"
                         "import parley_engine\n"
                         "class Half(parley_engine.TtsModel):\n"
                         "  def load(self, load, progress): pass\n"
                         "parley_engine.run(Half(), name='half', version='1')\n"};
  const ConformanceReport report = CheckConformance(config);
  ASSERT_EQ(report.checks.size(), 1u);
  EXPECT_THAT(report.checks[0].reason, ::testing::ContainsRegex("abstract method.*speak"));
}

INSTANTIATE_TEST_SUITE_P(Versions, PythonConformance,
                         ::testing::Values("system", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"),
                         [](const auto& version) {
                           std::string name = version.param;
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace parley::engine
