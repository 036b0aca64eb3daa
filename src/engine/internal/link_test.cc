#include "engine/internal/link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "engine/internal/engine_socket.h"

namespace parley::engine::internal {
namespace {

// A link whose other end is read by hand, and only then: everything waits in its queue, but for
// what the socket itself takes.
class SlowReader {
 public:
  explicit SlowReader(const Link::Config& config = {}) {
    SocketPair pair = *MakeSocketPair();
    constexpr int kSmall = 4096;
    setsockopt(pair.worker.get(), SOL_SOCKET, SO_SNDBUF, &kSmall, sizeof kSmall);
    far_ = std::move(pair.engine);
    link_ = std::make_unique<Link>(std::move(pair.worker), config);
    link_->Start({.frame = [](const Frame&) {},
                  .closed = [this](const Error& error) { closed_.set_value(error); }});
  }

  Link& link() { return *link_; }
  // Fills socket and writer, so that what follows stays in the queue.
  void Clog() {
    link_->SendAudio(99, std::vector<float>(kAudioSamplesMax));
    char byte = 0;
    recv(far_.get(), &byte, 1, MSG_PEEK);  // the writer has it in its hands
  }
  // All frames up to the end marker, by name or payload.
  std::vector<std::string> ReadUntil(const std::string& name) {
    std::vector<std::string> names;
    while (names.empty() || names.back() != name) {
      auto frame = decoder_.Next();
      if (!*frame) {
        char buffer[4096];
        const ssize_t count = recv(far_.get(), buffer, sizeof buffer, 0);
        if (count <= 0) return names;
        decoder_.Feed({buffer, static_cast<size_t>(count)});
      } else if ((*frame)->kind == FrameKind::kJson) {
        const Message message = *ParseMessage((*frame)->payload);
        const auto* partial = std::get_if<Partial>(&message);
        names.push_back(std::to_string((*frame)->stream) + ":" +
                        (partial ? partial->text : std::string(MessageName(message))));
      }
    }
    return names;
  }
  Error WaitClosed() { return closed_.get_future().get(); }
  void CloseFar() { far_.Reset(); }

 private:
  UniqueFd far_;
  FrameDecoder decoder_;
  std::promise<Error> closed_;
  std::unique_ptr<Link> link_;
};

using Names = std::vector<std::string>;

TEST(Link, UrgentFramesJumpTheQueue) {
  SlowReader reader;
  reader.Clog();
  reader.link().Send(1, Text{});
  reader.link().SendUrgent(0, Pong{});
  reader.link().SendUrgent(1, Credit{5});
  EXPECT_EQ(reader.ReadUntil("1:text"), (Names{"0:pong", "1:credit", "1:text"}));
}

TEST(Link, NothingJumpsItsOwnStart) {
  SlowReader reader;
  reader.Clog();
  reader.link().Send(1, Start{});
  reader.link().SendUrgent(1, Credit{5});
  reader.link().SendUrgent(0, Ping{});
  EXPECT_EQ(reader.ReadUntil("1:credit"), (Names{"0:ping", "1:start", "1:credit"}));
}

TEST(Link, ACutDiscardsItsStreamAndLetsNothingMoreIn) {
  SlowReader reader;
  reader.Clog();
  reader.link().Send(1, Mark{});
  reader.link().Send(2, Mark{});
  EXPECT_TRUE(reader.link().CutStream(1, Cancelled{}));
  EXPECT_FALSE(reader.link().Send(1, Done{}));
  EXPECT_FALSE(reader.link().SendUrgent(1, Credit{}));
  reader.link().EndStream(1, Idle{});
  EXPECT_EQ(reader.ReadUntil("1:idle"), (Names{"1:cancelled", "2:mark", "1:idle"}));
}

TEST(Link, ACutOfAStreamThatHasNotLeftIsToldAndSilent) {
  SlowReader reader;
  reader.Clog();
  reader.link().Send(1, Start{});
  EXPECT_FALSE(reader.link().CutStream(1, Cancel{}));
  reader.link().Send(2, End{});
  EXPECT_EQ(reader.ReadUntil("2:end"), (Names{"2:end"}));
}

TEST(Link, OnlyTheNewestPartialIsKeptAndNeverMovedBeforeAFinal) {
  SlowReader reader;
  reader.Clog();
  reader.link().Send(1, Partial{.text = "a"});
  reader.link().Send(1, Partial{.text = "a b"});
  reader.link().Send(2, Partial{.text = "other"});
  reader.link().Send(1, Partial{.text = "a b c"});
  reader.link().Send(1, Final{});
  reader.link().Send(1, Partial{.text = "d"});
  reader.link().Send(1, End{});
  EXPECT_EQ(reader.ReadUntil("1:end"), (Names{"1:a b c", "2:other", "1:final", "1:d", "1:end"}));
}

TEST(Link, AReaderThatSleepsClosesALinkThatMustNotWait) {
  SlowReader reader({.when_full = Link::WhenFull::kClose, .queue_bytes_max = 10'000});
  while (reader.link().SendAudio(1, std::vector<float>(1000))) {
  }
  EXPECT_EQ(reader.WaitClosed().code, Code::kResourceExhausted);
}

TEST(Link, AFloodOfUrgentFramesIsBoundedToo) {
  SlowReader reader({.urgent_frames_max = 100});
  reader.Clog();
  int sent = 0;
  while (reader.link().SendUrgent(0, Pong{})) ++sent;
  EXPECT_EQ(sent, 100);
  EXPECT_EQ(reader.WaitClosed().code, Code::kResourceExhausted);
}

TEST(Link, ASenderThatWaitsIsWokenByACutAndByTheEnd) {
  SlowReader reader({.queue_bytes_max = 1});
  reader.Clog();
  reader.link().Send(2, Mark{});
  auto waiting = std::async(std::launch::async, [&] { return reader.link().Send(1, Mark{}); });
  reader.link().CutStream(1, Cancelled{});
  EXPECT_FALSE(waiting.get());
  auto ending = std::async(std::launch::async, [&] { return reader.link().Send(3, Mark{}); });
  reader.CloseFar();
  EXPECT_FALSE(ending.get());
  EXPECT_EQ(reader.WaitClosed().code, Code::kUnavailable);
}

}  // namespace
}  // namespace parley::engine::internal
