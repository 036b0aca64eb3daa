// Workers that announce themselves in a real Redis, and gateways that find them there, while Redis
// dies, hangs, forgets, and comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <set>

#include "registry/announcer.h"
#include "registry/directory.h"
#include "registry/testing/certificate.h"
#include "registry/testing/redis_server.h"

namespace parley::registry {
namespace {

using ::testing::HasSubstr;
using testing::RedisServer;
using View = WorkerDirectory::View;

constexpr std::chrono::seconds kPatience{20};

// Something that threads change and a test waits for.
template <class T>
class Watched {
 public:
  void Set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    history_.push_back(value_);
    changed_.notify_all();
  }
  bool WaitFor(const std::function<bool(const T&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience,
                             [&] { return !history_.empty() && condition(value_); });
  }
  bool WaitForHistory(const std::function<bool(const std::vector<T>&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return condition(history_); });
  }
  T value() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  std::vector<T> history() const {
    const std::lock_guard lock(mutex_);
    return history_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
  std::vector<T> history_;
};

struct TestWorker {
  TestWorker(const RedisConfig& config, const std::string& name, int slots = 1) : in_use(slots) {
    auto started = Announcer::Start(
        config, {.source = [this, name]() -> std::optional<Announcement> {
                   return Announcement{
                       .address = "127.0.0.1:1",
                       .capabilities = {.worker_id = name,
                                        .models = {{.id = "m", .in_use = in_use.load()}}}};
                 },
                 .on_standing =
                     [this](Standing now, const std::string& words) {
                       standing.Set({now, words});
                     }});
    EXPECT_TRUE(started) << started.error().message;
    announcer = std::move(*started);
  }
  bool WaitFor(Standing wanted) {
    return standing.WaitFor([wanted](const auto& now) { return now.first == wanted; });
  }

  std::atomic<int> in_use;
  Watched<std::pair<Standing, std::string>> standing;
  std::unique_ptr<Announcer> announcer;
};

struct Gateway {
  explicit Gateway(const RedisConfig& config) {
    auto started = WorkerDirectory::Start(
        config, [this](std::shared_ptr<const View> now) { view.Set(std::move(now)); });
    EXPECT_TRUE(started) << started.error().message;
    directory = std::move(*started);
  }
  static std::set<std::string> Names(const View& view) {
    std::set<std::string> names;
    for (const auto& worker : view.workers) names.insert(worker->capabilities.worker_id);
    return names;
  }
  bool Sees(const std::set<std::string>& names, bool stale = false) {
    return view.WaitFor([&](const auto& now) {
      return now != nullptr && now->stale == stale && Names(*now) == names;
    });
  }

  Watched<std::shared_ptr<const View>> view;
  std::unique_ptr<WorkerDirectory> directory;
};

class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    redis_ = std::make_unique<RedisServer>();
    config_ = redis_->Config();
  }
  std::string Keys() const { return redis_->Ask({"KEYS", "*"}); }

  std::unique_ptr<RedisServer> redis_;
  RedisConfig config_;
};

TEST_F(RegistryTest, AWorkerIsFoundWhileItLivesAndGoneWhenItGoes) {
  Gateway gateway(config_);
  {
    TestWorker worker(config_, "one");
    EXPECT_TRUE(gateway.Sees({"one"}));
    const auto view = gateway.directory->view();
    EXPECT_EQ(view->workers[0]->instance, worker.announcer->instance());
    EXPECT_EQ(view->workers[0]->address, "127.0.0.1:1");
  }
  EXPECT_TRUE(gateway.Sees({}));
  EXPECT_EQ(Keys(), "") << "nothing is left behind";
}

TEST_F(RegistryTest, NewsReachEveryGatewayAtOnce) {
  config_.beat_ms = 30'000;
  config_.lease_ms = 90'000;
  Gateway first(config_), second(config_);
  ASSERT_TRUE(first.Sees({}));
  ASSERT_TRUE(second.Sees({}));
  TestWorker worker(config_, "one");
  EXPECT_TRUE(first.Sees({"one"}));
  EXPECT_TRUE(second.Sees({"one"}));
  worker.in_use = 7;
  worker.announcer->Touch();
  const auto busy = [](const auto& now) {
    return now->workers.size() == 1 && now->workers[0]->capabilities.models[0].in_use == 7;
  };
  EXPECT_TRUE(first.view.WaitFor(busy));
  EXPECT_TRUE(second.view.WaitFor(busy));
}

