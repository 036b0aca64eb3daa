#include "cosyvoice2/profile/profile.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#ifdef PARLEY_COSYVOICE2_NVTX
#include <nvtx3/nvToolsExt.h>
#endif

namespace parley::cosyvoice2::profile {
namespace {

constexpr size_t kFlushBytes = 256 << 10;
constexpr size_t kFileBytesMax = 64 << 20;
constexpr char kEnd[] = "\n]\n";

int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// The file of one process. Every flush leaves it whole: its end is written over by the next.
class Trace {
 public:
  explicit Trace(std::unique_ptr<std::FILE, CloseFile> file) : file_(std::move(file)) {
    Write("[");
    Write(kEnd);
    std::fflush(file_.get());
    end_ = 1;
  }

  int Row(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto [row, is_new] = rows_.try_emplace(name, static_cast<int>(rows_.size()) + 1);
    if (is_new) {
      Add(fmt::format(
          R"({{"name":"thread_name","ph":"M","pid":{},"tid":{},"args":{{"name":"{}"}}}})",
          ::getpid(), row->second, name));
    }
    return row->second;
  }

  void AddSpan(const char* name, int row, int64_t begun_us, int64_t count) {
    const int64_t us = NowUs() - begun_us;
    const std::lock_guard lock(mutex_);
    Add(fmt::format(R"({{"name":"{}","ph":"X","ts":{},"dur":{},"pid":{},"tid":{}{}}})", name,
                    begun_us, us, ::getpid(), row,
                    count < 0 ? "" : fmt::format(R"(,"args":{{"count":{}}})", count)));
    if (waiting_.size() >= kFlushBytes) FlushLocked();
  }

  void Flush() {
    const std::lock_guard lock(mutex_);
    FlushLocked();
  }

 private:
  void Add(const std::string& event) {
    if (end_ + waiting_.size() + event.size() > kFileBytesMax) return;
    waiting_ += is_first_ ? "\n" : ",\n";
    waiting_ += event;
    is_first_ = false;
  }

  void FlushLocked() {
    if (waiting_.empty()) return;
    std::fseek(file_.get(), static_cast<long>(end_), SEEK_SET);
    Write(waiting_);
    Write(kEnd);
    std::fflush(file_.get());
    end_ += waiting_.size();
    waiting_.clear();
  }

  void Write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), file_.get()); }

  std::mutex mutex_;
  const std::unique_ptr<std::FILE, CloseFile> file_;
  std::map<std::string, int> rows_;
  std::string waiting_;
  size_t end_ = 0;  // bytes of the file before its end
  bool is_first_ = true;
};

// Spans of threads that still run may use it, so that it is never given back but in Stop.
std::atomic<Trace*> trace = nullptr;

thread_local std::string row_name = "main";
thread_local std::pair<Trace*, int> row = {nullptr, 0};

int RowOf(Trace& of) {
  if (row.first != &of) row = {&of, of.Row(row_name)};
  return row.second;
}

}  // namespace

Status Start(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / fmt::format("cosyvoice2-{}.json", ::getpid());
  if (trace.load() != nullptr) {
    return Fail(Code::kFailedPrecondition, "spans are written already in this process");
  }
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "w"));
  if (file == nullptr) {
    return Fail(Code::kPermissionDenied,
                fmt::format("cannot write a profile to '{}' (option profile_dir): {}",
                            path.string(), std::strerror(errno)));
  }
  trace = std::make_unique<Trace>(std::move(file)).release();
  return {};
}

void Flush() {
  if (Trace* const now = trace.load()) now->Flush();
}

void Stop() {
  const std::unique_ptr<Trace> last(trace.exchange(nullptr));
  if (last != nullptr) last->Flush();
}

void SetRow(const std::string& name) {
  row_name = name;
  row = {nullptr, 0};
}

Span::Span(const char* name, int64_t count) : name_(name), count_(count) {
#ifdef PARLEY_COSYVOICE2_NVTX
  nvtxRangePushA(name);
#endif
  if (trace.load(std::memory_order_relaxed) != nullptr) begun_us_ = NowUs();
}

Span::~Span() {
#ifdef PARLEY_COSYVOICE2_NVTX
  nvtxRangePop();
#endif
  if (begun_us_ < 0) return;
  if (Trace* const now = trace.load()) now->AddSpan(name_, RowOf(*now), begun_us_, count_);
}

}  // namespace parley::cosyvoice2::profile
