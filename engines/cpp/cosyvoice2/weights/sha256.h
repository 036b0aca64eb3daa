// SHA-256 (FIPS 180-4), by OpenSSL. One sequence.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace parley::cosyvoice2 {

class Sha256 {
 public:
  Sha256();
  ~Sha256();

  void Add(std::string_view bytes);
  // 64 lower-case hexadecimal digits; the last call.
  std::string Hex();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string Sha256Hex(std::string_view bytes);

}  // namespace parley::cosyvoice2
