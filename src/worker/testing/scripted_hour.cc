#include "worker/testing/scripted_hour.h"

#include <array>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "net/testing/manual_executor.h"
#include "worker/model_manager.h"
#include "worker/testing/fake_launcher.h"

namespace parley::worker::testing {
namespace {

constexpr int64_t kMb = 1'000'000;
constexpr int64_t kHourS = 3'600;
constexpr int64_t kDeadlineMs = 90'000;  // of a call that waits for its model

struct Model {
  const char* id;
  const char* kind;
  int64_t memory_mb;
  int64_t load_s;
};
constexpr std::array kModels = {Model{"anna", "tts", 400, 2}, Model{"bert", "tts", 600, 3},
                                Model{"carl", "tts", 900, 5}, Model{"dora", "tts", 1'400, 8},
                                Model{"ears", "asr", 300, 1}, Model{"mind", "llm", 800, 6}};

struct Step {
  int64_t second;
  enum class What { kCall, kCrash, kChange } what;
  const char* model;
  int64_t for_s = 0;
};
using enum Step::What;
constexpr std::array kScript = {
    Step{30, kCall, "anna", 40},     // the default is there at once
    Step{60, kCall, "bert", 30},     // on demand
    Step{120, kCall, "carl", 20},    // no room until bert has served its residency
    Step{200, kCall, "anna", 300},   // a long call …
    Step{240, kChange, "anna"},      // … which ends with the old files, others get the new ones
    Step{520, kCall, "mind", 10},    // from now on it is known what it needs
    Step{700, kCall, "carl", 400},   // in use beyond its time to live
    Step{720, kCall, "bert", 10},    // nothing may leave: refused when its patience is over
    Step{1'200, kCall, "dora", 60},  // carl goes for the cap
    Step{1'300, kCall, "mind", 30},  // dora goes for the memory, though it has just come
    Step{1'500, kCrash, "anna"},     // the default comes back by itself
    Step{2'000, kCall, "bert", 60},  // there is room beside mind
    Step{3'200, kCall, "ears", 10},
};

class Hour {
 public:
  Hour() {
    ModelManager::Config config;
    config.policy.memory_budget_bytes = 2'500 * kMb;
    config.defaults = {{ModelKind::kTts, "anna"}, {ModelKind::kAsr, "ears"}};
    config.engines.sockets["fake"] = "/not/used";
    for (const Model& model : kModels) {
      catalog::Pack pack;
      pack.id = model.id;
      pack.engine = "fake";
      pack.kind = model.kind;
      pack.options["model"] = model.id;
      packs_.push_back(std::move(pack));
      trace_.models.emplace_back(model.id);
    }
    trace_.budget_mb = config.policy.memory_budget_bytes / kMb;
    launcher_.load_at_once = false;
    manager_ = std::move(
        *ModelManager::Create(config, {.clock = clock_,
                                       .metrics = metrics_,
                                       .executor = executor_,
                                       .launcher = launcher_,
                                       .packs = [this](std::vector<Error>*) { return packs_; },
                                       .serving = [](const std::string&, bool) {}}));
  }
  ~Hour() {
    calls_.clear();
    manager_->Stop([] {});
    executor_.RunReady();
  }

  HourTrace Run() {
    manager_->Start();
    for (second_ = 0; second_ < kHourS; ++second_) {
      for (const Step& step : kScript) {
        if (step.second == second_) Do(step);
      }
      EndCalls();
      FinishLoads();
      executor_.RunReady();
      Look();
      executor_.AdvanceMs(1'000);
    }
    return std::move(trace_);
  }

 private:
  struct Call {
    std::string model;
    int64_t for_s = 0;
    std::optional<ModelLease> lease;
    int64_t until_s = 0;
    bool over = false;
  };

  void Tell(std::string what) { trace_.moments.push_back({second_, std::move(what)}); }

  void Do(const Step& step) {
    if (step.what == kCall) return Ask(step);
    if (step.what == kChange) {
      for (auto& pack : packs_) {
        if (pack.id == step.model) pack.options["edition"] = "new";
      }
      manager_->Reload();
      return Tell(std::string("the files of ") + step.model + " change");
    }
    Tell(std::string(step.model) + " crashes");
    for (size_t i = 0; i < launcher_.launched(); ++i) {
      auto* engine = launcher_.engine(i);
      if (engine != nullptr && ModelOf(*engine).id == std::string(step.model)) {
        return engine->Crash("by the script");
      }
    }
  }

  void Ask(const Step& step) {
    const auto call = std::make_shared<Call>(Call{step.model, step.for_s, std::nullopt});
    calls_.push_back(call);
    const auto kind = KindOf(packs_[IndexOf(step.model)]);
    manager_->Acquire(
        {.model = step.model, .kind = *kind, .deadline_us = clock_.NowUs() + kDeadlineMs * 1000},
        [this, call](Result<ModelLease> lease) {
          Tell("a call for " + call->model + (lease ? " begins" : " is refused"));
          call->over = !lease;
          if (!lease) return;
          call->lease = std::move(*lease);
          call->until_s = second_ + call->for_s;
        });
  }

  void EndCalls() {
    std::erase_if(calls_, [this](const auto& call) {
      const bool ends = call->lease && second_ >= call->until_s;
      if (ends) Tell("a call for " + call->model + " ends");
      return ends || call->over;
    });
  }

  // Engines answer their load when their time has come.
  void FinishLoads() {
    for (size_t i = 0; i < launcher_.launched(); ++i) {
      auto* engine = launcher_.engine(i);
      if (engine == nullptr || loaded_.contains(i)) continue;
      const Model& model = ModelOf(*engine);
      const int64_t due_s = due_.try_emplace(i, second_ + model.load_s).first->second;
      if (second_ < due_s) continue;
      loaded_.insert(i);
      engine::Loaded answer = launcher_.loaded;
      answer.memory_bytes = model.memory_mb * kMb;
      engine->FinishLoad(answer);
    }
  }

  static size_t IndexOf(const std::string& id) {
    for (size_t i = 0; i < kModels.size(); ++i) {
      if (kModels[i].id == id) return i;
    }
    PARLEY_CHECK(false);
    return 0;
  }
  static const Model& ModelOf(const FakeLauncher::Engine& engine) {
    return kModels[IndexOf(std::get<std::string>(engine.load().options.at("model")))];
  }

  // What has changed since the last second, and what is held.
  void Look() {
    for (const auto& info : manager_->List()) {
      const std::string state(ports::ModelStateName(info.state));
      std::string& before = states_.try_emplace(info.id, "absent").first->second;
      if (before != state) Tell(info.id + " is " + state);
      before = state;
    }
    HourTrace::Sample sample{second_, std::vector<int64_t>(kModels.size())};
    for (size_t i = 0; i < launcher_.launched(); ++i) {
      const auto* engine = launcher_.engine(i);
      if (engine == nullptr) continue;
      const Model& model = ModelOf(*engine);
      sample.memory_mb[IndexOf(model.id)] += model.memory_mb;
    }
    trace_.samples.push_back(std::move(sample));
  }

  HourTrace trace_;
  FakeClock clock_;
  net::testing::ManualExecutor executor_{clock_};
  metrics::Registry registry_;
  metrics::WorkerMetrics metrics_{registry_};
  FakeLauncher launcher_;
  std::vector<catalog::Pack> packs_;
  std::unique_ptr<ModelManager> manager_;
  std::vector<std::shared_ptr<Call>> calls_;
  std::map<std::string, std::string> states_;
  std::map<size_t, int64_t> due_;
  std::set<size_t> loaded_;
  int64_t second_ = 0;
};

}  // namespace

HourTrace RunScriptedHour() { return Hour().Run(); }

std::string ToJson(const HourTrace& trace) {
  nlohmann::json json{{"models", trace.models}, {"budget_mb", trace.budget_mb}};
  for (const auto& moment : trace.moments) {
    json["moments"].push_back({{"second", moment.second}, {"what", moment.what}});
  }
  for (const auto& sample : trace.samples) {
    json["samples"].push_back({{"second", sample.second}, {"memory_mb", sample.memory_mb}});
  }
  return json.dump(1);
}

}  // namespace parley::worker::testing
