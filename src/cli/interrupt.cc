#include "cli/interrupt.h"

#include <signal.h>

namespace parley::cli {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // so that a signal handler may set it

void OnSignal(int) { interrupted = true; }

}  // namespace

std::atomic<bool>& InterruptFlag() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_handler = &OnSignal;
    action.sa_flags = SA_RESETHAND;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  (void)installed;
  return interrupted;
}

}  // namespace parley::cli
