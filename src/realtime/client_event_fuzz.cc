// Any bytes as a client's event of either dialect: an event or an error, never a crash; what is
// parsed can be merged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/check.h"
#include "realtime/beta_dialect.h"
#include "realtime/client_event.h"
#include "realtime/internal/append_scan.h"
#include "realtime/server_event.h"

namespace parley::realtime {
namespace {

// What the fast path reads is what a JSON parser reads, unless the audio is no base64 anyway.
void CheckScan(const AppendScan& scanned, std::string_view message) {
  if (scanned.audio.find_first_of("\\\r\n\t\b\f") != std::string_view::npos) return;
  const auto json = nlohmann::json::parse(message, nullptr, false);
  if (json.is_discarded()) {
    PARLEY_CHECK(!Base64Decode(scanned.audio).has_value());
    return;
  }
  PARLEY_CHECK(json.at("type") == "input_audio_buffer.append");
  PARLEY_CHECK(json.at("audio") == scanned.audio);
  PARLEY_CHECK(json.value("event_id", "") == scanned.event_id);
}

}  // namespace
}  // namespace parley::realtime

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley::realtime;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto beta = ParseClientEvent(FromBeta(message));
  if (!beta) PARLEY_CHECK(!ToBeta(ErrorEvent(beta.error())).empty());
  if (const auto scanned = ScanAppend(message)) CheckScan(*scanned, message);
  const auto event = ParseClientEvent(message);
  if (!event) {
    PARLEY_CHECK(!event.error().message.empty() && !event.error().code.empty());
    PARLEY_CHECK(!ErrorEvent(event.error()).empty());
    return 0;
  }
  if (const auto* update = std::get_if<UpdateSession>(&event->body)) {
    SessionObject session{SessionDefaults{}};
    if (session.Merge(update->patch, false)) PARLEY_CHECK(!session.ToJson().empty());
  }
  if (const auto* create = std::get_if<CreateItem>(&event->body)) {
    PARLEY_CHECK(!ItemAdded(create->item, "").empty());
  }
  if (const auto* response = std::get_if<CreateResponse>(&event->body)) {
    PARLEY_CHECK(MergeReply({}, response->overrides).has_value());
  }
  return 0;
}
