// What the shell learns from `parley`; documented in `parley --help`.
#pragma once

#include "base/result.h"

namespace parley::cli {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kWrongUsage = 2,     // command line or configuration
  kMissing = 3,        // the model, file or engine named is not there
  kUnreachable = 4,    // no server answers
  kInterrupted = 130,  // by Ctrl-C, as shells say it
};

inline ExitCode ExitCodeOf(const Error& error) {
  switch (error.code) {
    case Code::kInvalidArgument:
      return kWrongUsage;
    case Code::kNotFound:
      return kMissing;
    case Code::kUnavailable:
      return kUnreachable;
    case Code::kCancelled:
      return kInterrupted;
    default:
      return kFailed;
  }
}

}  // namespace parley::cli
