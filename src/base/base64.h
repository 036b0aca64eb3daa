// Base64 with padding (RFC 4648 §4), as Realtime events carry audio.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley {

std::string Base64Encode(std::span<const uint8_t> bytes);

// kInvalidArgument, with the place, for another alphabet, white space or wrong padding.
Result<std::vector<uint8_t>> Base64Decode(std::string_view text);

}  // namespace parley
