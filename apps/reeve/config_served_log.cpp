#include "reeve/config_served_log.h"

namespace reeve::app {

void read_served_log(const YamlValue& value, ServedLog& served, std::vector<Diagnostic>& complaints) {
  served = {.checkpoint = false, .tiles = false, .entries = false};
  if (!value.is_sequence()) {
    complaints.push_back(value.complain("a list of checkpoint, tiles and entries is expected here"));
    return;
  }
  for (const YamlValue& item : value.items()) {
    if (item.text() == "checkpoint") {
      served.checkpoint = true;
    } else if (item.text() == "tiles") {
      served.tiles = true;
    } else if (item.text() == "entries") {
      served.entries = true;
    } else {
      complaints.push_back(item.complain("what of the ledger is served is a list of checkpoint, tiles and entries"));
    }
  }
}

}  // namespace reeve::app
