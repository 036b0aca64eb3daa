#include "rpc/speech_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "parley/speech/v1/speech.grpc.pb.h"
#include "rpc/internal/model_host_service.h"
#include "rpc/internal/server_stream.h"

namespace parley::rpc {
namespace {

constexpr size_t kTlsFileBytesMax = 1 << 20;
constexpr const char* kBearer = "Bearer ";

class Service final : public pb::Speech::CallbackService {
 public:
  Service(SpeechServer::Deps deps, Secret key) : deps_(deps), key_(std::move(key)) {}

  grpc::ServerBidiReactor<pb::SynthesizeRequest, pb::SynthesizeResponse>* Synthesize(
      grpc::CallbackServerContext* context) override {
    return Serve<VoiceTraits>(*context, deps_.voice);
  }
  grpc::ServerBidiReactor<pb::TranscribeRequest, pb::TranscribeResponse>* Transcribe(
      grpc::CallbackServerContext* context) override {
    return Serve<RecognizerTraits>(*context, deps_.recognizer);
  }
  grpc::ServerBidiReactor<pb::GenerateRequest, pb::GenerateResponse>* Generate(
      grpc::CallbackServerContext* context) override {
    return Serve<LanguageModelTraits>(*context, deps_.language_model);
  }

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const pb::ListModelsRequest*,
                                       pb::ListModelsResponse* response) override {
    if (auto* refused = Refuse(context)) return refused;
    return ServeList(context, deps_.model_host, response);
  }
  grpc::ServerUnaryReactor* UnloadModel(grpc::CallbackServerContext* context,
                                        const pb::UnloadModelRequest* request,
                                        pb::UnloadModelResponse*) override {
    if (auto* refused = Refuse(context)) return refused;
    return ServeUnload(context, deps_.model_host, *request);
  }
  grpc::ServerUnaryReactor* ReloadModels(grpc::CallbackServerContext* context,
                                         const pb::ReloadModelsRequest*,
                                         pb::ReloadModelsResponse* response) override {
    if (auto* refused = Refuse(context)) return refused;
    return ServeReload(context, deps_.model_host, response);
  }
  grpc::ServerUnaryReactor* GetCapabilities(grpc::CallbackServerContext* context,
                                            const pb::GetCapabilitiesRequest*,
                                            pb::GetCapabilitiesResponse* response) override {
    if (auto* refused = Refuse(context)) return refused;
    return ServeCapabilities(context, deps_.model_host, response);
  }
  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context,
                                  const pb::DrainRequest* request, pb::DrainResponse*) override {
    if (auto* refused = Refuse(context)) return refused;
    return ServeDrain(context, deps_.model_host, *request);
  }
  grpc::ServerWriteReactor<pb::LoadModelResponse>* LoadModel(
      grpc::CallbackServerContext* context, const pb::LoadModelRequest* request) override {
    if (auto why = Admit(*context, deps_.model_host); !why) {
      return new RefusedLoad(ToGrpc(why.error()));
    }
    return ServeLoad(deps_.model_host, *request);
  }

 private:
  class RefusedLoad final : public grpc::ServerWriteReactor<pb::LoadModelResponse> {
   public:
    explicit RefusedLoad(const grpc::Status& status) { Finish(status); }
    void OnDone() override { delete this; }
  };

  template <class Traits>
  grpc::ServerBidiReactor<typename Traits::Request, typename Traits::Response>* Serve(
      const grpc::CallbackServerContext& context, typename Traits::Port* port) {
    if (auto why = Admit(context, port); !why) {
      return new RefusedStream<typename Traits::Request, typename Traits::Response>(
          ToGrpc(why.error()));
    }
    return new ServerStream<Traits>(port);
  }

  grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context) {
    const auto why = Admit(*context, deps_.model_host);
    if (why) return nullptr;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpc(why.error()));
    return reactor;
  }

  Status Admit(const grpc::CallbackServerContext& context, const void* port) const {
    if (port == nullptr) return Fail(Code::kUnimplemented, "this server has no such part");
    if (key_.empty()) return {};
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("authorization");
    if (found != metadata.end() && found->second.starts_with(kBearer)) {
      const grpc::string_ref given = found->second.substr(std::strlen(kBearer));
      if (key_.Matches({given.data(), given.size()})) return {};
    }
    return Fail(Code::kUnauthenticated,
                "this worker has a key; send it as metadata 'authorization: Bearer <key>'");
  }

  const SpeechServer::Deps deps_;
  const Secret key_;
};

