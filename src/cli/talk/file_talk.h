// `parley talk --in …`: a conversation with a running server from recorded speech, in real time, as
// if a person sat there; what they would have heard comes back as sound.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "cli/talk/talk_script.h"

namespace parley::cli {

struct FileTalkConfig {
  std::string url;  // the server's base: "http://127.0.0.1:8080"
  Secret key;       // empty: none is sent
  TalkOptions talk;
  TalkScript::Config script;
  std::vector<SpokenInput> inputs;
};

struct FileTalkReport {
  std::vector<SpokenOutcome> outcomes;
  std::vector<int16_t> heard;       // all that was played, at kTalkRateHz
  std::vector<std::string> errors;  // what the server refused
};

// Reads any sound file. Without speech in it: kInvalidArgument.
Result<SpokenInput> ReadSpokenInput(const std::filesystem::path& path);

// Runs until the last answer has been played. Blocks; errors are those of connecting, or
// kUnavailable when the server goes away in between.
Result<FileTalkReport> TalkFromFiles(FileTalkConfig config);

// The outcomes as one JSON object {"turns": […]}, as `--json` prints it.
std::string FileTalkJson(const FileTalkReport& report);

}  // namespace parley::cli