TEST_F(RegistryTest, AWorkerThatDiesWithoutAWordIsGoneWhenItsLeaseIsOver) {
  Gateway gateway(config_);
  TestWorker other(config_, "other");
  ASSERT_TRUE(gateway.Sees({"other"}));
  // What one leaves behind that was killed: its keys, and no beat.
  const std::string info =
      ToJson({.instance = "dead", .address = "127.0.0.1:2", .capabilities = {.worker_id = "dead"}});
  redis_->Ask(
      {"HSET", "parley:worker:dead", "name", "dead", "epoch", "1", "version", "1", "info", info});
  redis_->Ask({"PEXPIRE", "parley:worker:dead", "500"});
  redis_->Ask({"EVAL",
               "local t = redis.call('TIME') return redis.call('ZADD', 'parley:workers', "
               "t[1] * 1000 + math.floor(t[2] / 1000), 'dead')",
               "0"});
  EXPECT_TRUE(gateway.Sees({"dead", "other"}));
  EXPECT_TRUE(gateway.Sees({"other"}));
  EXPECT_EQ(redis_->Ask({"ZCARD", "parley:workers"}), "1");
}

TEST_F(RegistryTest, WithoutRedisTheLastViewStaysAndIsRepairedWhenItIsBack) {
  Gateway gateway(config_);
  TestWorker one(config_, "one"), two(config_, "two");
  ASSERT_TRUE(gateway.Sees({"one", "two"}));
  redis_->Kill();
  EXPECT_TRUE(gateway.Sees({"one", "two"}, /*stale=*/true));
  EXPECT_THAT(gateway.directory->view()->stale_why, HasSubstr("Redis"));
  EXPECT_TRUE(one.WaitFor(Standing::kSilent));
  two.announcer->Stop();
  redis_->Start();  // and knows nothing
  EXPECT_TRUE(one.WaitFor(Standing::kAnnounced));
  EXPECT_TRUE(gateway.Sees({"one"}));
  for (const auto& view : gateway.view.history()) {
    if (!view->stale && view != gateway.view.history().front()) {
      EXPECT_TRUE(Gateway::Names(*view).contains("one") || view->workers.empty());
    }
  }
}

TEST_F(RegistryTest, ARedisThatHangsCountsAsGone) {
  Gateway gateway(config_);
  TestWorker one(config_, "one");
  ASSERT_TRUE(gateway.Sees({"one"}));
  redis_->Freeze();
  EXPECT_TRUE(gateway.Sees({"one"}, /*stale=*/true));
  EXPECT_TRUE(one.WaitFor(Standing::kSilent));
  redis_->Thaw();
  EXPECT_TRUE(gateway.Sees({"one"}));
}

TEST_F(RegistryTest, AnEmptiedRedisLosesNobody) {
  config_.lease_ms = 10'000;
  Gateway gateway(config_);
  TestWorker one(config_, "one");
  ASSERT_TRUE(gateway.Sees({"one"}));
  const size_t before = gateway.view.history().size();
  redis_->Ask({"FLUSHALL"});
  redis_->Ask({"SCRIPT", "FLUSH"});
  // It is there again once it has beaten twice.
  one.in_use = 2;
  one.announcer->Touch();
  EXPECT_TRUE(gateway.view.WaitFor([](const auto& now) {
    return now->workers.size() == 1 && now->workers[0]->capabilities.models[0].in_use == 2;
  }));
  const auto history = gateway.view.history();
  for (size_t i = before; i < history.size(); ++i) EXPECT_EQ(history[i]->workers.size(), 1u);
}

TEST_F(RegistryTest, AWorkerWhoseLeaseRanOutWhileItLivedIsBackWithItsNextBeat) {
  Gateway gateway(config_);
  TestWorker one(config_, "one");
  ASSERT_TRUE(gateway.Sees({"one"}));
  const std::string instance = one.announcer->instance();
  redis_->Ask({"DEL", "parley:worker:" + instance, "parley:name:one"});
  redis_->Ask({"ZREM", "parley:workers", instance});
  redis_->Ask({"PUBLISH", "parley:news", "gone " + instance});
  EXPECT_TRUE(gateway.view.WaitForHistory([](const auto& history) {
    const bool was_gone = history.size() > 2 && history[history.size() - 2]->workers.empty();
    return was_gone && history.back()->workers.size() == 1;
  }));
  EXPECT_TRUE(gateway.Sees({"one"}));
  EXPECT_NE(one.standing.value().first, Standing::kReplaced);
}

TEST_F(RegistryTest, ANameBelongsToTheNewestAndTheOlderFallsSilent) {
  Gateway gateway(config_);
  TestWorker older(config_, "same");
  ASSERT_TRUE(older.WaitFor(Standing::kAnnounced));
  TestWorker newer(config_, "same");
  ASSERT_TRUE(older.WaitFor(Standing::kReplaced));
  EXPECT_THAT(older.standing.value().second, HasSubstr(newer.announcer->instance()));
  EXPECT_TRUE(newer.WaitFor(Standing::kAnnounced));
  EXPECT_TRUE(gateway.view.WaitFor([&](const auto& now) {
    return now->workers.size() == 1 && now->workers[0]->instance == newer.announcer->instance();
  }));
  older.announcer->Stop();
  EXPECT_EQ(redis_->Ask({"HGET", "parley:name:same", "instance"}), newer.announcer->instance())
      << "the loser's end takes nothing from the winner";
}

