#include "gateway/gateway_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "gateway/chat_job.h"
#include "gateway/chat_request.h"
#include "gateway/cors.h"
#include "gateway/floors_job.h"
#include "gateway/speech_job.h"
#include "gateway/speech_request.h"
#include "gateway/transcription_job.h"
#include "gateway/transcription_request.h"

namespace parley::gateway {
namespace {

using Json = nlohmann::ordered_json;

// A JSON text of the longest input, each character escaped.
constexpr size_t kSpeechBytesPerChar = 12;
constexpr size_t kSpeechBytesBase = 16 * 1024;
constexpr size_t kTurnsDefault = 50;
constexpr size_t kChatBytesMax = 4 << 20;
constexpr size_t kSessionBytesMax = 256 * 1024;
constexpr size_t kAdminBytes = 4 * 1024;
constexpr int kWatchersMax = 8;  // of /v1/admin/floors at once
constexpr std::string_view kModelPrefix = "/v1/models/";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json ModelJson(std::string_view id) {
  return {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", "parley"}};
}

// Names that clients may use: ours, then OpenAI's that are mapped.
std::vector<std::string> ModelIds(const ReadyState& state, const Names& names) {
  std::vector<std::string> ids;
  for (const ports::ModelInfo& model : state.models) ids.push_back(model.id);
  for (std::string& name : names.KnownModels()) ids.push_back(std::move(name));
  return ids;
}

}  // namespace

GatewayService::GatewayService(const GatewayConfig& config, Deps deps)
    : config_(config),
      deps_(std::move(deps)),
      access_(config.key, config.allowed_origins, !IsLoopbackHost(config.host)),
      routes_{
          {"/v1/audio/speech", "POST", false,
           static_cast<size_t>(config.speech_chars_max) * kSpeechBytesPerChar + kSpeechBytesBase,
           &GatewayService::Speech},
          {"/v1/audio/transcriptions", "POST", false,
           static_cast<size_t>(config.body_mib_max) << 20, &GatewayService::Transcription},
          {"/v1/audio/translations", "POST", false, static_cast<size_t>(config.body_mib_max) << 20,
           &GatewayService::Translation},
          {"/v1/chat/completions", "POST", false, kChatBytesMax, &GatewayService::Chat},
          {"/v1/models", "GET", false, 0, &GatewayService::Models},
          {"/v1/models/{id}", "GET", false, 0, &GatewayService::Model},
          {"/v1/realtime", "GET", false, 0, &GatewayService::RealtimeWithoutUpgrade},
          {"/v1/realtime/client_secrets", "POST", false, kSessionBytesMax,
           &GatewayService::ClientSecret},
          {"/v1/realtime/sessions", "POST", false, kSessionBytesMax, &GatewayService::OlderSession},
          {"/v1/realtime/transcription_sessions", "POST", false, kSessionBytesMax,
           &GatewayService::OlderTranscriptionSession},
          {"/v1/admin/turns", "GET", false, 0, &GatewayService::Turns},
          {"/v1/admin/floors", "GET", false, 0, &GatewayService::Floors},
          {"/v1/admin/workers", "GET", false, 0, &GatewayService::Workers},
          {"/v1/admin/workers/drain", "POST", false, kAdminBytes, &GatewayService::DrainWorker},
          {"/metrics", "GET", false, 0, &GatewayService::Metrics},
          {"/healthz", "GET", true, 0, &GatewayService::Health},
          {"/readyz", "GET", true, 0, &GatewayService::Ready}},
      tickets_(std::make_shared<std::atomic<int>>(0)),
      watchers_(std::make_shared<std::atomic<int>>(0)) {}

const GatewayService::Route* GatewayService::Find(const net::HttpRequest& request) const {
  const std::string_view path =
      request.path.starts_with(kModelPrefix) ? "/v1/models/{id}" : std::string_view(request.path);
  for (const Route& route : routes_) {
    if (path == route.path) return &route;
  }
  return nullptr;
}

std::optional<ApiError> GatewayService::Check(const net::HttpRequest& request,
                                              const Route* route) const {
  if (auto refused = access_.CheckHost(request)) return refused;
  if (auto refused = access_.CheckOrigin(request)) return refused;
  if (IsPreflight(request)) return std::nullopt;
  if (route != nullptr && !route->open) return access_.CheckKey(request);
  return std::nullopt;
}

ApiError GatewayService::NoSuch(const net::HttpRequest& request) const {
  return {404,
          fmt::format("Unknown request URL: {} {}.", request.method.substr(0, 20),
                      request.path.substr(0, 200)),
          "", "unknown_url"};
}

net::Admission GatewayService::Admit(const net::HttpRequest& head) {
  const Route* route = Find(head);
  net::Admission admission;
  if (auto refused = Check(head, route)) {
    admission.refusal = ToResponse(*refused);
    AllowOrigin(*admission.refusal, access_.AllowedOrigin(head));
    Count(NameOf(route), admission.refusal->status);
  } else if (route != nullptr && head.method == route->method) {
    admission.body_bytes_max = route->body_bytes_max;
  }
  return admission;
}

void GatewayService::OnRequest(std::shared_ptr<net::Exchange> exchange) {
  auto origin = access_.AllowedOrigin(exchange->request());
  exchange = WithOrigin(std::move(exchange), std::move(origin));
  const net::HttpRequest& request = exchange->request();
  const Route* route = Find(request);
  if (route != nullptr && IsPreflight(request)) {
    Answer(*exchange, AnswerPreflight(request, access_.AllowedOrigin(request), route->method));
    return;
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (route == nullptr) {
    auto file = reads ? page_.Answer(request) : std::nullopt;
    Answer(*exchange, file ? *std::move(file) : ToResponse(NoSuch(request)));
    return;
  }
  if (request.method == route->method || (reads && std::string_view(route->method) == "GET")) {
    (this->*route->handler)(std::move(exchange));
    return;
  }
  net::HttpResponse refusal =
      ToResponse({405, fmt::format("{} takes {} only.", route->path, route->method), "",
                  "method_not_allowed"});
  refusal.headers.Add("Allow", route->method);
  Answer(*exchange, std::move(refusal));
}

// Whoever holds a secret was given it by one who holds the key: from which page does not matter.
Parsed<std::string> GatewayService::CheckSecret(const net::HttpRequest& request) const {
  if (auto refused = access_.CheckHost(request)) return tl::unexpected(*std::move(refused));
  if (auto patch = deps_.secrets.Find(*ShownKey(request), std::time(nullptr))) {
    return *std::move(patch);
  }
  return Refuse(401,
                "The client secret is unknown or has expired; make a new one with POST "
                "/v1/realtime/client_secrets.",
                "", "invalid_api_key");
}

net::Upgrade GatewayService::OnUpgrade(const net::HttpRequest& request, net::Executor& executor) {
  net::Upgrade upgrade;
  const Route* route = Find(request);
  const bool by_secret = ClientSecrets::LooksLikeOne(ShownKey(request).value_or(""));
  std::optional<ApiError> refused;
  std::string patch;
  if (by_secret) {
    auto session = CheckSecret(request);
    if (session) {
      patch = *std::move(session);
    } else {
      refused = std::move(session.error());
    }
  } else {
    refused = Check(request, route);
  }
  if (!refused && request.path != "/v1/realtime") refused = NoSuch(request);
  if (!refused && request.Query("call_id")) {
    refused = ApiError{404,
                       "There is no such call: this server takes none over WebRTC or SIP. Leave "
                       "call_id out to begin a conversation.",
                       "call_id", "call_not_found"};
  }
  if (!refused && !deps_.names.Model(request.Query("model").value_or(""))) {
    refused = ApiError{404, deps_.names.Model(request.Query("model").value_or("")).error().message,
                       "model", "model_not_found"};
  }
  if (refused) {
    upgrade.refusal = ToResponse(*refused);
  } else {
    upgrade = deps_.realtime(request, executor, std::move(patch));
  }
  Count(NameOf(route), upgrade.listener ? 101 : upgrade.refusal.status);
  return upgrade;
}

net::HttpResponse GatewayService::OnBadRequest(int status, std::string_view why) {
  const std::string code = status == 413   ? "request_too_large"
                           : status == 503 ? "overloaded"
                           : status >= 500 ? "internal_error"
                                           : "bad_request";
  Count("malformed", status);
  return ToResponse({status, std::string(why), "", code});
}

void GatewayService::Count(const char* route, int status) {
  const char* group = status >= 500 ? "5xx" : status >= 400 ? "4xx" : "2xx";
  deps_.metrics.HttpRequests(route, group).Add();
}

void GatewayService::Answer(net::Exchange& exchange, net::HttpResponse response) {
  Count(NameOf(Find(exchange.request())), response.status);
  exchange.Respond(std::move(response));
}

std::optional<JobTicket> GatewayService::TakeTicket(net::Exchange& exchange,
                                                    const std::shared_ptr<std::atomic<int>>& taken,
                                                    int most) {
  if (++*taken > most) {
    --*taken;
    Answer(exchange, ToResponse({429, "Too many requests are under way; try again later.", "",
                                 "rate_limit_exceeded"}));
    return std::nullopt;
  }
  const char* route = NameOf(Find(exchange.request()));
  return JobTicket(std::shared_ptr<void>(taken.get(), [taken](void*) { --*taken; }),
                   [this, route](int status) { Count(route, status); });
}

void GatewayService::Speech(std::shared_ptr<net::Exchange> exchange) {
  auto request = ParseSpeechRequest(exchange->request().body, config_.speech_chars_max);
  if (!request) return Answer(*exchange, ToResponse(request.error()));
  if (auto model = deps_.names.Model(request->model); !model) {
    return Answer(*exchange, ToResponse({404, model.error().message, "model", "model_not_found"}));
  }
  auto name = deps_.names.Voice(request->model, request->voice);
  if (!name) {
    return Answer(*exchange, ToResponse({400, name.error().message, "voice", "voice_not_found"}));
  }
  auto ticket = TakeTicket(*exchange);
  if (!ticket) return;
  StartSpeechJob(std::move(exchange), *std::move(request), *std::move(name), ReplyId{next_reply_++},
                 deps_.voice, *std::move(ticket));
}

void GatewayService::Transcription(std::shared_ptr<net::Exchange> exchange) {
  Transcribe(std::move(exchange), /*translate=*/false);
}
void GatewayService::Translation(std::shared_ptr<net::Exchange> exchange) {
  Transcribe(std::move(exchange), /*translate=*/true);
}

void GatewayService::Transcribe(std::shared_ptr<net::Exchange> exchange, bool translate) {
  auto request = ParseTranscriptionRequest(exchange->request());
  if (!request) return Answer(*exchange, ToResponse(request.error()));
  request->translate = translate;
  auto model = deps_.names.Model(request->model);
  if (!model) {
    return Answer(*exchange, ToResponse({404, model.error().message, "model", "model_not_found"}));
  }
  request->model = *std::move(model);
  auto ticket = TakeTicket(*exchange);
  if (!ticket) return;
  StartTranscriptionJob(std::move(exchange), *std::move(request), ReplyId{next_reply_++},
                        {deps_.recognizer, deps_.pool, config_.audio_s_max}, *std::move(ticket));
}

void GatewayService::Chat(std::shared_ptr<net::Exchange> exchange) {
  auto request = ParseChatRequest(exchange->request().body);
  if (!request) return Answer(*exchange, ToResponse(request.error()));
  auto model = deps_.names.Model(request->model);
  if (!model && !deps_.any_model_name) {
    return Answer(*exchange, ToResponse({404, model.error().message, "model", "model_not_found"}));
  }
  request->work.model = model ? *std::move(model) : request->model;
  auto ticket = TakeTicket(*exchange);
  if (!ticket) return;
  StartChatJob(std::move(exchange), *std::move(request), ReplyId{next_reply_++},
               deps_.language_model, *std::move(ticket));
}

void GatewayService::Models(std::shared_ptr<net::Exchange> exchange) {
  Json list = Json::array();
  for (const std::string& id : ModelIds(deps_.readiness(), deps_.names)) {
    list.push_back(ModelJson(id));
  }
  const Json body = {{"object", "list"}, {"data", std::move(list)}};
  Answer(*exchange, net::JsonResponse(200, Dump(body)));
}

void GatewayService::Model(std::shared_ptr<net::Exchange> exchange) {
  const std::string id = exchange->request().path.substr(kModelPrefix.size());
  const auto ids = ModelIds(deps_.readiness(), deps_.names);
  if (std::find(ids.begin(), ids.end(), id) != ids.end()) {
    return Answer(*exchange, net::JsonResponse(200, Dump(ModelJson(id))));
  }
  Answer(*exchange,
         ToResponse({404, fmt::format("The model '{}' does not exist.", id.substr(0, 100)), "model",
                     "model_not_found"}));
}

void GatewayService::Health(std::shared_ptr<net::Exchange> exchange) {
  Answer(*exchange, net::JsonResponse(200, R"({"status":"ok"})"));
}

void GatewayService::Ready(std::shared_ptr<net::Exchange> exchange) {
  const ReadyState state = deps_.readiness();
  const Json body = {{"ready", state.ready}, {"missing", state.missing}};
  Answer(*exchange, net::JsonResponse(state.ready ? 200 : 503, Dump(body)));
}

void GatewayService::Metrics(std::shared_ptr<net::Exchange> exchange) {
  net::HttpResponse response;
  response.headers.Add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = deps_.metrics.registry.Expose();
  Answer(*exchange, std::move(response));
}

void GatewayService::Turns(std::shared_ptr<net::Exchange> exchange) {
  const std::string_view limit = exchange->request().Query("limit").value_or("");
  size_t count = kTurnsDefault;
  std::from_chars(limit.data(), limit.data() + limit.size(), count);
  std::string body = "{\"turns\":[";
  const auto turns = deps_.turns(count);
  for (size_t i = 0; i < turns.size(); ++i) body += (i == 0 ? "" : ",") + turns[i];
  Answer(*exchange, net::JsonResponse(200, body + "]}"));
}

void GatewayService::Floors(std::shared_ptr<net::Exchange> exchange) {
  if (exchange->request().method == "HEAD") return Answer(*exchange, net::HttpResponse());
  auto ticket = TakeTicket(*exchange, watchers_, kWatchersMax);
  if (!ticket) return;
  StartFloorsJob(std::move(exchange), deps_.floors, deps_.clock, *std::move(ticket));
}

void GatewayService::IssueSecret(net::Exchange& exchange, ClientSecrets::Kind kind) {
  const auto answer = deps_.secrets.Issue(kind, exchange.request().body, std::time(nullptr));
  net::HttpResponse response =
      answer ? net::JsonResponse(200, *answer) : ToResponse(answer.error());
  response.headers.Add("Cache-Control", "no-store");
  Answer(exchange, std::move(response));
}
void GatewayService::ClientSecret(std::shared_ptr<net::Exchange> exchange) {
  IssueSecret(*exchange, ClientSecrets::Kind::kClientSecret);
}
void GatewayService::OlderSession(std::shared_ptr<net::Exchange> exchange) {
  IssueSecret(*exchange, ClientSecrets::Kind::kSession);
}
void GatewayService::OlderTranscriptionSession(std::shared_ptr<net::Exchange> exchange) {
  IssueSecret(*exchange, ClientSecrets::Kind::kTranscriptionSession);
}

void GatewayService::Workers(std::shared_ptr<net::Exchange> exchange) {
  Answer(*exchange, net::JsonResponse(200, deps_.workers()));
}

// Answered once the worker has no streams any more.
void GatewayService::DrainWorker(std::shared_ptr<net::Exchange> exchange) {
  const auto request = ParseDrainRequest(exchange->request().body);
  if (!request) {
    return Answer(*exchange, ToResponse({400, request.error().message, "", "invalid_request"}));
  }
  deps_.drain(*request, [this, exchange, worker = request->worker](Status status) {
    if (!status) {
      const bool absent = status.error().code == Code::kNotFound;
      return Answer(*exchange, ToResponse({absent ? 404 : 502, status.error().message, "worker",
                                           absent ? "worker_not_found" : "worker_failed"}));
    }
    const Json body = {{"worker", worker}, {"drained", true}};
    Answer(*exchange, net::JsonResponse(200, Dump(body)));
  });
}

void GatewayService::RealtimeWithoutUpgrade(std::shared_ptr<net::Exchange> exchange) {
  net::HttpResponse refusal =
      ToResponse({426, "/v1/realtime speaks WebSocket: connect to it with ws:// or wss://.", "",
                  "upgrade_required"});
  refusal.headers.Add("Upgrade", "websocket");
  Answer(*exchange, std::move(refusal));
}

}  // namespace parley::gateway
