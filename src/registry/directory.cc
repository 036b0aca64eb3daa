#include "registry/directory.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/log.h"
#include "registry/internal/redis_connection.h"
#include "registry/internal/scripts.h"
#include "registry/internal/view_keeper.h"

namespace parley::registry {
namespace {

constexpr int64_t kTimeoutMs = 1'000;
constexpr int64_t kBackoffFirstMs = 100;
constexpr int64_t kBackoffLastMs = 2'000;
// News come in flocks; one reading serves them all.
constexpr int64_t kNewsGapMs = 20;

Result<ViewKeeper::Row> RowFrom(const RedisReply& reply) {
  if (reply.elements.size() != 5) return Fail(Code::kDataLoss, "Redis answers nonsense");
  ViewKeeper::Row row{.instance = reply.elements[0].text,
                      .beat = reply.elements[1].text,
                      .version = reply.elements[2].text,
                      .info = reply.elements[4].text};
  const std::string& epoch = reply.elements[3].text;
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), row.epoch);
  return row;
}

}  // namespace

struct WorkerDirectory::Connections {
  RedisConnection commands;
  RedisConnection messages;
  std::vector<std::string> told;  // problems, so that each is logged once
};

WorkerDirectory::WorkerDirectory(const RedisConfig& config, OnChange on_change, UniqueFd wake)
    : config_(config),
      on_change_(std::move(on_change)),
      wake_(std::move(wake)),
      keeper_(std::make_unique<ViewKeeper>(config.lease_ms)),
      view_(keeper_->view()) {}

Result<std::unique_ptr<WorkerDirectory>> WorkerDirectory::Start(const RedisConfig& config,
                                                                OnChange on_change) {
  PARLEY_TRY_STATUS(config.Validate());
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return Fail(Code::kResourceExhausted, "no descriptor for the registry's view is left");
  auto directory = std::unique_ptr<WorkerDirectory>(
      new WorkerDirectory(config, std::move(on_change), std::move(wake)));
  directory->thread_ = std::thread([self = directory.get()] { self->Run(); });
  return directory;
}

WorkerDirectory::~WorkerDirectory() {
  ::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const WorkerDirectory::View> WorkerDirectory::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

bool WorkerDirectory::stopped() const {
  pollfd wake{wake_.get(), POLLIN, 0};
  return ::poll(&wake, 1, 0) > 0;
}

void WorkerDirectory::Pause(int64_t ms) {
  pollfd wake{wake_.get(), POLLIN, 0};
  ::poll(&wake, 1, static_cast<int>(ms));
}

void WorkerDirectory::Publish(bool changed) {
  if (!changed) return;
  auto view = keeper_->view();
  {
    const std::lock_guard lock(mutex_);
    view_ = view;
  }
  on_change_(std::move(view));
}

void WorkerDirectory::Run() {
  int64_t backoff_ms = kBackoffFirstMs;
  std::optional<Connections> connections;
  while (!stopped()) {
    const Status status = [&]() -> Status {
      if (!connections) {
        PARLEY_TRY(auto commands, RedisConnection::Open(config_, kTimeoutMs));
        PARLEY_TRY(auto messages, RedisConnection::Open(config_, kTimeoutMs));
        // Before the first reading, so that nothing falls between the two.
        PARLEY_TRY_STATUS(messages.Subscribe(Keys(config_.prefix).channel));
        connections.emplace(Connections{std::move(commands), std::move(messages), {}});
        log::Info("registry_reached");
      }
      PARLEY_TRY_STATUS(Read(*connections));
      return AwaitNews(*connections);
    }();
    if (status) {
      backoff_ms = kBackoffFirstMs;
      continue;
    }
    if (connections || !keeper_->view()->stale) {
      log::Warn("registry_lost why=\"{}\"", status.error().message);
    }
    connections.reset();
    Publish(keeper_->OnLost(status.error().message));
    Pause(std::exchange(backoff_ms, std::min(backoff_ms * 2, kBackoffLastMs)));
  }
}

Status WorkerDirectory::Read(Connections& connections) {
  const Keys keys(config_.prefix);
  std::vector<std::string> arguments{std::to_string(config_.lease_ms), keys.worker};
  for (auto& [instance, version] : keeper_->Known()) {
    arguments.push_back(std::move(instance));
    arguments.push_back(std::move(version));
  }
  PARLEY_TRY(const RedisReply reply,
             connections.commands.Run(ReadScript(), {keys.index}, arguments));
  std::vector<ViewKeeper::Row> rows;
  for (const RedisReply& one : reply.elements) {
    PARLEY_TRY(ViewKeeper::Row row, RowFrom(one));
    rows.push_back(std::move(row));
  }
  std::vector<std::string> problems;
  Publish(keeper_->OnRead(rows, MonotonicUs(), &problems));
  if (problems != connections.told) {
    for (const std::string& problem : problems) log::Warn("registry_refused why=\"{}\"", problem);
    connections.told = std::move(problems);
  }
  return {};
}

Status WorkerDirectory::AwaitNews(Connections& connections) {
  int64_t until_us = MonotonicUs() + config_.beat_ms * 1000;
  while (true) {
    PARLEY_TRY(const auto message, connections.messages.NextMessage(until_us, wake_.get()));
    if (!message) return {};
    if (message->starts_with("gone ")) {
      Publish(keeper_->OnGone(message->substr(5)));
    } else {
      until_us = std::min(until_us, MonotonicUs() + kNewsGapMs * 1000);
    }
  }
}

}  // namespace parley::registry
