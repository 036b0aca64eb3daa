#include "catalog/internal/http_download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "catalog/internal/out_file.h"

namespace parley::catalog::internal {
namespace {

constexpr int kTriesTotalMax = 200;  // against a server that cuts for ever

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// The state of one request, seen from libcurl's callbacks.
struct Transfer {
  OutFile& out;
  const HttpRequest& request;
  const HttpConfig& config;
  Work& work;
  CURL* curl = nullptr;
  uint64_t resume_from = 0;
  bool begun = false;  // the body of a 200 or 206 has begun
  std::optional<Error> failure;
  SteadyClock clock;
  int64_t last_byte_us = 0;
};

long StatusOf(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// Where a 206 begins, by its Content-Range ("bytes 100-199/200"); 0 without one.
uint64_t RangeStart(CURL* curl) {
  curl_header* header = nullptr;
  if (curl_easy_header(curl, "Content-Range", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return 0;
  std::string_view text(header->value);
  if (!text.starts_with("bytes ")) return 0;
  uint64_t start = 0;
  for (const char c : text.substr(6)) {
    if (c < '0' || c > '9') break;
    start = start * 10 + static_cast<uint64_t>(c - '0');
  }
  return start;
}

// Before the first byte of the body is kept.
Status BeginBody(Transfer& transfer) {
  const long status = StatusOf(transfer.curl);
  if (status == 206 && RangeStart(transfer.curl) != transfer.resume_from) {
    return Fail(Code::kUnavailable, "the server answered with another range than was asked for");
  }
  if (status == 200 && transfer.resume_from > 0) PARLEY_TRY_STATUS(transfer.out.Restart());
  curl_off_t length = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  const uint64_t total = length > 0 ? transfer.out.size_bytes() + static_cast<uint64_t>(length) : 0;
  transfer.work.progress.Begin(transfer.request.out.filename().string(), total);
  transfer.begun = true;
  return {};
}

Status TakeBody(Transfer& transfer, std::string_view bytes) {
  const long status = StatusOf(transfer.curl);
  if (status != 200 && status != 206) return {};  // the words of an error page
  transfer.last_byte_us = transfer.clock.NowUs();
  if (!transfer.begun) PARLEY_TRY_STATUS(BeginBody(transfer));
  if (transfer.out.size_bytes() + bytes.size() > transfer.request.size_bytes_max) {
    return Fail(Code::kOutOfRange, fmt::format("it is larger than the {} bytes expected",
                                               transfer.request.size_bytes_max));
  }
  PARLEY_TRY_STATUS(transfer.out.Write(bytes));
  transfer.work.progress.Advance(transfer.out.size_bytes());
  return {};
}

size_t OnBody(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (auto taken = TakeBody(transfer, {data, size * count}); !taken) {
    transfer.failure = std::move(taken.error());
    return 0;
  }
  return size * count;
}

int OnProgress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (transfer.work.cancelled) {
    transfer.failure = Error{Code::kCancelled, "the download was stopped; it can be continued"};
    return 1;
  }
  const int64_t silent_ms = (transfer.clock.NowUs() - transfer.last_byte_us) / 1000;
  if (silent_ms <= std::max(transfer.config.stall_ms, 1)) return 0;
  transfer.failure = Error{Code::kUnavailable, fmt::format("nothing arrived for {} ms", silent_ms)};
  return 1;
}

Error StatusError(long status) {
  if (status == 404 || status == 410) return {Code::kNotFound, "the server has no such file"};
  if (status == 401) return {Code::kUnauthenticated, "the server wants a token (401)"};
  if (status == 403) {
    return {Code::kPermissionDenied,
            "the server refuses (403); a token or an accepted licence may "
            "be missing"};
  }
  const bool may_pass = status == 429 || status >= 500;
  return {may_pass ? Code::kUnavailable : Code::kFailedPrecondition,
          fmt::format("the server answered with status {}", status)};
}

void SetOptions(CURL* curl, const std::string& url, Transfer& transfer) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "parley");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(transfer.config.connect_timeout_ms));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &OnProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  if (transfer.resume_from == 0) return;
  curl_easy_setopt(curl, CURLOPT_RANGE, fmt::format("{}-", transfer.resume_from).c_str());
}

// True when going from one to the other keeps or gains safety: never from https to http.
bool MayRedirect(std::string_view from, std::string_view to) {
  return to.starts_with("https://") || (from.starts_with("http://") && to.starts_with("http://"));
}

// One request. A redirect's target, or empty when the body is whole.
Result<std::string> Request(const std::string& url, bool with_token, OutFile& out,
                            const HttpRequest& request, const HttpConfig& config, Work& work) {
  const CurlHandle curl(curl_easy_init(), &curl_easy_cleanup);
  Transfer transfer{.out = out, .request = request, .config = config, .work = work};
  transfer.curl = curl.get();
  transfer.resume_from = out.size_bytes();
  transfer.last_byte_us = transfer.clock.NowUs();
  SetOptions(curl.get(), url, transfer);
  CurlList headers(nullptr, &curl_slist_free_all);
  if (with_token && !request.token.empty()) {
    const std::string line = "Authorization: Bearer " + request.token.Reveal();
    headers.reset(curl_slist_append(nullptr, line.c_str()));
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  }
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.begun) work.progress.End();
  if (transfer.failure) return Fail(std::move(*transfer.failure));
  const long status = StatusOf(curl.get());
  if (code != CURLE_OK) return Fail(Code::kUnavailable, curl_easy_strerror(code));
  if (status >= 300 && status < 400) {
    char* target = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &target);
    if (target != nullptr && MayRedirect(url, target)) return std::string(target);
    return Fail(Code::kFailedPrecondition, "the server redirects to where we do not go");
  }
  if (status == 416 && transfer.resume_from > 0) {
    PARLEY_TRY_STATUS(out.Restart());
    return Fail(Code::kUnavailable, "the server does not have the part that was missing");
  }
  if (status != 200 && status != 206) return Fail(StatusError(status));
  return std::string();
}

