#include "perception/end_of_turn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "onnx/session.h"
#include "perception/turn_features.h"

namespace parley::perception {
namespace {

class SmartTurn final : public EndOfTurnModel {
 public:
  explicit SmartTurn(std::unique_ptr<onnx::Session> session) : session_(std::move(session)) {}

  Result<float> Score(std::span<const float> audio) const override {
    constexpr std::array<int64_t, 3> kInputShape = {1, TurnFeatures::kBands, TurnFeatures::kFrames};
    constexpr std::array<int64_t, 2> kOutputShape = {1, 1};
    std::vector<float> features(TurnFeatures::kBands * TurnFeatures::kFrames);
    features_.Compute(audio, features);
    float probability = 0.0f;
    const onnx::Feed feeds[] = {{"input_features", kInputShape, std::span<const float>(features)}};
    const onnx::Sink sinks[] = {{"logits", kOutputShape, std::span(&probability, 1)}};
    PARLEY_TRY_STATUS(session_->RunInto(feeds, sinks));
    return probability;
  }

 private:
  const std::unique_ptr<onnx::Session> session_;
  const TurnFeatures features_;
};

}  // namespace

Result<std::unique_ptr<EndOfTurnModel>> LoadSmartTurn(const std::filesystem::path& path,
                                                      int threads) {
  onnx::Session::Config config;
  config.threads = threads;
  PARLEY_TRY(auto session, onnx::Session::FromFile(path, config));
  std::unique_ptr<EndOfTurnModel> model = std::make_unique<SmartTurn>(std::move(session));
  if (const auto probability = model->Score({}); !probability) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("{} is no smart-turn v3 of the known shape: {}", path.string(),
                            probability.error().message));
  }
  return model;
}

Status EndOfTurnScorer::Config::Validate() const {
  if (waiting_max >= 1 && waiting_max <= 4096) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("end of turn waiting_max = {}; it must lie in 1…4096", waiting_max));
}

class EndOfTurnScorer::Pool {
 public:
  struct Question {
    SessionId session;
    PauseId pause;
    std::vector<float> audio;
    Callback callback;
    int64_t asked_us = 0;
  };

  Pool(std::unique_ptr<const EndOfTurnModel> model, const Clock& clock, const Config& config)
      : model_(std::move(model)), clock_(clock), config_(config), thread_([this] { Work(); }) {}

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    for (const Question& question : waiting_) Cancel(question, "the scorer was stopped");
  }

  void Ask(Question question) {
    question.asked_us = clock_.NowUs();
    std::optional<Question> older;
    bool refused = false;
    {
      const std::lock_guard lock(mutex_);
      older = Take(question.session);
      refused = waiting_.size() >= config_.waiting_max;
      if (!refused) waiting_.push_back(std::move(question));
    }
    changed_.notify_all();
    if (older) Cancel(*older, "a newer question of the session took its place");
    if (!refused) return;
    question.callback(question.pause,
                      Fail(Code::kResourceExhausted,
                           fmt::format("{} sessions already wait for an end-of-turn score, the "
                                       "limit; decide by silence alone",
                                       config_.waiting_max)));
  }

  void Forget(SessionId session) {
    std::optional<Question> forgotten;
    {
      const std::lock_guard lock(mutex_);
      forgotten = Take(session);
    }
    if (forgotten) Cancel(*forgotten, "the session is over");
  }

  size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  static void Cancel(const Question& question, const char* why) {
    question.callback(question.pause, Fail(Code::kCancelled, why));
  }

  // The session's waiting question, taken out. With mutex_ held.
  std::optional<Question> Take(SessionId session) {
    const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                                 [&](const Question& q) { return q.session == session; });
    if (at == waiting_.end()) return std::nullopt;
    std::optional<Question> taken(std::move(*at));
    waiting_.erase(at);
    return taken;
  }

  std::optional<Question> Next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return std::nullopt;
    std::optional<Question> question(std::move(waiting_.front()));
    waiting_.pop_front();
    return question;
  }

  void Work() {
    while (const std::optional<Question> question = Next()) {
      const int64_t started_us = clock_.NowUs();
      const Result<float> probability = model_->Score(question->audio);
      if (!probability) {
        question->callback(question->pause, Fail(probability.error()));
        continue;
      }
      EndOfTurnScore score;
      score.probability = *probability;
      score.wait_us = started_us - question->asked_us;
      score.compute_us = clock_.NowUs() - started_us;
      question->callback(question->pause, score);
    }
  }

  const std::unique_ptr<const EndOfTurnModel> model_;
  const Clock& clock_;
  const Config config_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> waiting_;  // guarded by mutex_, at most config_.waiting_max
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;            // last: it uses all of the above
};

EndOfTurnScorer::EndOfTurnScorer(std::unique_ptr<const EndOfTurnModel> model, const Clock& clock,
                                 const Config& config)
    : pool_(std::make_unique<Pool>(std::move(model), clock, config)) {
  PARLEY_CHECK(config.Validate());
}

EndOfTurnScorer::~EndOfTurnScorer() = default;

void EndOfTurnScorer::Ask(SessionId session, PauseId pause, std::vector<float> audio,
                          Callback callback) {
  Pool::Question question;
  question.session = session;
  question.pause = pause;
  question.audio = std::move(audio);
  question.callback = std::move(callback);
  pool_->Ask(std::move(question));
}

void EndOfTurnScorer::Forget(SessionId session) { pool_->Forget(session); }
size_t EndOfTurnScorer::waiting() const { return pool_->waiting(); }

}  // namespace parley::perception
