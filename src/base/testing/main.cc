// main() of every test program: a written-out program that dies by SIGPIPE hides its reason.
#include <gtest/gtest.h>

#include <csignal>

#include "base/log.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  if (!parley::log::Init("test", "warn")) return 1;
  return RUN_ALL_TESTS();
}
