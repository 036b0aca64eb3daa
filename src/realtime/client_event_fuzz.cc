// Any bytes as a client's event of either dialect: an event or an error, never a crash; what is
// parsed can be merged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "realtime/beta_dialect.h"
#include "realtime/client_event.h"
#include "realtime/server_event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley::realtime;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto beta = ParseClientEvent(FromBeta(message));
  if (!beta) PARLEY_CHECK(!ToBeta(ErrorEvent(beta.error())).empty());
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
