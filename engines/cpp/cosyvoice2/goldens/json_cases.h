// Reads the JSON files of golden data. One thread.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/result.h"

namespace parley::cosyvoice2::goldens {

// A file's JSON; the messages name the file.
Result<nlohmann::json> ReadJson(const std::filesystem::path& path);

}  // namespace parley::cosyvoice2::goldens
