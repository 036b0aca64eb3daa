// Items to and from JSON, for the room's own encoders and parsers.
#pragma once

#include <string>

#include "realtime/internal/json.h"
#include "realtime/item.h"

namespace parley::realtime {

Json ItemJson(const Item& item, bool with_audio = false);

// `path` is where it stands, for errors: "item".
Parsed<Item> ParseItem(const Json& json, const std::string& path);

}  // namespace parley::realtime
