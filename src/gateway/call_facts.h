#pragma once

// What rules on model.call may look at, taken from the call as they ask for it.

#include <map>
#include <string>

#include "core/declared.h"
#include "gateway/call_content.h"

namespace reeve::gateway {

/// The agent that acts: that of the credential, else what the client says; and the one it acts for, in the same way.
std::string_view agent_of(const identity::Principal& principal, const wire::ClientHints& hints);
std::string_view parent_agent_of(const identity::Principal& principal, const wire::ClientHints& hints);

/// What rules see of a call. Texts that a client declares of itself are bounded(), as in its records, so that a replay
/// decides on the same. Refers to the call's parts, which must outlive it.
class CallFacts final : public policy::Facts {
 public:
  struct Parts {
    const identity::Principal& principal;
    const wire::ClientHints& hints;
    const net::Headers& headers;
    const wire::Route& route;
    const wire::RequestView& view;
    std::size_t body_bytes = 0;
    std::string_view model;  // the name that would run
    const Model& entry;
    const Provider& provider;
    Instant now;
    const std::map<std::string, bool>& checks;
    // What scanning found, in the request or in the answer; null when nothing was looked at.
    const FindingGroups* found = nullptr;
    std::span<const std::string_view> labels;
    bool content_complete = true;
    std::span<const policy::GivenApproval* const> approvals;  // given for this call
    /// What the inventory says; nothing where no rule asks.
    struct Inventory {
      std::string_view model, provider, client;
      bool unknown = false;  // it could not be read
    } inventory = {};

    /// The same call, made by somebody else.
    Parts with(const identity::Principal& other) const {
      return {other,    hints, headers, route, view,   body_bytes,       model,     entry,
              provider, now,   checks,  found, labels, content_complete, approvals, inventory};
    }
  };
  explicit CallFacts(const Parts& parts) : parts_(parts) {}
  void read(policy::Fact fact, policy::FactSink& sink) const override;

 private:
  void read_model(policy::Fact fact, policy::FactSink& sink) const;
  void read_inventory(policy::Fact fact, policy::FactSink& sink) const;
  void read_content(policy::Fact fact, policy::FactSink& sink) const;
  const Parts& parts_;
};

/// Approvals of `settings` that hold for this call at `now`; none when no rule on the point asks for one. They live as
/// long as the settings.
std::vector<const policy::GivenApproval*> approvals_for(const Settings& settings, policy::Point point,
                                                        const identity::Principal& principal,
                                                        const wire::ClientHints& hints, Instant now);
/// What the inventory of `settings` says of such a call; nothing when no rule asks.
CallFacts::Parts::Inventory inventory_of(const Settings& settings, std::string_view model, const Provider& provider,
                                         const wire::ClientHints& hints);
/// As entries keep it, canonical JSON; empty for nothing.
std::string inventory_json(const CallFacts::Parts::Inventory& inventory);
/// As rules see them, canonical JSON; empty for none.
std::string approvals_json(std::span<const policy::GivenApproval* const> approvals);

/// OpenTelemetry's gen_ai.operation.name where it has one.
std::string_view operation_name(wire::Operation operation);

}  // namespace reeve::gateway
