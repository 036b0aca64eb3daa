#include "rpc/speech_client.h"

#include <grpcpp/grpcpp.h>

#include <span>
#include <utility>

#include "base/file.h"
#include "parley/speech/v1/speech.grpc.pb.h"
#include "rpc/internal/client_stream.h"
#include "rpc/internal/connect.h"
#include "rpc/internal/model_host_client.h"

namespace parley::rpc {

using ports::LanguageModel;
using ports::Recognizer;
using ports::Voice;

BrokenCall DescribeBroken(const grpc::Status& status, const std::string& address,
                          const char* call_name) {
  if (status.ok()) {
    return {{Code::kInternal,
             std::string(call_name) + " at " + address + " ended without its last message"},
            true};
  }
  Error error = FromGrpc(status);
  const bool retryable = error.code == Code::kUnavailable || error.code == Code::kCancelled ||
                         error.code == Code::kAborted;
  // A call that we did not cancel was cancelled by a worker that goes down.
  if (error.code == Code::kCancelled) error.code = Code::kUnavailable;
  error.message = std::string(call_name) + " at " + address + ": " + error.message;
  return {std::move(error), retryable};
}

namespace {

constexpr size_t kTlsFileBytesMax = 1 << 20;
// What may wait in a client for a worker that does not read: texts are small, audio has its own.
constexpr size_t kControlBytesMax = 4 * 1024 * 1024;

size_t AudioBytesMax(int sample_rate_hz) {
  return kControlBytesMax +
         static_cast<size_t>(sample_rate_hz) * 2 * Recognizer::kBacklogMaxMs / 1000;
}

// What the three ports of one client share.
struct Link {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<pb::Speech::Stub> stub;
  std::shared_ptr<OpenCalls> calls = std::make_shared<OpenCalls>();
  std::string address;
  Secret authorization;

  template <class Traits>
  std::shared_ptr<ClientCall<Traits>> NewCall(typename Traits::Port::Sink sink) const {
    auto call = std::make_shared<ClientCall<Traits>>(calls, address, std::move(sink));
    if (!authorization.empty()) {
      call->context().AddMetadata("authorization", authorization.Reveal());
    }
    return call;
  }
};

class VoiceClient final : public Voice {
 public:
  explicit VoiceClient(const Link& link) : link_(link) {}

  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    auto call = link_.NewCall<VoiceTraits>(std::move(sink));
    pb::SynthesizeRequest first;
    *first.mutable_start() = ToProto(request);
    call->Start(std::move(first), [this](auto* context, auto* reactor) {
      link_.stub->async()->Synthesize(context, reactor);
    });
    return std::make_unique<ClientStream>(std::move(call));
  }

 private:
  class ClientStream final : public Stream {
   public:
    explicit ClientStream(std::shared_ptr<ClientCall<VoiceTraits>> call) : call_(std::move(call)) {}
    ~ClientStream() override { call_->Abandon(); }

    void Speak(UtteranceId utterance, std::string text, std::string context_before) override {
      pb::SynthesizeRequest request;
      request.mutable_text()->set_utterance_id(utterance.value);
      request.mutable_text()->set_text(std::move(text));
      request.mutable_text()->set_context_before(std::move(context_before));
      Send(std::move(request));
    }
    void EndOfText() override {
      pb::SynthesizeRequest request;
      request.mutable_end_of_text();
      Send(std::move(request));
    }
    void Pause() override {
      pb::SynthesizeRequest request;
      request.mutable_pause();
      Send(std::move(request));
    }
    void Resume() override {
      pb::SynthesizeRequest request;
      request.mutable_resume();
      Send(std::move(request));
    }
    void Cancel() override {
      pb::SynthesizeRequest request;
      request.mutable_cancel();
      call_->Cancel(std::move(request), kControlBytesMax);
    }
    void Grant(int64_t samples) override {
      pb::SynthesizeRequest request;
      request.mutable_credit()->set_samples(samples);
      Send(std::move(request));
    }

