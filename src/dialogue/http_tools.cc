#include "dialogue/http_tools.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_depth.h"
#include "base/log.h"

namespace parley::dialogue {
namespace {

using Json = nlohmann::json;

constexpr size_t kFileBytesMax = 256 * 1024;
constexpr size_t kSecretBytesMax = 8 * 1024;
constexpr size_t kToolsMax = 64;
constexpr int kDepthMax = 32;
constexpr int kTimeoutMsMin = 10;
constexpr int kTimeoutMsMax = 30'000;

Error Wrong(const std::string& tool, const std::string& what) {
  return {Code::kInvalidArgument, fmt::format("tool '{}': {}", tool, what)};
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

Result<Secret> ReadAuthorization(const std::string& path) {
  PARLEY_TRY(const std::string text, ReadFile(path, kSecretBytesMax));
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty()) {
    return Fail(Code::kInvalidArgument, fmt::format("the first line of '{}' is empty", path));
  }
  return Secret(std::move(line));
}

Result<HttpTool> ParseTool(const Json& json) {
  if (!json.is_object()) return Fail(Wrong("?", "is no JSON object"));
  const auto named = json.find("name");
  const std::string name =
      named != json.end() && named->is_string() ? named->get<std::string>() : std::string();
  if (!IsName(name)) {
    return Fail(Wrong(name.substr(0, 64),
                      "'name' must be 1 to 64 letters, digits, '_' or '-', as models write them"));
  }
  HttpTool tool{.declared = {.name = name}};
  for (const auto& [key, value] : json.items()) {
    const bool is_text = value.is_string();
    if (key == "description" && is_text) {
      tool.declared.description = value.get<std::string>();
    } else if (key == "parameters" && value.is_object()) {
      tool.declared.parameters = value.dump();
    } else if (key == "url" && is_text) {
      tool.url = value.get<std::string>();
    } else if (key == "timeout_ms" && value.is_number_integer()) {
      const auto ms = value.get<int64_t>();
      if (ms < kTimeoutMsMin || ms > kTimeoutMsMax) {
        return Fail(Wrong(name, fmt::format("'timeout_ms' is {}, must lie between {} and {}", ms,
                                            kTimeoutMsMin, kTimeoutMsMax)));
      }
      tool.timeout_ms = static_cast<int>(ms);
    } else if (key == "authorization_file" && is_text) {
      auto secret = ReadAuthorization(value.get<std::string>());
      if (!secret) return Fail(Wrong(name, secret.error().message));
      tool.authorization = *std::move(secret);
    } else if (key != "name") {
      return Fail(Wrong(name, fmt::format("'{}' is unknown, or of the wrong kind", key)));
    }
  }
  if (!tool.url.starts_with("http://") && !tool.url.starts_with("https://")) {
    return Fail(Wrong(name, "'url' must begin with http:// or https://"));
  }
  return tool;
}

std::string ErrorText(std::string_view what) { return Json{{"error", what}}.dump(); }

struct Answer {
  std::string body;
  const std::atomic<bool>& abort;
  const std::atomic<bool>& stopping;
};

size_t OnBody(char* data, size_t size, size_t count, void* self) {
  std::string& body = static_cast<Answer*>(self)->body;
  const size_t room = HttpToolCaller::kAnswerBytesMax - body.size();
  body.append(data, std::min(room, size * count));
  return size * count > room ? CURL_WRITEFUNC_ERROR : size * count;
}

int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* answer = static_cast<Answer*>(self);
  return answer->abort || answer->stopping ? 1 : 0;
}

// Whole UTF-8 characters only, for models are shown text.
std::string AsText(std::string body) {
  return Json::parse(Json(std::move(body)).dump(-1, ' ', false, Json::error_handler_t::ignore))
      .get<std::string>();
}

std::string Judge(const HttpTool& tool, CURLcode result, long status, Answer& answer) {
  const bool too_long = answer.body.size() == HttpToolCaller::kAnswerBytesMax;
  if (result == CURLE_OPERATION_TIMEDOUT) {
    return ErrorText(fmt::format("the tool did not answer within {} ms", tool.timeout_ms));
  }
  if (result != CURLE_OK && !too_long) return ErrorText("the tool cannot be reached");
  if (status < 200 || status > 299) return ErrorText(fmt::format("the tool said {}", status));
  return AsText(std::move(answer.body));
}

// One exchange, to its end.
std::string Post(const HttpTool& tool, const std::string& arguments, const std::atomic<bool>& abort,
                 const std::atomic<bool>& stopping) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
  if (!tool.authorization.empty()) {
    list = curl_slist_append(list, ("Authorization: " + tool.authorization.Reveal()).c_str());
  }
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                            curl_slist_free_all);
  Answer answer{.abort = abort, .stopping = stopping};
  const auto set = [&curl](CURLoption option, auto value) {
    curl_easy_setopt(curl.get(), option, value);
  };
  set(CURLOPT_URL, tool.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(tool.timeout_ms));
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_POSTFIELDSIZE, static_cast<long>(arguments.size()));
  set(CURLOPT_POSTFIELDS, arguments.c_str());
  set(CURLOPT_WRITEFUNCTION, OnBody);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&answer));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, OnProgress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&answer));
  const SteadyClock clock;
  const int64_t from_us = clock.NowUs();
  const CURLcode result = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  log::Info("tool_called name={} status={} curl={} took_ms={} bytes={}", tool.declared.name, status,
            static_cast<int>(result), (clock.NowUs() - from_us) / 1000, answer.body.size());
  return Judge(tool, result, status, answer);
}

}  // namespace

Result<std::vector<HttpTool>> ReadHttpTools(const std::filesystem::path& path) {
  PARLEY_TRY(const std::string text, ReadFile(path, kFileBytesMax));
  const Json json = NestsDeeper(text, kDepthMax) ? Json(Json::value_t::discarded)
                                                 : Json::parse(text, nullptr, false);
  if (!json.is_array() || json.size() > kToolsMax) {
    return Fail(Code::kInvalidArgument,
                fmt::format("'{}' is no JSON list of at most {} tools", path.string(), kToolsMax));
  }
  std::vector<HttpTool> tools;
  std::set<std::string> names;
  for (const Json& one : json) {
    auto tool = ParseTool(one);
    if (tool && !names.insert(tool->declared.name).second) {
      tool = Fail(Wrong(tool->declared.name, "is there twice"));
    }
    if (!tool) {
      return Fail(tool.error().code, fmt::format("{}: {}", path.string(), tool.error().message));
    }
    tools.push_back(*std::move(tool));
  }
  return tools;
}

HttpToolCaller::HttpToolCaller() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)initialized;
  for (size_t i = 0; i < kAtOnce; ++i) threads_.emplace_back([this] { Run(); });
}

HttpToolCaller::~HttpToolCaller() {
  stopping_ = true;
  jobs_.Close();
  for (std::thread& thread : threads_) thread.join();
}

HttpToolCaller::Abort HttpToolCaller::Call(const HttpTool& tool, std::string arguments, Done done) {
  auto abort = std::make_shared<std::atomic<bool>>(false);
  Job job{
      .tool = &tool, .arguments = std::move(arguments), .done = std::move(done), .abort = abort};
  return jobs_.TryPush(std::move(job)) ? abort : nullptr;
}

void HttpToolCaller::Run() {
  while (auto job = jobs_.Pop()) {
    if (stopping_) continue;
    if (*job->abort) {
      job->done("");
    } else {
      job->done(Post(*job->tool, job->arguments, *job->abort, stopping_));
    }
  }
}

}  // namespace parley::dialogue
