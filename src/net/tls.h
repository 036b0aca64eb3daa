// Where a server's TLS comes from: a certificate of the operator's, or one made at start for
// development, which no browser trusts unasked.
#pragma once

#include <string>

#include "base/result.h"

namespace parley::net {

struct TlsConfig {
  std::string cert_file;  // PEM, the whole chain
  std::string key_file;   // PEM
  // Makes a key and a certificate for localhost, 127.0.0.1 and ::1 in memory, valid for 90 days.
  bool self_signed = false;

  bool enabled() const { return self_signed || !cert_file.empty() || !key_file.empty(); }
  Status Validate() const;
};

struct TlsCredentials {
  std::string cert_pem;
  std::string key_pem;
};
Result<TlsCredentials> MakeSelfSigned();

}  // namespace parley::net
