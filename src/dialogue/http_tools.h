// Tools that the server offers to the language model of its own accord: each call is one POST of
// its arguments (JSON) to an address of the configuration, and what comes back is what the model is
// told. So is what went wrong, for a conversation survives a tool. Nothing of a secret is logged.
//
// The file, at most 256 KiB: a list of
//   {"name": "weather", "description": "Today's weather of a town", "parameters": {JSON schema},
//    "url": "http://127.0.0.1:9000/weather", "timeout_ms": 2000,
//    "authorization_file": "/run/secrets/weather"}  the file's first line is the header's value
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/result.h"
#include "base/secret.h"
#include "ports/language_model.h"

namespace parley::dialogue {

struct HttpTool {
  ports::LanguageModel::Tool declared;
  std::string url;
  int timeout_ms = 2000;  // for the whole exchange
  Secret authorization;   // of the header; empty: none is sent
};

// kInvalidArgument says which tool and what of it is wrong.
Result<std::vector<HttpTool>> ReadHttpTools(const std::filesystem::path& path);

// Carries calls out, some at a time. Thread-safe.
class HttpToolCaller {
 public:
  static constexpr size_t kAtOnce = 4;
  static constexpr size_t kWaitingMax = 64;
  static constexpr size_t kAnswerBytesMax = 16 * 1024;  // the rest is cut off

  // Set it, and the call ends soon; nobody waits for what it answers.
  using Abort = std::shared_ptr<std::atomic<bool>>;
  // Once, on another thread, with the text for the model.
  using Done = std::function<void(std::string answer)>;

  HttpToolCaller();
  // Aborts what is under way; what still waits is not answered.
  ~HttpToolCaller();

  // Null, doing nothing, when kWaitingMax wait already. `tool` outlives the call.
  Abort Call(const HttpTool& tool, std::string arguments, Done done);

 private:
  struct Job {
    const HttpTool* tool = nullptr;
    std::string arguments;
    Done done;
    Abort abort;
  };
  void Run();

  std::atomic<bool> stopping_ = false;
  BoundedQueue<Job> jobs_{kWaitingMax};
  std::vector<std::thread> threads_;
};

}  // namespace parley::dialogue
