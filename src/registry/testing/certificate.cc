#include "registry/testing/certificate.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/unique_fd.h"
#include "net/tls.h"

namespace parley::registry::testing {

Certificate::Certificate() {
  const auto made = net::MakeSelfSigned();
  EXPECT_TRUE(made);
  EXPECT_TRUE(WriteFileAtomically(certificate(), made->cert_pem));
  EXPECT_TRUE(WriteFileAtomically(key(), made->key_pem, 0600));
}

std::string FreePort() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  return std::to_string(ntohs(name.sin_port));
}

}  // namespace parley::registry::testing
