#include "worker/engine_ports.h"

#include <utility>

#include "worker/internal/language_model_stream.h"
#include "worker/internal/recognizer_stream.h"
#include "worker/internal/voice_stream.h"

namespace parley::worker {
namespace {

// Runs calls on a stream's life on the executor, in order. The last reference of the caller's side
// goes over too, so that the life ends there.
template <class Life>
class Remote {
 public:
  Remote(net::Executor& executor, std::shared_ptr<Life> life)
      : executor_(executor), life_(std::move(life)) {
    Run([](Life& begun) { begun.Begin(); });
  }
  ~Remote() {
    life_->CloseSink();
    executor_.Post([life = std::move(life_)] { life->Cancel(); });
  }

  template <class Act>
  void Run(Act act) {
    executor_.Post([life = life_, act = std::move(act)]() mutable { act(*life); });
  }

 private:
  net::Executor& executor_;
  std::shared_ptr<Life> life_;
};

class VoiceHandle final : public ports::Voice::Stream {
 public:
  VoiceHandle(net::Executor& executor, std::shared_ptr<VoiceStream> life)
      : remote_(executor, std::move(life)) {}

  void Speak(UtteranceId utterance, std::string text, std::string context_before) override {
    remote_.Run([utterance, text = std::move(text),
                 context = std::move(context_before)](VoiceStream& life) mutable {
      life.Speak(utterance, std::move(text), std::move(context));
    });
  }
  void EndOfText() override {
    remote_.Run([](VoiceStream& life) { life.EndOfText(); });
  }
  void Pause() override {
    remote_.Run([](VoiceStream& life) { life.Pause(); });
  }
  void Resume() override {
    remote_.Run([](VoiceStream& life) { life.Resume(); });
  }
  void Cancel() override {
    remote_.Run([](VoiceStream& life) { life.Cancel(); });
  }
  void Grant(int64_t samples) override {
    remote_.Run([samples](VoiceStream& life) { life.Grant(samples); });
  }

 private:
  Remote<VoiceStream> remote_;
};

class RecognizerHandle final : public ports::Recognizer::Stream {
 public:
  RecognizerHandle(net::Executor& executor, std::shared_ptr<RecognizerStream> life)
      : remote_(executor, std::move(life)) {}

  void Audio(int64_t first_sample, std::span<const int16_t> pcm) override {
    remote_.Run(
        [first_sample, samples = std::vector<int16_t>(pcm.begin(), pcm.end())](
            RecognizerStream& life) mutable { life.Audio(first_sample, std::move(samples)); });
  }
  void SetPartials(bool on) override {
    remote_.Run([on](RecognizerStream& life) { life.SetPartials(on); });
  }
  // Everything up to `upto_sample` came before, so it is in order.
  void Flush(FlushId flush, int64_t) override {
    remote_.Run([flush](RecognizerStream& life) { life.Flush(flush); });
  }
  void End() override {
    remote_.Run([](RecognizerStream& life) { life.End(); });
  }
  void Cancel() override {
    remote_.Run([](RecognizerStream& life) { life.Cancel(); });
  }

 private:
  Remote<RecognizerStream> remote_;
};

class LanguageModelHandle final : public ports::LanguageModel::Stream {
 public:
  LanguageModelHandle(net::Executor& executor, std::shared_ptr<LanguageModelStream> life)
      : remote_(executor, std::move(life)) {}
  void Cancel() override {
    remote_.Run([](LanguageModelStream& life) { life.Cancel(); });
  }

 private:
  Remote<LanguageModelStream> remote_;
};

}  // namespace

std::unique_ptr<ports::Voice::Stream> EngineVoice::Start(Request request, Sink sink) {
  const VoiceStream::Deps deps{deps_.clock, deps_.metrics, deps_.executor, deps_.models,
                               normalizers_};
  return std::make_unique<VoiceHandle>(
      deps_.executor,
      std::make_shared<VoiceStream>(config_, deps, std::move(request), std::move(sink)));
}

std::unique_ptr<ports::Recognizer::Stream> EngineRecognizer::Start(Request request, Sink sink) {
  const RecognizerStream::Deps deps{deps_.clock, deps_.metrics, deps_.executor, deps_.models};
  return std::make_unique<RecognizerHandle>(
      deps_.executor,
      std::make_shared<RecognizerStream>(deps, std::move(request), std::move(sink)));
}

std::unique_ptr<ports::LanguageModel::Stream> EngineLanguageModel::Start(Request request,
                                                                         Sink sink) {
  const LanguageModelStream::Deps deps{deps_.clock, deps_.metrics, deps_.executor, deps_.models};
  return std::make_unique<LanguageModelHandle>(
      deps_.executor,
      std::make_shared<LanguageModelStream>(deps, std::move(request), std::move(sink)));
}

void EngineModelHost::List(Callback<std::vector<ports::ModelInfo>> done) {
  deps_.executor.Post([this, done = std::move(done)] { done(deps_.models.List()); });
}

void EngineModelHost::Load(std::string model, int64_t timeout_ms, LoadSink sink) {
  deps_.executor.Post([this, model = std::move(model), timeout_ms, sink = std::move(sink)] {
    deps_.models.Load(model, deps_.clock.NowUs() + timeout_ms * 1000, sink);
  });
}

void EngineModelHost::Unload(std::string model, bool force, Callback<void> done) {
  deps_.executor.Post([this, model = std::move(model), force, done = std::move(done)] {
    deps_.models.Unload(model, force, done);
  });
}

void EngineModelHost::Reload(Callback<ReloadReport> done) {
  deps_.executor.Post([this, done = std::move(done)] { done(deps_.models.Reload()); });
}

void EngineModelHost::Capabilities(Callback<ports::WorkerCapabilities> done) {
  deps_.executor.Post([this, done = std::move(done)] {
    ports::WorkerCapabilities all{
        .worker_id = identity_.worker_id, .version = identity_.version, .device = identity_.device};
    all.draining = deps_.models.draining();
    all.not_ready_why = deps_.models.not_ready_why();
    all.ready = all.not_ready_why.empty();
    all.models = deps_.models.List();
    done(std::move(all));
  });
}

void EngineModelHost::Drain(int64_t deadline_ms, Callback<void> done) {
  deps_.executor.Post([this, deadline_ms, done = std::move(done)] {
    deps_.models.Drain(deps_.clock.NowUs() + deadline_ms * 1000, done);
  });
}

}  // namespace parley::worker
