#include "registry/announcer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

#include "base/log.h"
#include "registry/internal/redis_connection.h"
#include "registry/internal/scripts.h"

namespace parley::registry {
namespace {

constexpr int64_t kTimeoutMs = 1'000;
constexpr int64_t kBackoffFirstMs = 100;
// News come in flocks; one announcement carries them all.
constexpr int64_t kNewsGapMs = 50;

// 96 random bits.
std::string NewInstance() {
  std::random_device random;
  std::array<char, 9> word{};
  std::string instance;
  for (int i = 0; i < 3; ++i) {
    std::snprintf(word.data(), word.size(), "%08x", random());
    instance += word.data();
  }
  return instance;
}

}  // namespace

Announcer::Announcer(const RedisConfig& config, Deps deps)
    : config_(config), deps_(std::move(deps)), instance_(NewInstance()) {}

Result<std::unique_ptr<Announcer>> Announcer::Start(const RedisConfig& config, Deps deps) {
  PARLEY_TRY_STATUS(config.Validate());
  auto announcer = std::unique_ptr<Announcer>(new Announcer(config, std::move(deps)));
  announcer->thread_ = std::thread([self = announcer.get()] { self->Run(); });
  return announcer;
}

Announcer::~Announcer() { Stop(); }

void Announcer::Touch() {
  const std::lock_guard lock(mutex_);
  touched_ = true;
  woken_.notify_all();
}

void Announcer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    woken_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Announcer::Wait(int64_t ms) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, std::chrono::milliseconds(kNewsGapMs), [&] { return stopped_; });
  woken_.wait_for(lock, std::chrono::milliseconds(ms - kNewsGapMs),
                  [&] { return stopped_ || touched_; });
  touched_ = false;
  return !stopped_;
}

void Announcer::Stand(Standing standing, const std::string& why) {
  if (standing == standing_ && why == why_) return;
  if (standing == Standing::kAnnounced) {
    log::Info("registry_announced name={} instance={}", name_, instance_);
  } else if (standing == Standing::kReplaced) {
    log::Error("registry_replaced name={} why=\"{}\"", name_, why);
  } else if (standing != standing_ || why_.empty()) {
    log::Warn("registry_silent name={} why=\"{}\"", name_, why);
  }
  standing_ = standing;
  why_ = why;
  deps_.on_standing(standing, why);
}

void Announcer::Run() {
  std::unique_ptr<RedisConnection> connection;
  int64_t backoff_ms = kBackoffFirstMs;
  int64_t wait_ms = 0;
  do {
    auto beat = Beat(connection);
    if (standing_ == Standing::kReplaced) return;
    if (beat) {
      backoff_ms = kBackoffFirstMs;
      wait_ms = config_.beat_ms;
    } else {
      connection.reset();
      Stand(Standing::kSilent, beat.error().message);
      wait_ms = std::exchange(backoff_ms, std::min(backoff_ms * 2, 2 * config_.beat_ms));
    }
  } while (Wait(wait_ms));
  Withdraw(connection);
}

Status Announcer::Beat(std::unique_ptr<RedisConnection>& connection) {
  auto announcement = deps_.source();
  if (!announcement) return {};
  announcement->instance = instance_;
  name_ = announcement->capabilities.worker_id;
  if (!connection) {
    PARLEY_TRY(RedisConnection opened, RedisConnection::Open(config_, kTimeoutMs));
    connection = std::make_unique<RedisConnection>(std::move(opened));
    // It may be another Redis, or an emptied one.
    told_.clear();
  }
  const Keys keys(config_.prefix);
  const std::string json = ToJson(*announcement);
  std::string info = json == told_ ? std::string() : json;
  // Twice at most: Redis may have forgotten what it was told.
  for (int attempt = 0; attempt < 2; ++attempt) {
    PARLEY_TRY(
        const RedisReply reply,
        connection->Run(AnnounceScript(), {keys.worker + instance_, keys.index, keys.name + name_},
                        {instance_, name_, epoch_, std::to_string(config_.lease_ms), keys.channel,
                         keys.worker, info}));
    if (reply.elements.size() < 2) return Fail(Code::kDataLoss, "Redis answers nonsense");
    const std::string& verdict = reply.elements[0].text;
    if (verdict == "lost") {
      Stand(Standing::kReplaced, "worker " + reply.elements[1].text + " has announced the name '" +
                                     name_ + "' after us; give one of them another worker.id");
      return {};
    }
    epoch_ = reply.elements[1].text;
    if (verdict == "ok") break;
    info = json;
  }
  told_ = json;
  Stand(Standing::kAnnounced, "");
  return {};
}

void Announcer::Withdraw(std::unique_ptr<RedisConnection>& connection) {
  if (!connection) return;
  const Keys keys(config_.prefix);
  const auto done =
      connection->Run(WithdrawScript(), {keys.worker + instance_, keys.index, keys.name + name_},
                      {instance_, keys.channel});
  if (!done) log::Warn("registry_not_withdrawn name={} why=\"{}\"", name_, done.error().message);
}

}  // namespace parley::registry
