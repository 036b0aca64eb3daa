#include "registry/testing/redis_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>

#include "registry/internal/redis_connection.h"

extern char** environ;

namespace parley::registry::testing {
namespace {

std::string Flatten(const RedisReply& reply) {
  if (reply.kind == RedisReply::Kind::kInteger) return std::to_string(reply.integer);
  if (reply.kind != RedisReply::Kind::kArray) return reply.text;
  std::string all;
  for (const RedisReply& one : reply.elements) all += Flatten(one) + "\n";
  return all;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)) {
  Start();
}

RedisServer::~RedisServer() { Kill(); }

void RedisServer::Start() {
  std::vector<std::string> words{"redis-server",
                                 "--unixsocket",
                                 socket(),
                                 "--save",
                                 "",
                                 "--dir",
                                 dir_.path(),
                                 "--loglevel",
                                 "warning",
                                 "--logfile",
                                 (dir_.path() / "log").string()};
  bool has_port = false;
  for (const std::string& option : options_) has_port |= option.ends_with("port");
  if (!has_port) words.insert(words.end(), {"--port", "0"});
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  // A socket that a killed one left behind would be taken for the new one's.
  std::filesystem::remove(socket());
  ASSERT_EQ(::posix_spawnp(&pid_, argv[0], nullptr, nullptr, argv.data(), environ), 0)
      << "no redis-server here: `scripts/install_packages test` installs it";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!std::filesystem::exists(socket()) ||
         !RedisConnection::Open({.url = "unix://" + socket()}, 1'000)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "redis-server does not start";
    std::this_thread::yield();
  }
}

void RedisServer::Kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::Freeze() { ::kill(pid_, SIGSTOP); }
void RedisServer::Thaw() { ::kill(pid_, SIGCONT); }

RedisConfig RedisServer::Config() const {
  return {.url = "unix://" + socket(), .lease_ms = 500, .beat_ms = 100};
}

std::string RedisServer::Ask(const std::vector<std::string>& command) const {
  RedisConfig config = Config();
  for (size_t i = 0; i + 1 < options_.size(); ++i) {
    if (options_[i] == "--requirepass") config.password = Secret(options_[i + 1]);
  }
  auto connection = RedisConnection::Open(config, 5'000);
  if (!connection) return "(" + connection.error().message + ")";
  const auto reply = connection->Call(command);
  return reply ? Flatten(*reply) : "(" + reply.error().message + ")";
}

}  // namespace parley::registry::testing
