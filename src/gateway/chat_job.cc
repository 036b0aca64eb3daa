#include "gateway/chat_job.h"

#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "realtime/ids.h"

namespace parley::gateway {
namespace {

using Json = nlohmann::ordered_json;
using ports::LanguageModel;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const char* NameOf(LanguageModel::DoneReason reason, bool called) {
  if (called || reason == LanguageModel::DoneReason::kToolCalls) return "tool_calls";
  return reason == LanguageModel::DoneReason::kLength ? "length" : "stop";
}

Json UsageOf(const LanguageModel::Done& done) {
  return {{"prompt_tokens", done.prompt_tokens},
          {"completion_tokens", done.tokens},
          {"total_tokens", done.prompt_tokens + done.tokens},
          {"prompt_tokens_details", {{"cached_tokens", done.cached_tokens}}}};
}

Json CallJson(const LanguageModel::ToolCall& call) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

class ChatJob final : public Job, public std::enable_shared_from_this<ChatJob> {
 public:
  ChatJob(std::shared_ptr<net::Exchange> exchange, ChatRequest request, JobTicket ticket)
      : Job(std::move(exchange), std::move(ticket)), request_(std::move(request)) {}

  void Start(LanguageModel& model) {
    EndWithClient(shared_from_this());
    stream_ = model.Start(std::move(request_.work),
                          [weak = weak_from_this(), &executor = exchange().executor()](auto event) {
                            executor.Post([weak, event = std::move(event)]() mutable {
                              if (const auto self = weak.lock()) self->OnEvent(std::move(event));
                            });
                          });
  }

 private:
  void OnEvent(LanguageModel::Event event) {
    if (ended()) return;
    if (const auto* delta = std::get_if<LanguageModel::Delta>(&event)) {
      text_ += delta->text;
      if (request_.stream) SendDelta({{"content", delta->text}});
    } else if (auto* call = std::get_if<LanguageModel::ToolCall>(&event)) {
      if (request_.stream) {
        Json json = CallJson(*call);
        json["index"] = calls_.size();
        SendDelta({{"tool_calls", Json::array({std::move(json)})}});
      }
      calls_.push_back(std::move(*call));
    } else if (const auto* failed = std::get_if<LanguageModel::Failed>(&event)) {
      OnFailed(failed->error);
    } else {
      OnDone(std::get<LanguageModel::Done>(event));
    }
  }

  // What every object of this answer begins with.
  Json Head(const char* object) const {
    return {{"id", id_}, {"object", object}, {"created", created_}, {"model", request_.model}};
  }

  void SendDelta(Json delta, const Json& finish = nullptr) {
    if (BeginStream("text/event-stream")) SendDelta({{"role", "assistant"}, {"content", ""}});
    Json chunk = Head("chat.completion.chunk");
    chunk["choices"] =
        Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish}}});
    SendEvent(Dump(chunk));
  }

  void SendEvent(const std::string& data) {
    exchange().Write("data: " + data + "\n\n", net::Task());
  }

  void OnDone(const LanguageModel::Done& done) {
    const char* finish = NameOf(done.reason, !calls_.empty());
    if (request_.stream) {
      SendDelta(Json::object(), finish);
      if (request_.include_usage) {
        Json chunk = Head("chat.completion.chunk");
        chunk["choices"] = Json::array();
        chunk["usage"] = UsageOf(done);
        SendEvent(Dump(chunk));
      }
      SendEvent("[DONE]");
      exchange().End();
      return End(200);
    }
    Json message = {{"role", "assistant"},
                    {"content", text_.empty() && !calls_.empty() ? Json() : Json(text_)},
                    {"refusal", nullptr}};
    for (const LanguageModel::ToolCall& call : calls_) {
      message["tool_calls"].push_back(CallJson(call));
    }
    Json answer = Head("chat.completion");
    answer["choices"] = Json::array({{{"index", 0},
                                      {"message", std::move(message)},
                                      {"logprobs", nullptr},
                                      {"finish_reason", finish}}});
    answer["usage"] = UsageOf(done);
    exchange().Respond(net::JsonResponse(200, Dump(answer)));
    End(200);
  }

  void OnFailed(const Error& error) {
    log::Warn("chat_failed code={} why=\"{}\"", CodeName(error.code), error.message);
    Fail(error);
  }

  void Release() override { stream_.reset(); }

  ChatRequest request_;
  const std::string id_ = realtime::NewId("chatcmpl");
  const std::time_t created_ = std::time(nullptr);
  std::unique_ptr<LanguageModel::Stream> stream_;
  std::string text_;
  std::vector<LanguageModel::ToolCall> calls_;
};

}  // namespace

void StartChatJob(std::shared_ptr<net::Exchange> exchange, ChatRequest request, ReplyId reply,
                  LanguageModel& model, JobTicket ticket) {
  request.work.work = ports::ReplyWork(reply);
  std::make_shared<ChatJob>(std::move(exchange), std::move(request), std::move(ticket))
      ->Start(model);
}

}  // namespace parley::gateway
