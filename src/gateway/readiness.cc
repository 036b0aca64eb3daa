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

Readiness::Readiness(bool needs_language_model, std::function<void()> on_ready)
    : needs_language_model_(needs_language_model), on_ready_(std::move(on_ready)) {}

ReadyState Readiness::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Readiness::Update(const Result<std::vector<ports::ModelInfo>>& models) {
  ReadyState judged = JudgeReadiness(models, needs_language_model_);
  const bool ready = judged.ready;
  bool before = false;
  {
    const std::lock_guard lock(mutex_);
    before = state_.ready;
    if (!ready && (before || state_.missing != judged.missing)) {
      log::Info("not_ready why=\"{}\"", fmt::join(judged.missing, "; "));
    }
    state_ = std::move(judged);
  }
  if (!ready || before) return;
  log::Info("ready");
  on_ready_();
}

}  // namespace parley::gateway
