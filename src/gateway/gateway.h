// The gateway of a process: every part, made and joined (components.cc names the concrete classes),
// listening until it is stopped.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "gateway/settings.h"

namespace parley::gateway {

class Gateway {
 public:
  // Listens when it returns, whether or not the worker is there yet: /readyz says so. The address
  // file, if one is asked for, is written.
  static Result<std::unique_ptr<Gateway>> Start(const Settings& settings);
  // Stops without grace if Stop was not called.
  ~Gateway();

  std::string url() const;
  // Called every few seconds, by one thread: gives back memory that conversations took.
  void Rest();
  // Conversations get 1001 "going away", requests under way the configured grace.
  void Stop();

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace parley::gateway
