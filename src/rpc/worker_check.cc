#include "rpc/worker_check.h"

#include <future>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "rpc/internal/check_bench.h"
#include "rpc/internal/connect.h"

namespace parley::rpc {
namespace {

using ports::ContractCheck;
using ports::ModelInfo;
using ports::ModelKind;
using ports::Voice;

// Waits for a callback's answer.
template <class T, class Ask>
Result<T> Await(int64_t ms, Ask ask) {
  auto answer = std::make_shared<std::promise<Result<T>>>();
  auto future = answer->get_future();
  ask([answer](Result<T> result) { answer->set_value(std::move(result)); });
  if (future.wait_for(std::chrono::milliseconds(ms)) != std::future_status::ready) {
    return Fail(Code::kDeadlineExceeded, "no answer within " + std::to_string(ms) + " ms");
  }
  return future.get();
}

}  // namespace

std::string WorkerCheckReport::ToJson() const {
  return ContractReport::ToJson({{"worker", worker}, {"address", address}});
}

CheckBench::CheckBench(const WorkerCheckConfig& config, std::unique_ptr<SpeechClient> client)
    : config_(config), client_(std::move(client)) {
  // What SpeechClient::Create took without complaint, so this does too.
  auto channel = Connect(config.client);
  stub_ = pb::Speech::NewStub(channel ? *channel : nullptr);
}

std::unique_ptr<grpc::ClientContext> CheckBench::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!config_.client.key.empty()) {
    context->AddMetadata("authorization", "Bearer " + config_.client.key.Reveal());
  }
  return context;
}

Result<ports::WorkerCapabilities> CheckBench::Capabilities() {
  return Await<ports::WorkerCapabilities>(
      patience_ms(), [&](auto done) { client_->model_host().Capabilities(std::move(done)); });
}

Result<std::vector<ModelInfo>> CheckBench::Models() {
  return Await<std::vector<ModelInfo>>(
      patience_ms(), [&](auto done) { client_->model_host().List(std::move(done)); });
}

Result<ModelInfo> CheckBench::ModelFor(ModelKind kind) {
  const std::string& named = kind == ModelKind::kTts   ? config_.voice
                             : kind == ModelKind::kAsr ? config_.recognizer
                                                       : config_.language_model;
  PARLEY_TRY(const auto models, Models());
  for (const ModelInfo& model : models) {
    if (model.kind != kind || (named.empty() ? !model.is_default : model.id != named)) continue;
    if (model.state == ports::ModelState::kReady) return model;
    return Fail(Code::kUnimplemented,
                "model '" + model.id + "' is " + std::string(ports::ModelStateName(model.state)));
  }
  return Fail(Code::kUnimplemented, "it serves no " + std::string(ports::ModelKindName(kind)) +
                                        " model" + (named.empty() ? "" : " '" + named + "'"));
}

Status CheckBench::AwaitIdle(ModelKind kind, int64_t ms) {
  const SteadyClock clock;
  const int64_t until_us = clock.NowUs() + ms * 1000;
  while (true) {
    PARLEY_TRY(const ModelInfo model, ModelFor(kind));
    if (model.in_use == 0) return {};
    if (clock.NowUs() > until_us) {
      return Broken(std::to_string(model.in_use) + " slots of " + model.id + " are held " +
                    std::to_string(ms) + " ms after the last stream");
    }
  }
}

Result<Voice::Request> CheckBench::PlainVoice() {
  PARLEY_TRY(const ModelInfo model, ModelFor(ModelKind::kTts));
  PARLEY_TRY_STATUS(AwaitIdle(ModelKind::kTts, patience_ms()));
  return Voice::Request{.model = model.id,
                        .seed = 7,
                        .sample_rate_hz = 24'000,
                        .credit_samples = int64_t{1} << 40,
                        .ready_timeout_ms = patience_ms()};
}

Status CheckBench::Speak(const Voice::Request& request, const std::vector<std::string>& texts,
                         HeardVoice& heard) {
  const auto stream = client_->voice().Start(request, heard.Sink());
  uint64_t id = 0;
  for (const std::string& text : texts) stream->Speak(UtteranceId{++id}, text, "");
  stream->EndOfText();
  if (!heard.WaitForEnd(patience_ms())) return Broken("the stream does not end");
  const auto events = heard.events();
  if (const auto* failed = std::get_if<Voice::Failed>(&events.back())) {
    return Broken("the stream failed: " + failed->error.message);
  }
  return {};
}

Result<std::vector<int16_t>> SoundOf(const HeardVoice& heard, uint64_t utterance) {
  std::vector<int16_t> sound;
  uint32_t seq = 0;
  for (const Voice::Audio& audio : heard.Of<Voice::Audio>()) {
    if (audio.utterance.value != utterance) continue;
    if (audio.pts_samples != static_cast<int64_t>(sound.size()) || audio.seq != seq++) {
      return Broken("frame " + std::to_string(audio.seq) + " of utterance " +
                    std::to_string(utterance) + " stands at " + std::to_string(audio.pts_samples) +
                    ", should at " + std::to_string(sound.size()));
    }
    sound.insert(sound.end(), audio.pcm.begin(), audio.pcm.end());
  }
  return sound;
}

WorkerCheckReport CheckWorker(const WorkerCheckConfig& config) {
  WorkerCheckReport report;
  report.address = config.client.address;
  const auto add = [&](ContractCheck check) {
    report.checks.push_back(std::move(check));
    if (config.on_check) config.on_check(report.checks.back());
  };
  const auto is_not_there = [&](const Error& error) {
    add({.name = "is_there", .outcome = ContractCheck::Outcome::kFailed, .reason = error.message});
    return report;
  };
  auto client = SpeechClient::Create(config.client);
  if (!client) return is_not_there(client.error());
  CheckBench bench(config, std::move(*client));
  const auto capabilities = bench.Capabilities();
  if (!capabilities) return is_not_there(capabilities.error());
  report.worker = capabilities->worker_id + " " + capabilities->version;
  for (const auto& checks : {GeneralChecks(), VoiceChecks(), VoiceCallChecks(), RecognizerChecks(),
                             LanguageModelChecks()}) {
    for (const auto& [name, check] : checks) {
      if (!ports::IsWanted(config.only, name)) continue;
      add(ports::RunContractCheck(name, [&bench, check = check] { return check(bench); }));
    }
  }
  return report;
}

}  // namespace parley::rpc