TEST_F(RegistryTest, AnEpochIsNewerEvenAfterRedisWasEmptied) {
  TestWorker older(config_, "same");
  ASSERT_TRUE(older.WaitFor(Standing::kAnnounced));
  redis_->Ask({"FLUSHALL"});
  TestWorker newer(config_, "same");
  EXPECT_TRUE(older.WaitFor(Standing::kReplaced));
  EXPECT_NE(newer.standing.value().first, Standing::kReplaced);
}

TEST_F(RegistryTest, DeploymentsWithDifferentPrefixesDoNotSeeEachOther) {
  RedisConfig other = config_;
  other.prefix = "stage";
  Gateway gateway(other);
  TestWorker one(config_, "one"), two(other, "two");
  EXPECT_TRUE(one.WaitFor(Standing::kAnnounced));
  EXPECT_TRUE(gateway.Sees({"two"}));
}

TEST_F(RegistryTest, ManyWorkersAreAllSeen) {
  config_.lease_ms = 30'000;
  std::vector<std::unique_ptr<TestWorker>> workers;
  std::set<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.insert("w" + std::to_string(i));
    workers.push_back(std::make_unique<TestWorker>(config_, "w" + std::to_string(i)));
  }
  Gateway gateway(config_);
  EXPECT_TRUE(gateway.Sees(names));
  workers.clear();
  EXPECT_TRUE(gateway.Sees({}));
}

// What docs/workers.md tells operators to allow is enough.
TEST_F(RegistryTest, AUserWithTheRightsThatAreDocumentedCanDoEverything) {
  redis_->Ask({"ACL",       "SETUSER",
               "parley",    "on",
               ">hush",     "resetchannels",
               "~parley:*", "&parley:*",
               "-@all",     "+evalsha",
               "+eval",     "+time",
               "+hset",     "+hget",
               "+hmget",    "+del",
               "+exists",   "+pexpire",
               "+zadd",     "+zrem",
               "+zrange",   "+zremrangebyscore",
               "+publish",  "+subscribe"});
  config_.user = "parley";
  config_.password = Secret("hush");
  Gateway gateway(config_);
  {
    TestWorker one(config_, "one");
    EXPECT_TRUE(gateway.Sees({"one"}));
  }
  EXPECT_TRUE(gateway.Sees({}));
}

TEST_F(RegistryTest, AWrongPasswordIsSaidInRedissOwnWords) {
  redis_->Ask({"ACL", "SETUSER", "parley", "on", ">hush", "~*", "&*", "+@all"});
  config_.user = "parley";
  config_.password = Secret("wrong");
  TestWorker one(config_, "one");
  ASSERT_TRUE(one.WaitFor(Standing::kSilent));
  EXPECT_THAT(one.standing.value().second, HasSubstr("WRONGPASS"));
}

class RegistryTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    certificate_ = std::make_unique<testing::Certificate>();
    port_ = testing::FreePort();
    redis_ = std::make_unique<RedisServer>(std::vector<std::string>{
        "--port", "0", "--tls-port", port_, "--tls-cert-file", certificate_->certificate(),
        "--tls-key-file", certificate_->key(), "--tls-ca-cert-file", certificate_->certificate(),
        "--tls-auth-clients", "no", "--requirepass", "hush", "--bind", "127.0.0.1", "127.0.0.2"});
    config_ = redis_->Config();
    config_.url = "rediss://:hush@127.0.0.1:" + port_;
    config_.ca_file = certificate_->certificate();
  }

  std::unique_ptr<testing::Certificate> certificate_;
  std::string port_;
  std::unique_ptr<RedisServer> redis_;
  RedisConfig config_;
};

TEST_F(RegistryTlsTest, WorkersAreFoundThroughTls) {
  Gateway gateway(config_);
  TestWorker one(config_, "one");
  EXPECT_TRUE(gateway.Sees({"one"}));
}

TEST_F(RegistryTlsTest, ACertificateOfUnknownOriginIsRefused) {
  config_.ca_file = "";
  TestWorker one(config_, "one");
  ASSERT_TRUE(one.WaitFor(Standing::kSilent));
  EXPECT_THAT(one.standing.value().second, HasSubstr("TLS handshake failed"));
}

TEST_F(RegistryTlsTest, ACertificateOfAnotherNameIsRefused) {
  config_.url = "rediss://:hush@127.0.0.2:" + port_;
  TestWorker one(config_, "one");
  ASSERT_TRUE(one.WaitFor(Standing::kSilent));
  EXPECT_THAT(one.standing.value().second, HasSubstr("TLS handshake failed"));
}

}  // namespace
}  // namespace parley::registry
