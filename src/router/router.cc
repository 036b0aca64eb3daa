#include "router/router.h"

#include <algorithm>
#include <map>
#include <utility>

#include "router/internal/routed_stream.h"
#include "router/internal/voice_memory.h"
#include "router/internal/worker_table.h"

namespace parley::router {

using ports::LanguageModel;
using ports::Recognizer;
using ports::Voice;

namespace {

struct VoiceTraits {
  using Port = Voice;
  static constexpr bool kRepeatsAfterContent = false;
  static constexpr bool kWatched = true;
  static constexpr ports::ModelKind kKind = ports::ModelKind::kTts;
  using Memory = VoiceMemory;
  static bool IsSound(const Voice::Event& event) {
    return std::holds_alternative<Voice::Audio>(event);
  }
  static Voice* Of(const WorkerLink& link) { return link.voice; }
  static Wanted For(const Voice::Request& request) {
    return {ports::ModelKind::kTts, request.model, request.language};
  }
  static const std::string& Session(const Voice::Request& request) { return request.session; }
  // Another model's voices have other names.
  static void StandIn(Voice::Request& request) { request.voice.clear(); }
  static bool IsContent(const Voice::Event& event) {
    return std::holds_alternative<Voice::Audio>(event) ||
           std::holds_alternative<Voice::Mark>(event) ||
           std::holds_alternative<Voice::Done>(event) ||
           std::holds_alternative<Voice::Paused>(event) ||
           std::holds_alternative<Voice::Failed>(event);
  }
  static std::vector<Voice::Event> Acknowledge(const Memory& memory) {
    std::vector<Voice::Event> events;
    for (const UtteranceId id : memory.open()) {
      events.push_back(Voice::Done{id, Voice::DoneReason::kCancelled, {}});
    }
    events.push_back(Voice::Finished{});
    return events;
  }
};

struct RecognizerTraits {
  using Port = Recognizer;
  // Another worker hears the segment from its start, and its answers cover it from there.
  static constexpr bool kRepeatsAfterContent = true;
  static constexpr bool kWatched = false;
  static constexpr ports::ModelKind kKind = ports::ModelKind::kAsr;
  static bool IsSound(const Recognizer::Event&) { return false; }
  struct Memory {
    explicit Memory(const Recognizer::Request&) {}
    void OnStart(int64_t) {}
    std::optional<Wait> Waiting() const { return std::nullopt; }
    std::set<uint64_t> answered;  // flushes
    bool roomed = false;          // the initial credit was passed on
    bool fresh = true;            // nothing of this attempt has come
    int64_t sent = 0;             // samples that the caller gave
    int64_t repeated = 0;         // of them, given again: their credit was passed on before

    bool Passes(Recognizer::Event& event, int64_t) {
      if (auto* credit = std::get_if<Recognizer::Credit>(&event)) return PassesCredit(*credit);
      const auto* final = std::get_if<Recognizer::Final>(&event);
      return !final || !final->flush || answered.insert(final->flush->value).second;
    }
    bool PassesCredit(Recognizer::Credit& credit) {
      if (std::exchange(fresh, false)) return !std::exchange(roomed, true);
      const int64_t known = std::min(repeated, credit.samples);
      repeated -= known;
      credit.samples -= known;
      return credit.samples > 0;
    }
    void OnRepeat() {
      fresh = true;
      repeated = sent;
    }
  };
  static Recognizer* Of(const WorkerLink& link) { return link.recognizer; }
  static Wanted For(const Recognizer::Request& request) {
    return {ports::ModelKind::kAsr, request.model, request.language};
  }
  static const std::string& Session(const Recognizer::Request& request) { return request.session; }
  static void StandIn(Recognizer::Request&) {}
  static bool IsContent(const Recognizer::Event&) { return false; }
  static std::vector<Recognizer::Event> Acknowledge(const Memory&) {
    return {Recognizer::Finished{}};
  }
};

struct LanguageModelTraits {
  using Port = LanguageModel;
  static constexpr bool kRepeatsAfterContent = false;
  static constexpr bool kWatched = false;
  static constexpr ports::ModelKind kKind = ports::ModelKind::kLlm;
  static bool IsSound(const LanguageModel::Event&) { return false; }
  struct Memory {
    explicit Memory(const LanguageModel::Request&) {}
    void OnStart(int64_t) {}
    std::optional<Wait> Waiting() const { return std::nullopt; }
    bool Passes(const LanguageModel::Event&, int64_t) { return true; }
    void OnRepeat() {}
  };
  static LanguageModel* Of(const WorkerLink& link) { return link.language_model; }
  static Wanted For(const LanguageModel::Request& request) {
    return {ports::ModelKind::kLlm, request.model, ""};
  }
  static const std::string& Session(const LanguageModel::Request& request) {
    return request.prefix_key;
  }
  static void StandIn(LanguageModel::Request&) {}
  static bool IsContent(const LanguageModel::Event& event) { return !IsLast(event); }
  static std::vector<LanguageModel::Event> Acknowledge(const Memory&) {
    return {LanguageModel::Done{.reason = LanguageModel::DoneReason::kCancelled}};
  }
};

class RoutedVoice final : public Voice {
 public:
  explicit RoutedVoice(std::shared_ptr<WorkerTable> table) : table_(std::move(table)) {}
  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    return std::make_unique<Handle>(
        std::make_shared<RoutedStream<VoiceTraits>>(table_, std::move(request), std::move(sink)));
  }

