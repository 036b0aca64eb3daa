// Where tests find golden data: small files are in tests/data/cosyvoice2, the rest where
// PARLEY_GOLDENS leads or beside the checkout in ../shared/goldens.
#pragma once

#include <filesystem>

namespace parley::cosyvoice2::testing {

// tests/data/cosyvoice2 of the checkout.
std::filesystem::path SmallGoldens();

// The folder "cosyvoice2" of the golden data, or an empty path: then SkipCounted(kNoGoldens).
std::filesystem::path Goldens();

inline constexpr char kNoGoldens[] =
    "no golden data of CosyVoice 2: set PARLEY_GOLDENS to the folder that holds cosyvoice2";

}  // namespace parley::cosyvoice2::testing