   private:
    void Send(pb::SynthesizeRequest request) { call_->Send(std::move(request), kControlBytesMax); }

    const std::shared_ptr<ClientCall<VoiceTraits>> call_;
  };

  const Link& link_;
};

class RecognizerClient final : public Recognizer {
 public:
  explicit RecognizerClient(const Link& link) : link_(link) {}

  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    auto call = link_.NewCall<RecognizerTraits>(std::move(sink));
    pb::TranscribeRequest first;
    *first.mutable_start() = ToProto(request);
    call->Start(std::move(first), [this](auto* context, auto* reactor) {
      link_.stub->async()->Transcribe(context, reactor);
    });
    return std::make_unique<ClientStream>(std::move(call), AudioBytesMax(request.sample_rate_hz));
  }

 private:
  class ClientStream final : public Stream {
   public:
    ClientStream(std::shared_ptr<ClientCall<RecognizerTraits>> call, size_t bytes_max)
        : call_(std::move(call)), bytes_max_(bytes_max) {}
    ~ClientStream() override { call_->Abandon(); }

    // Long audio goes as several messages, each well below the limit of one.
    void Audio(int64_t first_sample, std::span<const int16_t> pcm) override {
      constexpr size_t kSamplesMax = 512 * 1024;
      while (!pcm.empty()) {
        const auto part = pcm.first(std::min(pcm.size(), kSamplesMax));
        pb::TranscribeRequest request;
        request.mutable_audio()->set_first_sample(first_sample);
        request.mutable_audio()->set_pcm(PcmToBytes(part));
        call_->Send(std::move(request), bytes_max_);
        first_sample += static_cast<int64_t>(part.size());
        pcm = pcm.subspan(part.size());
      }
    }
    void SetPartials(bool on) override {
      pb::TranscribeRequest request;
      request.mutable_partials()->set_on(on);
      call_->Send(std::move(request), bytes_max_);
    }
    void Flush(FlushId flush, int64_t upto_sample) override {
      pb::TranscribeRequest request;
      request.mutable_flush()->set_flush_id(flush.value);
      request.mutable_flush()->set_upto_sample(upto_sample);
      call_->Send(std::move(request), bytes_max_);
    }
    void End() override {
      pb::TranscribeRequest request;
      request.mutable_end();
      call_->Send(std::move(request), bytes_max_);
    }
    void Cancel() override {
      pb::TranscribeRequest request;
      request.mutable_cancel();
      call_->Cancel(std::move(request), bytes_max_);
    }

   private:
    const std::shared_ptr<ClientCall<RecognizerTraits>> call_;
    const size_t bytes_max_;
  };

  const Link& link_;
};

class LanguageModelClient final : public LanguageModel {
 public:
  explicit LanguageModelClient(const Link& link) : link_(link) {}

  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    auto call = link_.NewCall<LanguageModelTraits>(std::move(sink));
    pb::GenerateRequest first;
    *first.mutable_start() = ToProto(request);
    call->Start(std::move(first), [this](auto* context, auto* reactor) {
      link_.stub->async()->Generate(context, reactor);
    });
    return std::make_unique<ClientStream>(std::move(call));
  }

 private:
  class ClientStream final : public Stream {
   public:
    explicit ClientStream(std::shared_ptr<ClientCall<LanguageModelTraits>> call)
        : call_(std::move(call)) {}
    ~ClientStream() override { call_->Abandon(); }
    void Cancel() override {
      pb::GenerateRequest request;
      request.mutable_cancel();
      call_->Cancel(std::move(request), kControlBytesMax);
    }

   private:
    const std::shared_ptr<ClientCall<LanguageModelTraits>> call_;
  };

  const Link& link_;
};