 private:
  class Handle final : public Stream {
   public:
    explicit Handle(std::shared_ptr<RoutedStream<VoiceTraits>> routed)
        : routed_(std::move(routed)) {
      routed_->Begin();
    }
    ~Handle() override { routed_->Close(); }
    void Speak(UtteranceId utterance, std::string text, std::string context_before) override {
      routed_->Remember([&](auto& memory, int64_t now_us) { memory.OnSpeak(utterance, now_us); });
      const size_t bytes = text.size() + context_before.size();
      routed_->Call([utterance, text = std::move(text), context = std::move(context_before)](
                        Stream& stream) { stream.Speak(utterance, text, context); },
                    bytes);
    }
    void EndOfText() override {
      routed_->Call([](Stream& stream) { stream.EndOfText(); }, 0);
    }
    void Pause() override {
      routed_->Remember([](auto& memory, int64_t now_us) { memory.OnPause(true, now_us); });
      routed_->Call([](Stream& stream) { stream.Pause(); }, 0);
    }
    void Resume() override {
      routed_->Remember([](auto& memory, int64_t now_us) { memory.OnPause(false, now_us); });
      routed_->Call([](Stream& stream) { stream.Resume(); }, 0);
    }
    void Cancel() override { routed_->Cancel(); }
    void Grant(int64_t samples) override {
      routed_->Remember([&](auto& memory, int64_t now_us) { memory.OnGrant(samples, now_us); });
      routed_->Call([samples](Stream& stream) { stream.Grant(samples); }, 0);
    }

   private:
    const std::shared_ptr<RoutedStream<VoiceTraits>> routed_;
  };

  const std::shared_ptr<WorkerTable> table_;
};

class RoutedRecognizer final : public Recognizer {
 public:
  explicit RoutedRecognizer(std::shared_ptr<WorkerTable> table) : table_(std::move(table)) {}
  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    return std::make_unique<Handle>(std::make_shared<RoutedStream<RecognizerTraits>>(
        table_, std::move(request), std::move(sink)));
  }

 private:
  class Handle final : public Stream {
   public:
    explicit Handle(std::shared_ptr<RoutedStream<RecognizerTraits>> routed)
        : routed_(std::move(routed)) {
      routed_->Begin();
    }
    ~Handle() override { routed_->Close(); }
    void Audio(int64_t first_sample, std::span<const int16_t> pcm) override {
      routed_->Remember(
          [&](auto& memory, int64_t) { memory.sent += static_cast<int64_t>(pcm.size()); });
      routed_->Call([first_sample, samples = std::vector<int16_t>(pcm.begin(), pcm.end())](
                        Stream& stream) { stream.Audio(first_sample, samples); },
                    pcm.size_bytes());
    }
    void SetPartials(bool on) override {
      routed_->Call([on](Stream& stream) { stream.SetPartials(on); }, 0);
    }
    void Flush(FlushId flush, int64_t upto_sample) override {
      routed_->Call([flush, upto_sample](Stream& stream) { stream.Flush(flush, upto_sample); }, 0);
    }
    void End() override {
      routed_->Call([](Stream& stream) { stream.End(); }, 0);
    }
    void Cancel() override { routed_->Cancel(); }

   private:
    const std::shared_ptr<RoutedStream<RecognizerTraits>> routed_;
  };

  const std::shared_ptr<WorkerTable> table_;
};

