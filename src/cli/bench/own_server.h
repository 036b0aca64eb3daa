// A Parley of the benchmark's own: `parley up` on a free port, in a child process that ends with
// this object. One sequence.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::cli::bench {

class OwnServer {
 public:
  // `options` go to `parley up`; `program` is the parley to run. Waits until everything is warm.
  static Result<std::unique_ptr<OwnServer>> Start(const std::filesystem::path& program,
                                                  const std::vector<std::string>& options);
  ~OwnServer();
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  const std::string& url() const { return url_; }
  pid_t pid() const { return pid_; }

 private:
  OwnServer(pid_t pid, std::filesystem::path folder) : pid_(pid), folder_(std::move(folder)) {}
  Status WaitUntilWarm();

  const pid_t pid_;
  const std::filesystem::path folder_;
  std::string url_;
};

// What the processes of a tree use.
struct ProcessUse {
  pid_t pid = 0;
  std::string name;      // the program's file name
  double memory_mb = 0;  // resident set
  double cpu_s = 0;      // user and system, since it started
};

// The process and all its descendants.
std::vector<ProcessUse> UseOfTree(pid_t root);

}  // namespace parley::cli::bench
