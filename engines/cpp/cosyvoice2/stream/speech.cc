#include "cosyvoice2/stream/speech.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "cosyvoice2/hift/vocoder_stream.h"
#include "cosyvoice2/profile/profile.h"

namespace parley::cosyvoice2 {
namespace {

// Tokens on their way from the language model to the flow; as many as an utterance may have.
class TokenLine {
 public:
  void Push(int token) {
    const std::lock_guard lock(mutex_);
    tokens_.push_back(token);
    changed_.notify_one();
  }
  void End(Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    ended_ = true;
    changed_.notify_one();
  }
  struct Seen {
    std::vector<int> tokens;
    bool ended;
    Status status;
  };
  // Once there are `wanted` tokens, or all.
  Seen Wait(int64_t wanted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || static_cast<int64_t>(tokens_.size()) >= wanted; });
    return {tokens_, ended_, status_};
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> tokens_;
  bool ended_ = false;
  Status status_;
};

struct MelPiece {
  std::vector<float> frames;
  bool last = false;
};

// Mel frames on their way from the flow to the vocoder: two pieces at most.
class MelLine {
 public:
  // False once nobody takes any more.
  bool Push(MelPiece piece) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || pieces_.size() < kPiecesMax; });
    if (closed_) return false;
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
    return true;
  }
  void End(Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    ended_ = true;
    changed_.notify_all();
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Nothing at the end, or an error of those before.
  Result<std::optional<MelPiece>> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !pieces_.empty(); });
    if (!pieces_.empty()) {
      std::optional<MelPiece> piece = std::move(pieces_.front());
      pieces_.pop_front();
      changed_.notify_all();
      return piece;
    }
    PARLEY_TRY_STATUS(status_);
    return std::optional<MelPiece>();
  }

 private:
  static constexpr size_t kPiecesMax = 2;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<MelPiece> pieces_;
  bool ended_ = false;
  bool closed_ = false;
  Status status_;
};

// Frames between frames, linearly, as torch's interpolate does with unaligned corners.
std::vector<float> Stretch(const std::vector<float>& mel, double speed) {
  const auto frames = static_cast<int64_t>(mel.size()) / kMelChannels;
  const auto wanted = static_cast<int64_t>(static_cast<double>(frames) / speed);
  std::vector<float> out(static_cast<size_t>(wanted * kMelChannels));
  for (int64_t i = 0; i < wanted; ++i) {
    const double at =
        (static_cast<double>(i) + 0.5) * static_cast<double>(frames) / static_cast<double>(wanted) -
        0.5;
    const double clamped = std::clamp(at, 0.0, static_cast<double>(frames - 1));
    const auto before = static_cast<int64_t>(clamped);
    const int64_t after = std::min(before + 1, frames - 1);
    const auto part = static_cast<float>(clamped - static_cast<double>(before));
    for (int64_t c = 0; c < kMelChannels; ++c) {
      out[i * kMelChannels + c] =
          (1 - part) * mel[before * kMelChannels + c] + part * mel[after * kMelChannels + c];
    }
  }
  return out;
}

}  // namespace

class Speech::Utterance {
 public:
  Utterance(Speech& speech, const SpeechTask& request, const Sink& sink)
      : speech_(speech), request_(request), sink_(sink), noise_(request.seed) {}

  Status Run() {
    for (nn::Executor* executor :
         {&speech_.lm_executor_, &speech_.flow_executor_, &speech_.vocoder_executor_}) {
      executor->set_cancelled([this] { return stopped(); });
    }
    std::thread lm([this] {
      profile::SetRow(speech_.name_ + " lm");
      tokens_.End(MakeTokens());
    });
    std::thread flow([this] {
      profile::SetRow(speech_.name_ + " flow");
      mel_.End(MakeMel());
    });
    profile::SetRow(speech_.name_);
    Status status = MakeSound();
    stopped_ = true;
    mel_.Close();
    flow.join();
    lm.join();
    const bool left = sink_.cancelled && sink_.cancelled();
    if (left || nobody_listens_) return {};
    return status;
  }

 private:
  bool stopped() const {
    return stopped_.load(std::memory_order_relaxed) || (sink_.cancelled && sink_.cancelled());
  }

  Status MakeTokens() {
    SeededUniforms uniforms(request_.seed);
    int count = 0;
    const SpeechTaker taker = {.on_token = [&](int token) {
      tokens_.Push(token);
      if (sink_.on_tokens) sink_.on_tokens(++count);
      return !stopped();
    }};
    nn::Executor& executor = speech_.lm_executor_;
    const auto end =
        request_.more
            ? GenerateSpeechFromStream(speech_.lm_, executor, request_.text, request_.more,
                                       request_.rules, uniforms, taker, speech_.batcher_)
            : GenerateSpeech(speech_.lm_, executor, request_.text, request_.rules, uniforms, taker,
                             speech_.batcher_);
    if (!end) return Fail(end.error());
    return {};
  }

  Status MakeMel() {
    HopPlan plan(request_.hops, static_cast<int64_t>(request_.prompt->tokens.size()));
    MelStream stream(speech_.flow_, *request_.prompt, request_.cache, request_.hops.faithful);
    std::vector<float> all;
    while (true) {
      const TokenLine::Seen seen = tokens_.Wait(plan.wanted());
      PARLEY_TRY_STATUS(seen.status);
      const auto hop = plan.Next(static_cast<int64_t>(seen.tokens.size()), seen.ended);
      if (!hop) return {};
      PARLEY_TRY(std::vector<float> frames, stream.Next(speech_.flow_executor_, seen.tokens, *hop));
      if (request_.speed != 1) {
        all.insert(all.end(), frames.begin(), frames.end());
        if (!hop->last) continue;
        frames = Stretch(all, request_.speed);
      }
      if (!mel_.Push({std::move(frames), hop->last}) || hop->last) return {};
    }
  }

  Status MakeSound() {
    VocoderStream vocoder(speech_.hift_, noise_, {.faithful = request_.faithful_seams});
    while (true) {
      PARLEY_TRY(const auto piece, mel_.Pop());
      if (!piece) return {};
      PARLEY_TRY(const std::vector<float> sound,
                 vocoder.Next(speech_.vocoder_executor_, piece->frames, piece->last));
      if (sound.empty() || sink_.on_audio(sound)) continue;
      nobody_listens_ = true;
      return {};
    }
  }

  Speech& speech_;
  const SpeechTask& request_;
  const Sink& sink_;
  const SeededNoise noise_;
  TokenLine tokens_;
  MelLine mel_;
  std::atomic<bool> stopped_ = false;
  bool nobody_listens_ = false;
};

Speech::Speech(const Lm& lm, const Flow& flow, const Hift& hift, const SpeechThreads& threads,
               const SpeechShared& shared, std::string name)
    : lm_(lm),
      flow_(flow),
      hift_(hift),
      share_(shared.cores != nullptr ? shared.cores
                                     : std::make_shared<nn::CoreShare>(threads.flow)),
      batcher_(shared.batcher),
      name_(std::move(name)),
      lm_executor_(threads.lm, share_),
      flow_executor_(threads.flow, share_),
      vocoder_executor_(threads.vocoder, share_) {}

Status Speech::Speak(const SpeechTask& request, const Sink& sink) {
  return Utterance(*this, request, sink).Run();
}

}  // namespace parley::cosyvoice2
