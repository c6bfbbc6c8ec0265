// Prices lines of JSON for tests/prices/differential.mjs: reads {"provider","model","time","usage"} a line, writes
// {"nanos","known"} a line, from the built-in catalogue.

#include <iostream>
#include <string>

#include "core/json.h"
#include "spend/spend.h"

namespace reeve::spend {
namespace {

TokenUsage read_usage(JsonValue value) {
  TokenUsage usage;
  usage.input = value["input"].int_or(0);
  usage.cache_read = value["cache_read"].int_or(0);
  usage.cache_write_5m = value["cache_write_5m"].int_or(0);
  usage.cache_write_1h = value["cache_write_1h"].int_or(0);
  usage.output = value["output"].int_or(0);
  usage.reasoning = value["reasoning"].int_or(0);
  usage.input_audio = value["input_audio"].int_or(0);
  usage.output_audio = value["output_audio"].int_or(0);
  usage.web_searches = value["web_searches"].int_or(0);
  usage.input_reported = usage.output_reported = true;
  return usage;
}

int run() {
  const auto catalogue = Catalogue::built_in();
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = JsonDocument::parse(line);
    if (!document) {
      std::cerr << document.error().message << "\n";
      return 2;
    }
    const JsonValue root = document->root();
    const auto when = parse_time(root["time"].string_or(""));
    if (!when) {
      std::cerr << when.error().message << "\n";
      return 2;
    }
    const PriceMatch match = catalogue->find(root["provider"].string_or(""), root["model"].string_or(""), *when);
    const Cost cost = cost_of(match, read_usage(root["usage"]), ServiceTier::kStandard);
    JsonWriter json;
    json.begin_object().member("nanos", cost.total.nanos).member("known", match.known).end_object();
    std::cout << json.text() << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace reeve::spend

int main() { return reeve::spend::run(); }