class RoutedLanguageModel final : public LanguageModel {
 public:
  explicit RoutedLanguageModel(std::shared_ptr<WorkerTable> table) : table_(std::move(table)) {}
  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    return std::make_unique<Handle>(std::make_shared<RoutedStream<LanguageModelTraits>>(
        table_, std::move(request), std::move(sink)));
  }

 private:
  class Handle final : public Stream {
   public:
    explicit Handle(std::shared_ptr<RoutedStream<LanguageModelTraits>> routed)
        : routed_(std::move(routed)) {
      routed_->Begin();
    }
    ~Handle() override { routed_->Close(); }
    void Cancel() override { routed_->Cancel(); }

   private:
    const std::shared_ptr<RoutedStream<LanguageModelTraits>> routed_;
  };

  const std::shared_ptr<WorkerTable> table_;
};

}  // namespace

class Router::Impl {
 public:
  explicit Impl(std::shared_ptr<WorkerTable> workers)
      : table(std::move(workers)), voice(table), recognizer(table), language_model(table) {}

  const std::shared_ptr<WorkerTable> table;
  RoutedVoice voice;
  RoutedRecognizer recognizer;
  RoutedLanguageModel language_model;
};

Router::Router(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Router::~Router() { impl_->table->Stop(); }

Result<std::unique_ptr<Router>> Router::Create(const Config& config, const Deps& deps,
                                               std::vector<WorkerLink> workers) {
  PARLEY_TRY_STATUS(config.Validate());
  if (workers.empty() && !deps.dial) {
    return Fail(Code::kInvalidArgument, "no workers: name at least one address, or a registry");
  }
  auto table = std::make_shared<WorkerTable>(config, deps, std::move(workers));
  table->Start();
  return std::unique_ptr<Router>(new Router(std::make_shared<Impl>(std::move(table))));
}

Voice& Router::voice() { return impl_->voice; }
Recognizer& Router::recognizer() { return impl_->recognizer; }
LanguageModel& Router::language_model() { return impl_->language_model; }

void Router::Update(std::shared_ptr<const registry::WorkerDirectory::View> view) {
  impl_->table->Update(std::move(view));
}
bool Router::stale() const { return impl_->table->stale(); }

std::vector<Router::WorkerStatus> Router::workers() const { return impl_->table->Status(); }

void Router::Drain(const std::string& name, int64_t deadline_ms,
                   ports::ModelHost::Callback<void> done) {
  const WorkerTable::WorkerHandle worker = impl_->table->Find(name);
  if (!worker) {
    std::string known;
    for (const WorkerStatus& one : workers()) {
      const std::string& its = one.capabilities.worker_id;
      known += (known.empty() ? "" : ", ") + (its.empty() ? one.address : its);
    }
    impl_->table->executor().Post([done = std::move(done), name, known] {
      done(Fail(Code::kNotFound,
                "no worker '" + name + "' here; there is " + (known.empty() ? "none" : known)));
    });
    return;
  }
  // The answer holds the link, which must end on the executor.
  auto answer = [&executor = impl_->table->executor(), worker,
                 done = std::move(done)](Status status) {
    executor.Post([worker, done, status = std::move(status)] { done(status); });
  };
  WorkerTable::LinkOf(*worker).model_host->Drain(deadline_ms, std::move(answer));
}

std::vector<ports::ModelInfo> Router::models() const {
  std::map<std::string, ports::ModelInfo> merged;
  for (const WorkerStatus& worker : workers()) {
    if (!worker.reachable) continue;
    for (const ports::ModelInfo& model : worker.capabilities.models) {
      const auto [at, is_new] = merged.emplace(model.id, model);
      const bool readier =
          model.state == ports::ModelState::kReady && at->second.state != ports::ModelState::kReady;
      if (!is_new && readier) at->second = model;
    }
  }
  std::vector<ports::ModelInfo> all;
  all.reserve(merged.size());
  for (auto& [id, model] : merged) all.push_back(std::move(model));
  return all;
}

std::string Router::not_ready_why() const {
  std::string why;
  if (workers().empty()) return "no worker has announced itself in the registry";
  for (const WorkerStatus& worker : workers()) {
    if (worker.reachable && worker.capabilities.ready) return "";
    const std::string reason =
        worker.reachable ? worker.capabilities.not_ready_why : std::string("cannot be reached");
    why += (why.empty() ? "worker " : "; worker ") + worker.address + ": " + reason;
  }
  return why;
}

void Router::OnChange(std::function<void()> listener) {
  impl_->table->OnChange(std::move(listener));
}

Result<WorkerLink> DialWorker(const rpc::SpeechClient::Config& config) {
  PARLEY_TRY(std::shared_ptr<rpc::SpeechClient> client, rpc::SpeechClient::Create(config));
  return WorkerLink{.address = config.address,
                    .voice = &client->voice(),
                    .recognizer = &client->recognizer(),
                    .language_model = &client->language_model(),
                    .model_host = &client->model_host(),
                    .owner = client};
}

}  // namespace parley::router
