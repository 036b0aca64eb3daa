// The sink that a stream's life gives to its engine: every event is posted to the executor, and so
// is the end of the reference that it holds, so that the life ends there too.
#pragma once

#include <memory>
#include <utility>

#include "engine/process.h"
#include "net/executor.h"

namespace parley::worker {

template <class Life>
engine::StreamSink PostingSink(net::Executor& executor, std::shared_ptr<Life> life) {
  class Hold {
   public:
    Hold(net::Executor& to, std::shared_ptr<Life> held) : executor(to), life(std::move(held)) {}
    ~Hold() {
      executor.Post([last = std::move(life)] {});
    }
    net::Executor& executor;
    std::shared_ptr<Life> life;
  };
  auto hold = std::make_shared<Hold>(executor, std::move(life));
  return [hold = std::move(hold)](engine::StreamEvent event) {
    hold->executor.Post([life = hold->life, event = std::move(event)]() mutable {
      life->OnEngine(std::move(event));
    });
  };
}

}  // namespace parley::worker