Status RequestFollowing(OutFile& out, const HttpRequest& request, const HttpConfig& config,
                        Work& work) {
  std::string url = request.url;
  for (int hop = 0; hop <= config.redirects_max; ++hop) {
    PARLEY_TRY(std::string next, Request(url, hop == 0, out, request, config, work));
    if (next.empty()) return out.Finish();
    url = std::move(next);
  }
  return Fail(Code::kFailedPrecondition,
              fmt::format("the server redirects more than {} times", config.redirects_max));
}

// False when cancelled meanwhile.
bool Pause(int64_t pause_ms, const Work& work) {
  constexpr int64_t kStepMs = 50;
  for (int64_t waited_ms = 0; waited_ms < pause_ms && !work.cancelled; waited_ms += kStepMs) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(kStepMs, pause_ms)));
  }
  return !work.cancelled;
}

}  // namespace

Status Download(const HttpRequest& request, const HttpConfig& config, Work& work) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) return Fail(Code::kInternal, "libcurl cannot be initialized");
  PARLEY_TRY(OutFile out, OutFile::Open(request.out, OutFile::Mode::kContinue));
  int64_t pause_ms = config.backoff_ms;
  int total = 0;
  for (int tries = 1;; ++tries) {
    const uint64_t before = out.size_bytes();
    Status fetched = RequestFollowing(out, request, config, work);
    if (fetched || fetched.error().code != Code::kUnavailable) return fetched;
    if (out.size_bytes() > before) tries = 0;
    if (tries >= config.tries_max || ++total >= kTriesTotalMax) return fetched;
    work.progress.Say(fmt::format("{}; trying again", fetched.error().message));
    if (!Pause(pause_ms, work)) return Fail(Code::kCancelled, "the download was stopped");
    pause_ms = tries == 0 ? config.backoff_ms : pause_ms * 2;
  }
}

}  // namespace parley::catalog::internal