Result<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const TlsConfig& tls) {
  if (tls.ca_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  PARLEY_TRY(options.pem_root_certs, ReadFile(tls.ca_file, kTlsFileBytesMax));
  if (!tls.certificate_file.empty()) {
    PARLEY_TRY(options.pem_cert_chain, ReadFile(tls.certificate_file, kTlsFileBytesMax));
    PARLEY_TRY(options.pem_private_key, ReadFile(tls.key_file, kTlsFileBytesMax));
  }
  return grpc::SslCredentials(options);
}

grpc::ChannelArguments Arguments(const SpeechClient::Config& config) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, config.keepalive_ms);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, config.keepalive_ms);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // Also the time that one attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, config.connect_timeout_ms);
  // Clients of one process to one address must not share a connection's fate or its settings.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy named by the environment is not for workers.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!config.tls.server_name.empty()) {
    arguments.SetSslTargetNameOverride(config.tls.server_name);
  }
  return arguments;
}

}  // namespace

struct SpeechClient::Impl {
  explicit Impl(Link l)
      : link(std::move(l)),
        voice(link),
        recognizer(link),
        language_model(link),
        model_host(link.stub.get(), link.calls, link.address, link.authorization) {}

  const Link link;
  VoiceClient voice;
  RecognizerClient recognizer;
  LanguageModelClient language_model;
  ModelHostClient model_host;
};

Status SpeechClient::Config::Validate() const {
  PARLEY_TRY_STATUS(ValidateAddress(address));
  PARLEY_TRY_STATUS(tls.Validate());
  if (!key.empty() && !key_in_clear && tls.ca_file.empty() && !IsLoopbackAddress(address)) {
    return Fail(Code::kFailedPrecondition,
                "the key for the worker at '" + address +
                    "' would cross the network in the clear; set tls.ca_file");
  }
  if (connect_timeout_ms < 100 || keepalive_ms < 1'000) {
    return Fail(Code::kInvalidArgument,
                "connect_timeout_ms is " + std::to_string(connect_timeout_ms) +
                    ", must be at least 100; keepalive_ms is " + std::to_string(keepalive_ms) +
                    ", must be at least 1000");
  }
  return {};
}

SpeechClient::SpeechClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpeechClient::~SpeechClient() { impl_->link.calls->CancelAndWait(); }

Result<std::shared_ptr<grpc::Channel>> Connect(const SpeechClient::Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  PARLEY_TRY(const auto credentials, Credentials(config.tls));
  return grpc::CreateCustomChannel(config.address, credentials, Arguments(config));
}

Result<std::unique_ptr<SpeechClient>> SpeechClient::Create(const Config& config) {
  Link link;
  PARLEY_TRY(link.channel, Connect(config));
  link.stub = pb::Speech::NewStub(link.channel);
  link.address = config.address;
  if (!config.key.empty()) link.authorization = Secret("Bearer " + config.key.Reveal());
  return std::unique_ptr<SpeechClient>(new SpeechClient(std::make_unique<Impl>(std::move(link))));
}

Voice& SpeechClient::voice() { return impl_->voice; }
Recognizer& SpeechClient::recognizer() { return impl_->recognizer; }
LanguageModel& SpeechClient::language_model() { return impl_->language_model; }
ports::ModelHost& SpeechClient::model_host() { return impl_->model_host; }
const std::string& SpeechClient::address() const { return impl_->link.address; }

SpeechClient::Connection SpeechClient::connection(bool connect) {
  switch (impl_->link.channel->GetState(connect)) {
    case GRPC_CHANNEL_READY:
      return Connection::kReady;
    case GRPC_CHANNEL_CONNECTING:
      return Connection::kConnecting;
    case GRPC_CHANNEL_TRANSIENT_FAILURE:
    case GRPC_CHANNEL_SHUTDOWN:
      return Connection::kFailing;
    case GRPC_CHANNEL_IDLE:
      break;
  }
  return Connection::kIdle;
}

}  // namespace parley::rpc
