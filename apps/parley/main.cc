// The one command a user needs to know.
#include <fmt/format.h>

#include "cli/parley.h"
#include "supervisor/supervisor.h"

namespace {

parley::Status RunUp(const parley::cli::UpRequest& request) {
  const parley::supervisor::Config config{.programs_dir = request.programs_dir,
                                          .endpoint_file = request.endpoint_file,
                                          .log_file = request.log_file,
                                          .env = request.env};
  return parley::supervisor::Supervise(config, [](std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  });
}

}  // namespace

int main(int argc, char** argv) { return parley::cli::RunParley(argc, argv, &RunUp); }
