// Whether a server event is as events.schema.json says, for tests of all that sends any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace parley::realtime::testing {

// What is wrong with it and where; empty: nothing. An event of a type that the schemas do not know
// is wrong too.
std::string ViolationOf(const nlohmann::json& event);

}  // namespace parley::realtime::testing
