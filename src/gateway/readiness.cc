#include "gateway/readiness.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/log.h"

namespace parley::gateway {
namespace {

std::string Why(const ports::ModelInfo& model) {
  return model.reason.empty()
             ? fmt::format("{} is {}", model.id, ports::ModelStateName(model.state))
             : fmt::format("{} is {}: {}", model.id, ports::ModelStateName(model.state),
                           model.reason);
}

}  // namespace

ReadyState JudgeReadiness(const Result<std::vector<ports::ModelInfo>>& models,
                          bool needs_language_model) {
  ReadyState state;
  if (!models) {
    state.missing.push_back("worker: " + models.error().message);
    return state;
  }
  state.models = *models;
  constexpr std::array<std::pair<ports::ModelKind, const char*>, 3> kNeeds = {
      {{ports::ModelKind::kTts, "voice"},
       {ports::ModelKind::kAsr, "recognizer"},
       {ports::ModelKind::kLlm, "language model"}}};
  for (const auto& [kind, name] : kNeeds) {
    if (kind == ports::ModelKind::kLlm && !needs_language_model) continue;
    const ports::ModelInfo* chosen = nullptr;
    for (const ports::ModelInfo& model : *models) {
      if (model.kind == kind && model.is_default) chosen = &model;
    }
    if (chosen == nullptr) {
      state.missing.push_back(fmt::format("{}: the worker has no default one", name));
    } else if (chosen->state != ports::ModelState::kReady) {
      state.missing.push_back(fmt::format("{}: {}", name, Why(*chosen)));
    }
  }
  state.ready = state.missing.empty();
  return state;
}

struct Readiness::Shared {
  std::mutex mutex;
  ReadyState state{.ready = false, .missing = {"worker: not asked yet"}, .models = {}};
  Readiness* owner = nullptr;  // of the executor's thread; null once it is gone
};

Readiness::Readiness(const Config& config, ports::ModelHost& host, const Clock& clock,
                     net::Executor& executor)
    : config_(config),
      host_(host),
      clock_(clock),
      executor_(executor),
      timer_(executor.MakeTimer()),
      shared_(std::make_shared<Shared>()) {
  shared_->owner = this;
}

Readiness::~Readiness() { shared_->owner = nullptr; }

void Readiness::Start() { Ask(); }

void Readiness::OnReady(std::function<void()> on_ready) { on_ready_ = std::move(on_ready); }

ReadyState Readiness::state() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->state;
}

void Readiness::Ask() {
  const uint64_t question = ++question_;
  timer_->Start(clock_.NowUs() + int64_t{config_.answer_ms} * 1000, [this, question] {
    OnAnswer(question, Fail(Code::kDeadlineExceeded,
                            fmt::format("no answer within {} ms", config_.answer_ms)));
  });
  host_.List([shared = shared_, &executor = executor_, question](auto models) {
    executor.Post([shared, question, models = std::move(models)]() mutable {
      if (shared->owner) shared->owner->OnAnswer(question, std::move(models));
    });
  });
}

void Readiness::OnAnswer(uint64_t question, Result<std::vector<ports::ModelInfo>> models) {
  if (question != question_) return;
  ++question_;  // what comes after this is late
  ReadyState judged = JudgeReadiness(models, config_.needs_language_model);
  const bool ready = judged.ready;
  bool before = false;
  {
    const std::lock_guard lock(shared_->mutex);
    before = shared_->state.ready;
    if (before && !ready) log::Warn("not_ready why=\"{}\"", fmt::join(judged.missing, "; "));
    shared_->state = std::move(judged);
  }
  timer_->Start(clock_.NowUs() + int64_t{ready ? config_.ask_ready_ms : config_.ask_ms} * 1000,
                [this] { Ask(); });
  if (ready && !before) {
    log::Info("ready");
    if (on_ready_) on_ready_();
  }
}

}  // namespace parley::gateway
