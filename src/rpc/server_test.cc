// Who may reach the server, and what it says about its health.
#include "rpc/speech_server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include "base/testing/temp_dir.h"
#include "ports/testing/fake_voice.h"
#include "rpc/speech_client.h"
#include "rpc/testing/collector.h"

namespace parley::rpc {
namespace {

using ports::Voice;
using testing::Collector;

class Server : public ::testing::Test {
 protected:
  std::string Socket() const { return "unix:" + (dir_.path() / "w.sock").string(); }
  Result<std::unique_ptr<SpeechServer>> Listen(SpeechServer::Config config) {
    return SpeechServer::Create(config, {.voice = &voice_});
  }
  // The code of the failure that ends a stream, kUnknown when it is spoken.
  Code Speak(SpeechClient::Config config) {
    auto client = SpeechClient::Create(config);
    if (!client) return client.error().code;
    Collector<Voice::Event> heard;
    auto stream = (*client)->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
    stream->Speak(UtteranceId{1}, "Hi.", "");
    stream->EndOfText();
    const bool ended =
        heard.WaitFor([](const auto& events) { return !events.empty() && IsLast(events.back()); },
                      [this] { voice_.AdvanceUs(10'000); });
    if (!ended) return Code::kDeadlineExceeded;
    const auto failed = heard.Of<Voice::Failed>();
    return failed.empty() ? Code::kUnknown : failed[0].error.code;
  }

  parley::testing::TempDir dir_;
  ports::testing::FakeVoice voice_;
};

TEST_F(Server, AUnixSocketBelongsToItsUserAlone) {
  const auto server = Listen({.address = Socket()});
  ASSERT_TRUE(server) << server.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(Socket().substr(5).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Server, ALiveSocketIsRefusedAndAStaleOneReplaced) {
  auto first = Listen({.address = Socket()});
  ASSERT_TRUE(first);
  EXPECT_EQ(Listen({.address = Socket()}).error().code, Code::kAlreadyExists);
  first->reset();
  std::ofstream(Socket().substr(5)).put('x');
  const auto again = Listen({.address = Socket()});
  EXPECT_FALSE(again) << "a plain file is not ours to delete";
}

TEST_F(Server, AFreePortIsTaken) {
  const auto server = Listen({.address = "127.0.0.1:0"});
  ASSERT_TRUE(server);
  EXPECT_NE((*server)->address(), "127.0.0.1:0");
  EXPECT_EQ(Speak({.address = (*server)->address()}), Code::kUnknown);
}

TEST_F(Server, ATakenPortIsSaidInPlainWords) {
  const auto server = Listen({.address = "127.0.0.1:0"});
  ASSERT_TRUE(server);
  const auto second = Listen({.address = (*server)->address()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_NE(second.error().message.find("is it taken"), std::string::npos);
}

TEST_F(Server, NothingListensBeyondLoopbackWithoutAKey) {
  EXPECT_EQ(Listen({.address = "0.0.0.0:0"}).error().code, Code::kFailedPrecondition);
}

TEST_F(Server, AKeyIsDemanded) {
  const auto server = Listen({.address = "127.0.0.1:0", .key = Secret("right")});
  ASSERT_TRUE(server);
  const std::string& address = (*server)->address();
  EXPECT_EQ(Speak({.address = address}), Code::kUnauthenticated);
  EXPECT_EQ(Speak({.address = address, .key = Secret("wrong")}), Code::kUnauthenticated);
  EXPECT_EQ(Speak({.address = address, .key = Secret("right")}), Code::kUnknown);
}

TEST_F(Server, AKeyNeverCrossesANetworkInTheClear) {
  EXPECT_EQ(Speak({.address = "192.0.2.1:50051", .key = Secret("right")}),
            Code::kFailedPrecondition);
}

TEST_F(Server, NobodyThereIsARetryableFailure) {
  EXPECT_EQ(Speak({.address = Socket()}), Code::kUnavailable);
}

TEST_F(Server, AnAbsentPartIsUnimplemented) {
  const auto server = SpeechServer::Create({.address = Socket()}, {});
  ASSERT_TRUE(server);
  EXPECT_EQ(Speak({.address = Socket()}), Code::kUnimplemented);
}

// A voice that has acknowledged a cancel, and ended, before Cancel returns.
class Prompt final : public Voice {
 public:
  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    return std::make_unique<PromptStream>(&voice_, voice_.Start(std::move(request), sink));
  }

 private:
  class PromptStream final : public Stream {
   public:
    PromptStream(ports::testing::FakeVoice* voice, std::unique_ptr<Stream> inner)
        : voice_(voice), inner_(std::move(inner)) {}
    void Speak(UtteranceId id, std::string text, std::string before) override {
      inner_->Speak(id, std::move(text), std::move(before));
    }
    void EndOfText() override { inner_->EndOfText(); }
    void Pause() override { inner_->Pause(); }
    void Resume() override { inner_->Resume(); }
    void Grant(int64_t samples) override { inner_->Grant(samples); }
    void Cancel() override {
      inner_->Cancel();
      std::thread([this] { voice_->AdvanceUs(0); }).join();
    }

   private:
    ports::testing::FakeVoice* const voice_;
    const std::unique_ptr<Stream> inner_;
  };

  ports::testing::FakeVoice voice_;
};

TEST_F(Server, ARefusalIsNotOvertakenByTheEndOfWhatItCancels) {
  Prompt voice;
  const auto server = SpeechServer::Create({.address = Socket()}, {.voice = &voice});
  ASSERT_TRUE(server);
  auto client = SpeechClient::Create({.address = Socket()});
  ASSERT_TRUE(client);
  Collector<Voice::Event> heard;
  auto stream = (*client)->voice().Start({}, heard.Sink());
  stream->Grant(-5);
  ASSERT_TRUE(
      heard.WaitFor([](const auto& events) { return !events.empty() && IsLast(events.back()); }));
  const auto failed = heard.Of<Voice::Failed>();
  ASSERT_EQ(failed.size(), 1u) << "the stream ended well";
  EXPECT_EQ(failed[0].error.code, Code::kInvalidArgument);
}

// The health protocol's messages are one string and one enum: read here by hand, as any client in
// any language would see them.
int HealthOf(const std::string& address, const std::string& service) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const std::string request =
      service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;
  const grpc::Slice slice(request);
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::ClientContext context;
  grpc::GenericStub stub(channel);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> ended;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &bytes, &response,
                 [&](grpc::Status ended_with) { ended.set_value(std::move(ended_with)); });
  const grpc::Status status = ended.get_future().get();
  if (!status.ok()) return -static_cast<int>(status.error_code());
  grpc::Slice out;
  if (!response.DumpToSingleSlice(&out).ok() || out.size() != 2) return 0;
  return out.begin()[1];
}

TEST_F(Server, HealthIsToldForTheWholeAndForEachModel) {
  const auto server = Listen({.address = Socket()});
  ASSERT_TRUE(server);
  constexpr int kServing = 1;
  constexpr int kNotServing = 2;
  EXPECT_EQ(HealthOf(Socket(), ""), kNotServing);
  EXPECT_EQ(HealthOf(Socket(), "piper/joe"), -5);
  (*server)->SetServing("piper/joe", true);
  (*server)->SetServing("", true);
  EXPECT_EQ(HealthOf(Socket(), "piper/joe"), kServing);
  EXPECT_EQ(HealthOf(Socket(), ""), kServing);
  EXPECT_EQ(HealthOf(Socket(), "parley.speech.v1.Speech"), kServing);
  (*server)->SetServing("", false);
  EXPECT_EQ(HealthOf(Socket(), ""), kNotServing);
}

}  // namespace
}  // namespace parley::rpc
