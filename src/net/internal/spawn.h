// The one way to start a coroutine on an io thread: whatever it throws is logged by name, and
// `on_end` runs when it is over, thrown or not.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "net/internal/io_thread.h"

namespace parley::net {

template <class OnEnd>
void Spawn(IoThread& thread, const char* name, boost::asio::awaitable<void> work, OnEnd on_end) {
  boost::asio::co_spawn(thread.io(), std::move(work),
                        [name, on_end = std::move(on_end)](std::exception_ptr thrown) mutable {
                          try {
                            if (thrown) std::rethrow_exception(thrown);
                          } catch (const std::exception& error) {
                            log::Error("coroutine_threw name={} what=\"{}\"", name, error.what());
                          }
                          on_end();
                        });
}

}  // namespace parley::net
