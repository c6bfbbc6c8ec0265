#pragma once

// Ladders: which cheaper model answers in place of the one asked for, and when that can be done without breaking the
// conversation. The part of the spend room's face on degradation; docs/degradation.md tells it from the outside.
//
// A conversation changes its model at safe points only: where it begins, right after its client compacted it, and
// between models of one family where nothing in it hangs on the model that wrote it. From then on it stays with the
// model that it has, also when there is money again, until it begins anew or is compacted.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.h"
#include "spend/prices.h"

namespace reeve::spend {

// ---- Safe points ----

enum class SafePoint : std::uint8_t { kNone, kNewConversation, kCompacted, kSameFamily };
std::string_view safe_point_name(SafePoint point);  // "none", "new_conversation", "compacted", "same_family"

/// What is known of a conversation when a call comes in.
struct Conversation {
  std::size_t messages = 0;
  std::size_t assistant_turns = 0;
  bool opens_with_summary = false;  // as its client writes one when it compacts
  std::string_view bound_by;        // what no other model can read, in words; empty: nothing
  std::size_t messages_before = 0;  // of its last call; 0: not known
};
SafePoint safe_point(const Conversation& conversation);

// ---- Steps ----

/// A model that is configured, open (no kill switch, no rule against it) and spoken to in the dialect of the call.
struct LadderModel {
  std::string name;
  std::string family;  // empty: not known, and like no other
  PriceMatch price;
};

/// True when no call of this size can cost more with `candidate`, and some cost less. A price that is not known is
/// never cheaper.
bool is_cheaper(const PriceMatch& candidate, const PriceMatch& than, std::int64_t input_tokens);

struct LadderQuestion {
  std::string_view ladder;             // name
  std::span<const std::string> steps;  // patterns, the dearest first
  LadderModel asked;
  std::int64_t input_tokens = 0;
  SafePoint point = SafePoint::kNone;
  std::string_view bound_by;            // for the reason
  std::span<const LadderModel> models;  // those that there are; of one step the first that fits is taken
  /// Why a model cannot answer this request; empty when it can.
  std::function<std::string(const LadderModel&)> why_unable;
};

struct LadderAnswer {
  std::optional<LadderModel> model;
  std::string reason;                                            // one sentence, for the record and for people
  std::vector<std::pair<std::string, std::string>> passed_over;  // models that the steps name, and why not them
};

/// The first model on the steps below the asked one's that is cheaper and can answer.
LadderAnswer step_down(const LadderQuestion& question);

// ---- Which model a conversation has ----

/// Remembers what conversations were given in place of what they ask for. Thread-safe; holds the most recent ones.
/// A conversation is what the caller makes of person, session and sub-agent: one string, never another's.
class SwapMemory {
 public:
  struct Options {
    std::size_t conversations_max = 100'000;
    Duration forgotten_after = std::chrono::hours(12);  // without a call
  };
  explicit SwapMemory(Options options, const Clock& clock = system_clock());
  SwapMemory() : SwapMemory(Options()) {}
  ~SwapMemory();

  struct Remembered {
    std::string model;         // in place of the asked one; empty: the asked one itself
    std::size_t messages = 0;  // of the last call
    bool told = false;         // the developer was told in an answer
  };
  std::optional<Remembered> find(std::string_view conversation, std::string_view asked);
  void remember(std::string_view conversation, std::string_view asked, Remembered what);
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ModelChoice {
  enum class Kind : std::uint8_t {
    kAsAsked,      // nothing says otherwise
    kSteppedDown,  // now
    kStays,        // with the cheaper model that the conversation was given before
    kCannot,       // a step down is due, and there is none: `ladder.reason`
  } kind = Kind::kAsAsked;
  std::optional<LadderModel> model;  // of kSteppedDown and kStays
  LadderAnswer ladder;
};

/// What answers this call. `question.point` and `bound_by` are filled in here. `due`: a budget or a rule wants the step
/// down for this call. An empty conversation is remembered nowhere, so that only `due` counts. The caller says with
/// SwapMemory::remember what it did: a call that is not sent changes nothing.
ModelChoice choose_model(LadderQuestion question, bool due, std::string_view conversation_id, Conversation conversation,
                         SwapMemory& memory);

}  // namespace reeve::spend
