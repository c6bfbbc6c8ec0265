// What a follower needs of an entry, read in one walk over its own bytes.

#include <charconv>
#include <string_view>
#include <system_error>

#include "core/json_members.h"
#include "ledger/entry_json.h"

namespace reeve::ledger {

namespace {

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_text(std::string_view value, std::string_view& text) {
  if (value.size() < 2 || value.front() != '"') return false;
  text = value.substr(1, value.size() - 2);
  return true;
}

}  // namespace

EntryFacts read_entry_facts(std::string_view entry) {
  EntryFacts facts;
  JsonMembers walk(entry);
  std::string_view name;
  std::string_view value;
  bool seq = false;
  bool time = false;
  bool kind = false;
  while (walk.next(name, value)) {
    if (name == "seq") {
      seq = read_number(value, facts.seq);
    } else if (name == "time") {
      time = read_text(value, facts.time);
    } else if (name == "kind") {
      kind = read_text(value, facts.kind);
    } else if (name == "request_id") {
      read_text(value, facts.request_id);
    } else if (name == "attempt") {
      read_number(value, facts.attempt);
    } else if (name == "producer") {
      facts.producer = value;
    }
  }
  facts.well_formed = walk.good() && seq && time && kind;
  return facts;
}

}  // namespace reeve::ledger
