#include "realtime/testing/event_schemas.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <memory>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/check.h"

namespace parley::realtime::testing {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;
using Schemas = std::map<std::string, std::unique_ptr<valijson::Schema>>;

Schemas Load() {
  std::ifstream file(PARLEY_EVENT_SCHEMAS);
  const Json whole = Json::parse(file);
  Schemas schemas;
  for (const auto& [type, event] : whole.at("events").items()) {
    Json document = event;
    document["definitions"] = whole.at("definitions");
    auto schema = std::make_unique<valijson::Schema>();
    valijson::SchemaParser().populateSchema(Adapter(document), *schema);
    schemas.emplace(type, std::move(schema));
  }
  PARLEY_CHECK(schemas.size() > 30);
  return schemas;
}

}  // namespace

std::string ViolationOf(const Json& event) {
  static const Schemas schemas = Load();
  if (!event.is_object() || !event.contains("type")) return "no event: " + event.dump();
  const auto found = schemas.find(event["type"].get<std::string>());
  if (found == schemas.end()) return "unknown type: " + event.dump();
  valijson::ValidationResults results;
  if (valijson::Validator().validate(*found->second, Adapter(event), &results)) return {};
  std::string what;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    std::string place;
    for (const std::string& step : error.context) place += step;
    what += fmt::format("{}: {}\n", place, error.description);
  }
  return what + event.dump();
}

}  // namespace parley::realtime::testing