Result<std::shared_ptr<grpc::ServerCredentials>> Credentials(const TlsConfig& tls) {
  if (tls.certificate_file.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      tls.ca_file.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                          : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  PARLEY_TRY(std::string certificate, ReadFile(tls.certificate_file, kTlsFileBytesMax));
  PARLEY_TRY(std::string key, ReadFile(tls.key_file, kTlsFileBytesMax));
  options.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  if (!tls.ca_file.empty()) {
    PARLEY_TRY(options.pem_root_certs, ReadFile(tls.ca_file, kTlsFileBytesMax));
  }
  return grpc::SslServerCredentials(options);
}

// gRPC would replace any socket, also one that another worker answers on.
Status RefuseLiveSocket(const std::string& path) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0) {
    return Fail(Code::kAlreadyExists, "listening on 'unix:" + path +
                                          "': another process answers there; end it or choose "
                                          "another path");
  }
  return {};
}

void AddKeepalive(grpc::ServerBuilder& builder, int keepalive_ms) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Clients may ask as often as we do.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             keepalive_ms / 2);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

struct SpeechServer::Impl {
  std::string address;
  std::unique_ptr<Service> service;
  std::unique_ptr<grpc::Server> server;
  std::once_flag shut_down;
};

Status SpeechServer::Config::Validate() const {
  PARLEY_TRY_STATUS(ValidateAddress(address));
  PARLEY_TRY_STATUS(tls.Validate());
  if (key.empty() && tls.ca_file.empty() && !IsLoopbackAddress(address)) {
    return Fail(Code::kFailedPrecondition,
                "address '" + address +
                    "' is reachable from other machines, so a key or mutual TLS must be set");
  }
  if (keepalive_ms < 1'000) {
    return Fail(Code::kInvalidArgument,
                "keepalive_ms is " + std::to_string(keepalive_ms) + ", must be at least 1000");
  }
  return {};
}

SpeechServer::SpeechServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpeechServer::~SpeechServer() { Shutdown(0); }

Result<std::unique_ptr<SpeechServer>> SpeechServer::Create(const Config& config, const Deps& deps) {
  PARLEY_TRY_STATUS(config.Validate());
  const bool is_unix = IsUnixAddress(config.address);
  if (is_unix) PARLEY_TRY_STATUS(RefuseLiveSocket(config.address.substr(5)));
  PARLEY_TRY(auto credentials, Credentials(config.tls));

  static std::once_flag plugins;
  std::call_once(plugins, [] {
    grpc::EnableDefaultHealthCheckService(true);
    // What gRPC has to say is for who debugs it; what matters comes back as an error.
    gpr_set_log_function([](gpr_log_func_args* args) {
      log::Debug("grpc file={} line={} message=\"{}\"", args->file, args->line, args->message);
    });
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
  auto impl = std::make_unique<Impl>();
  impl->service = std::make_unique<Service>(deps, config.key);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(config.address, credentials, &port);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.SetMaxSendMessageSize(kMessageBytesMax);
  AddKeepalive(builder, config.keepalive_ms);
  builder.RegisterService(impl->service.get());
  // The socket must never be there with wider rights, not even for a moment.
  const mode_t mask = is_unix ? ::umask(0177) : 0;
  impl->server = builder.BuildAndStart();
  if (is_unix) ::umask(mask);
  if (impl->server == nullptr || (!is_unix && port == 0)) {
    return Fail(Code::kUnavailable, "listening on '" + config.address +
                                        "' failed: is it taken, or its folder missing?");
  }
  impl->address =
      is_unix ? config.address
              : config.address.substr(0, config.address.rfind(':') + 1) + std::to_string(port);
  impl->server->GetHealthCheckService()->SetServingStatus(false);
  return std::unique_ptr<SpeechServer>(new SpeechServer(std::move(impl)));
}

const std::string& SpeechServer::address() const { return impl_->address; }

void SpeechServer::SetServing(const std::string& service, bool serving) {
  auto* health = impl_->server->GetHealthCheckService();
  health->SetServingStatus(service, serving);
  if (service.empty()) health->SetServingStatus(pb::Speech::service_full_name(), serving);
}

void SpeechServer::Shutdown(int64_t deadline_ms) {
  std::call_once(impl_->shut_down, [this, deadline_ms] {
    impl_->server->Shutdown(std::chrono::system_clock::now() +
                            std::chrono::milliseconds(deadline_ms));
    impl_->server->Wait();
  });
}

}  // namespace parley::rpc
