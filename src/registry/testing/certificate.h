// What tests of TLS need: a certificate that is its own authority, and a port.
#pragma once

#include <string>

#include "base/testing/temp_dir.h"

namespace parley::registry::testing {

// Files in PEM, for localhost, 127.0.0.1 and ::1, that are gone with it.
class Certificate {
 public:
  Certificate();

  std::string certificate() const { return (dir_.path() / "certificate.pem").string(); }
  std::string key() const { return (dir_.path() / "key.pem").string(); }

 private:
  const parley::testing::TempDir dir_;
};

// One that was free a moment ago.
std::string FreePort();

}  // namespace parley::registry::testing
