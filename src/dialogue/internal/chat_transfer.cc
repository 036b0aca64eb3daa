#include "dialogue/internal/chat_transfer.h"

#include <fmt/format.h>

#include <utility>

namespace parley::dialogue::internal {
namespace {

using Model = ports::LanguageModel;

constexpr size_t kEventBytesMax = 1 << 20;
constexpr size_t kErrorBodyBytesMax = 8192;
constexpr int64_t kSettleUs = 50'000;

Model::Request WithDefaults(Model::Request request, const LlmConfig& config) {
  if (request.model.empty()) request.model = config.model;
  auto& sampling = request.sampling;
  if (!sampling.temperature && config.temperature >= 0) sampling.temperature = config.temperature;
  if (!sampling.max_tokens) sampling.max_tokens = config.max_tokens;
  return request;
}

long StatusOf(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::string ContentTypeOf(CURL* curl) {
  char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  return type == nullptr ? "" : type;
}

Code CodeOfStatus(long status) {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 408:
    case 504:
      return Code::kDeadlineExceeded;
    case 429:
      return Code::kResourceExhausted;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kFailedPrecondition;
  }
}

std::string_view HintOf(long status) {
  switch (status) {
    case 401:
    case 403:
      return "; check llm.key_file";
    case 404:
      return "; check llm.url and llm.model";
    default:
      return "";
  }
}

}  // namespace

ChatTransfer::ChatTransfer(const LlmConfig& config, const std::string& url, Model::Request request,
                           Model::Sink sink)
    : config_(config),
      ready_timeout_ms_(request.ready_timeout_ms),
      body_(EncodeChatRequest(WithDefaults(std::move(request), config), config.max_tokens_field)),
      gate_(std::move(sink)),
      start_us_(clock_.NowUs()),
      last_us_(start_us_),
      curl_(curl_easy_init(), &curl_easy_cleanup),
      headers_(nullptr, &curl_slist_free_all),
      parser_(kEventBytesMax) {
  SetOptions(url);
}

ChatTransfer::~ChatTransfer() = default;

void ChatTransfer::SetOptions(const std::string& url) {
  CURL* curl = curl_.get();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Accept: text/event-stream");
  headers = curl_slist_append(headers, "Expect:");  // no round trip before the body
  if (!config_.key.empty()) {
    headers = curl_slist_append(headers, ("Authorization: Bearer " + config_.key.Reveal()).c_str());
  }
  headers_.reset(headers);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body_.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);  // a key is for one place
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(config_.connect_timeout_ms));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "parley");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &ChatTransfer::OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
}

size_t ChatTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  const bool goes_on = static_cast<ChatTransfer*>(self)->TakeBody({data, size * count});
  return goes_on ? size * count : 0;
}

// False ends the transfer.
bool ChatTransfer::TakeBody(std::string_view bytes) {
  if (cancelled_) return false;
  last_us_ = clock_.NowUs();
  if (StatusOf(curl_.get()) != 200) {
    error_body_ += bytes.substr(0, kErrorBodyBytesMax - error_body_.size());
    return true;
  }
  Status taken = CheckHead();
  if (taken) taken = parser_.Feed(bytes, [this](std::string_view data) { return TakeChunk(data); });
  if (!taken) failure_ = std::move(taken.error());
  return !failure_.has_value();
}

Status ChatTransfer::CheckHead() {
  if (std::exchange(head_checked_, true)) return {};
  const std::string type = ContentTypeOf(curl_.get());
  if (type.starts_with("text/event-stream")) return {};
  return Fail(
      Code::kFailedPrecondition,
      fmt::format("it answers with '{}' and not with an event stream; is llm.url the base of "
                  "an OpenAI-compatible endpoint?",
                  type.substr(0, 80)));
}

// False ends the parsing.
bool ChatTransfer::TakeChunk(std::string_view data) {
  if (cancelled_) return false;
  Result<std::string> text = reader_.Read(data);
  if (!text) {
    failure_retryable_ = text.error().code == Code::kUnavailable;
    failure_ = std::move(text.error());
    return false;
  }
  if (!text->empty()) {
    if (first_us_ == 0) first_us_ = clock_.NowUs() - start_us_;
    gate_.Deliver(Model::Delta{std::move(*text)});
  }
  return !reader_.complete();
}

std::optional<Error> ChatTransfer::Overdue(int64_t now_us) const {
  const bool begun = last_us_ != start_us_;
  const int64_t limit_ms = begun ? config_.stall_timeout_ms : ready_timeout_ms_;
  if (now_us - last_us_ < limit_ms * 1000) return std::nullopt;
  return Error{Code::kDeadlineExceeded,
               fmt::format("the language model was silent for {} ms{}", limit_ms,
                           begun ? " within its answer" : " before its answer")};
}

bool ChatTransfer::Settled(int64_t now_us) const {
  return reader_.complete() && now_us - last_us_ > kSettleUs;
}

Model::Done ChatTransfer::WithTimes(Model::Done done) const {
  done.first_us = first_us_;
  done.compute_us = clock_.NowUs() - start_us_;
  return done;
}

// A server may quote the key it was shown.
Error ChatTransfer::Clean(Error error) const {
  const std::string& key = config_.key.Reveal();
  for (size_t at = 0; !key.empty() && (at = error.message.find(key, at)) != std::string::npos;) {
    error.message.replace(at, key.size(), "(key)");
  }
  error.message = fmt::format("language model at {}: {}", config_.url, error.message);
  return error;
}

void ChatTransfer::FinishFailed(Error error, bool retryable) {
  gate_.Deliver(Model::Failed{Clean(std::move(error)), retryable}, /*is_last=*/true);
}

void ChatTransfer::FinishCancelled() {
  gate_.Deliver(WithTimes({.reason = Model::DoneReason::kCancelled}), /*is_last=*/true);
}

void ChatTransfer::Finish(CURLcode result) {
  if (cancelled_) return FinishCancelled();
  if (failure_) return FinishFailed(std::move(*failure_), failure_retryable_);
  const long status = StatusOf(curl_.get());
  if (status != 0 && status != 200) {
    const Code code = CodeOfStatus(status);
    const bool retryable = code == Code::kUnavailable || code == Code::kResourceExhausted ||
                           code == Code::kDeadlineExceeded;
    return FinishFailed(
        {code, fmt::format("status {}: {}{}", status, ErrorMessageOf(error_body_), HintOf(status))},
        retryable);
  }
  // A cut after the last chunk is no loss: the answer is whole.
  if (result != CURLE_OK && !reader_.complete()) {
    return FinishFailed({Code::kUnavailable, curl_easy_strerror(result)}, true);
  }
  if (!head_checked_) {
    if (Status checked = CheckHead(); !checked) return FinishFailed(checked.error(), false);
  }
  Result<Model::Done> done = reader_.Finish();
  if (!done) return FinishFailed(std::move(done.error()), true);
  for (Model::ToolCall& call : reader_.tool_calls()) gate_.Deliver(std::move(call));
  gate_.Deliver(WithTimes(*done), /*is_last=*/true);
}

}  // namespace parley::dialogue::internal
