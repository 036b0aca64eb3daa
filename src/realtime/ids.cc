#include "realtime/ids.h"

#include <random>

namespace parley::realtime {

std::string NewId(std::string_view prefix) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr size_t kLength = 20;
  thread_local std::mt19937_64 source = [] {
    std::random_device entropy;
    std::seed_seq seed{entropy(), entropy(), entropy(), entropy(),
                       entropy(), entropy(), entropy(), entropy()};
    return std::mt19937_64(seed);
  }();
  std::uniform_int_distribution<size_t> pick(0, kAlphabet.size() - 1);
  std::string id(prefix);
  id += '_';
  for (size_t i = 0; i < kLength; ++i) id += kAlphabet[pick(source)];
  return id;
}

}  // namespace parley::realtime
