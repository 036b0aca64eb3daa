// What the room's encoders share.
#pragma once

#include <string>
#include <string_view>

#include "realtime/ids.h"
#include "realtime/internal/json.h"
#include "turn/domain_event.h"

namespace parley::realtime {

// {"type": …, "event_id": new, …fields}
std::string EventMessage(std::string_view type, Json fields);

std::string_view StatusName(turn::ResponseStatus status);  // "completed", …
std::string_view ReasonName(turn::ResponseReason reason);  // "turn_detected", …; "" for none

}  // namespace parley::realtime
