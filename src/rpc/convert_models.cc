// Language models and model hosts; voices and recognizers are in convert.cc.
#include <utility>

#include "rpc/internal/convert.h"

namespace parley::rpc {

using ports::LanguageModel;
using ports::ModelKind;
using ports::ModelState;

namespace {

template <class T>
void Append(const std::vector<T>& from, google::protobuf::RepeatedPtrField<T>* to) {
  to->Add(from.begin(), from.end());
}

template <class T>
std::vector<T> VectorOf(const google::protobuf::RepeatedPtrField<T>& from) {
  return {from.begin(), from.end()};
}

pb::Role RoleOf(LanguageModel::Role role) {
  switch (role) {
    case LanguageModel::Role::kSystem:
      return pb::ROLE_SYSTEM;
    case LanguageModel::Role::kUser:
      return pb::ROLE_USER;
    case LanguageModel::Role::kAssistant:
      return pb::ROLE_ASSISTANT;
    case LanguageModel::Role::kTool:
      return pb::ROLE_TOOL;
  }
  return pb::ROLE_UNSPECIFIED;
}

Result<LanguageModel::Role> RoleFrom(pb::Role role) {
  switch (role) {
    case pb::ROLE_SYSTEM:
      return LanguageModel::Role::kSystem;
    case pb::ROLE_USER:
      return LanguageModel::Role::kUser;
    case pb::ROLE_ASSISTANT:
      return LanguageModel::Role::kAssistant;
    case pb::ROLE_TOOL:
      return LanguageModel::Role::kTool;
    default:
      return Fail(Code::kInvalidArgument, "a message's role is " + std::to_string(role) +
                                              ", must be system, user, assistant or tool");
  }
}

void FillCall(const LanguageModel::ToolCall& call, pb::ToolCall* out) {
  out->set_id(call.id);
  out->set_name(call.name);
  out->set_arguments(call.arguments);
}

LanguageModel::ToolCall CallFrom(const pb::ToolCall& call) {
  return {call.id(), call.name(), call.arguments()};
}

void FillSampling(const LanguageModel::Sampling& sampling, pb::Sampling* out) {
  if (sampling.temperature) out->set_temperature(*sampling.temperature);
  if (sampling.top_p) out->set_top_p(*sampling.top_p);
  if (sampling.top_k) out->set_top_k(*sampling.top_k);
  if (sampling.repeat_penalty) out->set_repeat_penalty(*sampling.repeat_penalty);
  if (sampling.max_tokens) out->set_max_tokens(*sampling.max_tokens);
  if (sampling.seed) out->set_seed(*sampling.seed);
  Append(sampling.stop, out->mutable_stop());
  out->set_tool_choice(sampling.tool_choice);
}

Result<LanguageModel::Sampling> SamplingFrom(const pb::Sampling& sampling) {
  LanguageModel::Sampling out;
  if (sampling.has_temperature()) out.temperature = sampling.temperature();
  if (sampling.has_top_p()) out.top_p = sampling.top_p();
  if (sampling.has_top_k()) out.top_k = sampling.top_k();
  if (sampling.has_repeat_penalty()) out.repeat_penalty = sampling.repeat_penalty();
  if (sampling.has_max_tokens()) out.max_tokens = sampling.max_tokens();
  if (sampling.has_seed()) out.seed = sampling.seed();
  out.stop = VectorOf(sampling.stop());
  out.tool_choice = sampling.tool_choice();
  if (out.temperature && !(*out.temperature >= 0 && *out.temperature <= 10)) {
    return Fail(Code::kInvalidArgument, "sampling.temperature is " +
                                            std::to_string(*out.temperature) + ", must be 0 to 10");
  }
  if (out.top_p && !(*out.top_p >= 0 && *out.top_p <= 1)) {
    return Fail(Code::kInvalidArgument,
                "sampling.top_p is " + std::to_string(*out.top_p) + ", must be 0 to 1");
  }
  if (out.max_tokens && *out.max_tokens < 1) {
    return Fail(Code::kInvalidArgument,
                "sampling.max_tokens is " + std::to_string(*out.max_tokens) + ", must be ≥ 1");
  }
  return out;
}

}  // namespace

pb::GenerateStart ToProto(const LanguageModel::Request& request) {
  pb::GenerateStart start;
  start.mutable_work()->set_lane(request.work.lane == ports::Lane::kFloor ? pb::LANE_FLOOR
                                                                          : pb::LANE_REPLY);
  start.mutable_work()->set_id(request.work.id);
  start.set_model(request.model);
  for (const LanguageModel::Message& message : request.messages) {
    pb::ChatMessage* to = start.add_messages();
    to->set_role(RoleOf(message.role));
    to->set_text(message.text);
    for (const auto& call : message.tool_calls) FillCall(call, to->add_tool_calls());
    to->set_tool_call_id(message.tool_call_id);
  }
  for (const LanguageModel::Tool& tool : request.tools) {
    pb::Tool* to = start.add_tools();
    to->set_name(tool.name);
    to->set_description(tool.description);
    to->set_parameters(tool.parameters);
  }
  FillSampling(request.sampling, start.mutable_sampling());
  start.set_prefix_key(request.prefix_key);
  start.set_ready_timeout_ms(request.ready_timeout_ms);
  return start;
}

Result<LanguageModel::Request> FromProto(const pb::GenerateStart& start) {
  LanguageModel::Request request;
  request.work.lane =
      start.work().lane() == pb::LANE_FLOOR ? ports::Lane::kFloor : ports::Lane::kReply;
  request.work.id = start.work().id();
  request.model = start.model();
  if (start.messages().empty()) {
    return Fail(Code::kInvalidArgument, "messages is empty, must hold at least one message");
  }
  for (const pb::ChatMessage& message : start.messages()) {
    LanguageModel::Message to;
    PARLEY_TRY(to.role, RoleFrom(message.role()));
    to.text = message.text();
    for (const pb::ToolCall& call : message.tool_calls()) to.tool_calls.push_back(CallFrom(call));
    to.tool_call_id = message.tool_call_id();
    request.messages.push_back(std::move(to));
  }
  for (const pb::Tool& tool : start.tools()) {
    request.tools.push_back({tool.name(), tool.description(), tool.parameters()});
  }
  PARLEY_TRY(request.sampling, SamplingFrom(start.sampling()));
  request.prefix_key = start.prefix_key();
  const int64_t timeout_ms = start.ready_timeout_ms();
  if (timeout_ms < 0 || timeout_ms > kReadyTimeoutMsMax) {
    return Fail(Code::kInvalidArgument, "ready_timeout_ms is " + std::to_string(timeout_ms) +
                                            ", must be 0 to " + std::to_string(kReadyTimeoutMsMax));
  }
  if (timeout_ms > 0) request.ready_timeout_ms = timeout_ms;
  return request;
}

pb::GenerateResponse ToProto(LanguageModel::Event event) {
  pb::GenerateResponse out;
  if (auto* delta = std::get_if<LanguageModel::Delta>(&event)) {
    out.mutable_delta()->set_text(std::move(delta->text));
  } else if (const auto* call = std::get_if<LanguageModel::ToolCall>(&event)) {
    FillCall(*call, out.mutable_tool_call());
  } else if (const auto* done = std::get_if<LanguageModel::Done>(&event)) {
    pb::GenerateDone* to = out.mutable_done();
    to->set_reason(static_cast<pb::GenerateDoneReason>(static_cast<int>(done->reason) + 1));
    to->set_prompt_tokens(done->prompt_tokens);
    to->set_cached_tokens(done->cached_tokens);
    to->set_tokens(done->tokens);
    to->set_first_us(done->first_us);
    to->set_compute_us(done->compute_us);
  } else if (auto* failed = std::get_if<LanguageModel::Failed>(&event)) {
    FillFailure(failed->error, failed->retryable, out.mutable_failed());
  }
  return out;
}

static_assert(static_cast<int>(LanguageModel::DoneReason::kStop) + 1 ==
                  pb::GENERATE_DONE_REASON_STOP &&
              static_cast<int>(LanguageModel::DoneReason::kCancelled) + 1 ==
                  pb::GENERATE_DONE_REASON_CANCELLED);

Result<LanguageModel::Event> FromProto(const pb::GenerateResponse& response) {
  switch (response.message_case()) {
    case pb::GenerateResponse::kDelta:
      return LanguageModel::Event(LanguageModel::Delta{response.delta().text()});
    case pb::GenerateResponse::kToolCall:
      return LanguageModel::Event(CallFrom(response.tool_call()));
    case pb::GenerateResponse::kDone: {
      const pb::GenerateDone& done = response.done();
      const bool known = done.reason() >= pb::GENERATE_DONE_REASON_STOP &&
                         done.reason() <= pb::GENERATE_DONE_REASON_CANCELLED;
      return LanguageModel::Event(LanguageModel::Done{
          .reason = known ? static_cast<LanguageModel::DoneReason>(done.reason() - 1)
                          : LanguageModel::DoneReason::kStop,
          .prompt_tokens = done.prompt_tokens(),
          .cached_tokens = done.cached_tokens(),
          .tokens = done.tokens(),
          .first_us = done.first_us(),
          .compute_us = done.compute_us()});
    }
    case pb::GenerateResponse::kFailed:
      return LanguageModel::Event(
          LanguageModel::Failed{ErrorFrom(response.failed()), response.failed().retryable()});
    case pb::GenerateResponse::MESSAGE_NOT_SET:
      break;
  }
  return Fail(Code::kUnimplemented, "the worker sent a Generate message of an unknown kind");
}

// ---- models -------------------------------------------------------------------------------------

static_assert(static_cast<int>(ModelKind::kTts) + 1 == pb::MODEL_KIND_TTS &&
              static_cast<int>(ModelKind::kLlm) + 1 == pb::MODEL_KIND_LLM);
static_assert(static_cast<int>(ModelState::kAbsent) + 1 == pb::MODEL_STATE_ABSENT &&
              static_cast<int>(ModelState::kFailed) + 1 == pb::MODEL_STATE_FAILED);

pb::Model ToProto(const ports::ModelInfo& info) {
  pb::Model model;
  model.set_id(info.id);
  model.set_kind(static_cast<pb::ModelKind>(static_cast<int>(info.kind) + 1));
  model.set_engine(info.engine);
  model.set_state(static_cast<pb::ModelState>(static_cast<int>(info.state) + 1));
  model.set_reason(info.reason);
  model.set_is_default(info.is_default);
  model.set_pinned(info.pinned);
  model.set_licence(info.licence);
  Append(info.voices, model.mutable_voices());
  Append(info.languages, model.mutable_languages());
  Append(info.capabilities, model.mutable_capabilities());
  model.set_sample_rate_hz(static_cast<uint32_t>(info.sample_rate_hz));
  model.set_slots(static_cast<uint32_t>(info.slots));
  model.set_in_use(static_cast<uint32_t>(info.in_use));
  model.set_memory_bytes(info.memory_bytes);
  model.set_device_memory_bytes(info.device_memory_bytes);
  model.set_load_ms(info.load_ms);
  return model;
}

ports::ModelInfo FromProto(const pb::Model& model) {
  ports::ModelInfo info;
  info.id = model.id();
  if (model.kind() >= pb::MODEL_KIND_TTS && model.kind() <= pb::MODEL_KIND_LLM) {
    info.kind = static_cast<ModelKind>(model.kind() - 1);
  }
  info.engine = model.engine();
  if (model.state() >= pb::MODEL_STATE_ABSENT && model.state() <= pb::MODEL_STATE_FAILED) {
    info.state = static_cast<ModelState>(model.state() - 1);
  }
  info.reason = model.reason();
  info.is_default = model.is_default();
  info.pinned = model.pinned();
  info.licence = model.licence();
  info.voices = VectorOf(model.voices());
  info.languages = VectorOf(model.languages());
  info.capabilities = VectorOf(model.capabilities());
  info.sample_rate_hz = static_cast<int>(model.sample_rate_hz());
  info.slots = static_cast<int>(model.slots());
  info.in_use = static_cast<int>(model.in_use());
  info.memory_bytes = model.memory_bytes();
  info.device_memory_bytes = model.device_memory_bytes();
  info.load_ms = model.load_ms();
  return info;
}

pb::GetCapabilitiesResponse ToProto(const ports::WorkerCapabilities& capabilities) {
  pb::GetCapabilitiesResponse out;
  out.set_worker_id(capabilities.worker_id);
  out.set_version(capabilities.version);
  out.set_device(capabilities.device);
  out.set_draining(capabilities.draining);
  out.set_ready(capabilities.ready);
  out.set_not_ready_why(capabilities.not_ready_why);
  for (const auto& model : capabilities.models) *out.add_models() = ToProto(model);
  return out;
}

ports::WorkerCapabilities FromProto(const pb::GetCapabilitiesResponse& response) {
  ports::WorkerCapabilities out;
  out.worker_id = response.worker_id();
  out.version = response.version();
  out.device = response.device();
  out.draining = response.draining();
  out.ready = response.ready();
  out.not_ready_why = response.not_ready_why();
  for (const auto& model : response.models()) out.models.push_back(FromProto(model));
  return out;
}

}  // namespace parley::rpc
