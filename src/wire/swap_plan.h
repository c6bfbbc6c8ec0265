#pragma once

// The making of a ModelSwap: edits on scanned JSON that keep it JSON, and what is known of the model that takes over.
//
// Private to the wire room.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "wire/json_scan.h"
#include "wire/wire.h"

namespace reeve::wire {

class SwapPlan {
 public:
  SwapPlan(const Route& route, std::string_view model, const HeaderLookup& header);

  const ModelFacts& facts() const { return facts_; }
  const std::string& model() const { return swap_.model; }

  void replace(JsonNode value, std::string json);
  void replace_with_string(JsonNode value, std::string_view text);
  /// Removes the members of `object` with these names, each with its comma. Once for each object.
  void remove(JsonNode object, const std::vector<std::string_view>& names);
  /// Removes elements of an array; false for those that stay.
  void remove_elements(JsonNode array, const std::function<bool(JsonNode)>& removed);
  /// For the record; each name once.
  void note_reduced(std::string_view name);

  /// Makes a count in the request no greater than `most` (0: not known, nothing happens). What it is afterwards.
  std::optional<std::int64_t> limit(JsonNode value, std::int64_t most, std::string_view name);
  /// The effort that the model takes in place of the one asked for: the same, the next lower, or else its least; empty
  /// when it takes none.
  std::string_view effort_for(std::string_view asked) const;

  /// Takes a value out of a header that lists several, by the beginning of its name.
  void remove_from_header(std::string_view header, std::string_view prefix);

  /// The plan as it stands. Edits come in order.
  ModelSwap take();

 private:
  void remove_run(std::size_t begin, std::size_t end);

  const ModelFacts& facts_;
  const HeaderLookup& header_;
  ModelSwap swap_;
};

/// True for how the known clients begin a conversation that continues a longer one.
bool opens_with_summary(std::string_view decoded_text);

}  // namespace reeve::wire
