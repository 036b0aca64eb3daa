// parley-gateway's life as a process.
#pragma once

namespace parley::gateway {

// Reads flags, environment and file, listens, waits for SIGINT or SIGTERM, stops. Exit status: 0
// after a stop, 1 when it cannot run now, 2 when it would fail again however often it is started
// (configuration, port taken).
int RunGateway(int argc, char** argv);

}  // namespace parley::gateway
