// What is written in the register of agents: checked, decided, and as JSON.

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "identity/agents.h"
#include "identity/identity.h"
#include "identity/issuer_address.h"
#include "identity/jwt.h"
#include "identity/key_set.h"
#include "identity/names.h"
#include "identity/spiffe_id.h"

namespace reeve::identity {

namespace {

constexpr std::array<std::string_view, 5> kStates = {"requested", "approved", "denied", "suspended", "retired"};
constexpr std::array<std::string_view, 4> kDecisions = {"approve", "deny", "suspend", "retire"};
constexpr std::size_t kIdBytesMax = 63;
constexpr std::size_t kTextBytesMax = 500;
constexpr std::size_t kListMax = 100;
constexpr std::size_t kIdentitiesMax = 20;
constexpr std::size_t kClaimsMax = 10;
constexpr std::size_t kDetailBytesMax = 7UL << 10U;  // a decision's reason is still to come
constexpr std::size_t kKeysBytesMax = 16UL << 10U;

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

bool is_agent_id(std::string_view id) {
  if (id.size() < 2 || id.size() > kIdBytesMax || id.front() < 'a' || id.front() > 'z' || id.back() == '-')
    return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Result<void> check_text(std::string_view field, std::string_view text, bool required) {
  if (text.empty() && !required) return {};
  const bool one_line =
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!text.empty() && text.size() <= kTextBytesMax && is_utf8(text) && one_line && trim(text).size() == text.size()) {
    return {};
  }
  return invalid("the " + std::string(field) + " of an agent is one line of text, of 1 to 500 bytes");
}

Result<void> check_list(std::string_view field, const std::vector<std::string>& list) {
  if (list.size() > kListMax) return invalid("an agent has at most 100 " + std::string(field));
  if (std::all_of(list.begin(), list.end(), is_name)) return {};
  return invalid("each of an agent's " + std::string(field) + " is one line of text without blanks around it");
}

Result<void> check_identity(const AgentIdentity& identity) {
  switch (identity.kind) {
    case AgentIdentity::Kind::kSpiffe: {
      const auto id = parse_spiffe_id(identity.name);
      if (!id) return id.error();
      if (id->path.empty()) return invalid("a SPIFFE ID without a path is that of a trust domain, not of an agent");
      return {};
    }
    case AgentIdentity::Kind::kWorkload:
      if (!parse_document_address(identity.name)) return invalid("a workload needs the address of its issuer");
      if (identity.claims.empty() || identity.claims.size() > kClaimsMax) {
        return invalid(
            "a workload needs 1 to 10 claims that its token must have, such as repository=acme/payments; "
            "without them every token of the issuer would be this agent");
      }
      for (const auto& [name, value] : identity.claims) {
        if (!is_name(name) || !is_name(value)) return invalid("a claim is NAME=VALUE, each one line of text");
      }
      return {};
    case AgentIdentity::Kind::kCard: {
      if (identity.keys.size() > kKeysBytesMax) return invalid("the keys of a card are longer than 16 KB");
      const auto keys = parse_key_set(identity.keys);
      if (!keys) return keys.error();
      if (keys->keys.empty()) return invalid("the card has no key that can be used");
      return {};
    }
  }
  return {};
}

Result<void> check_request(const AgentRequest& request, Instant now) {
  if (!is_agent_id(request.id)) {
    return invalid("an agent's id is 2 to 63 of a-z, 0-9 and hyphens, beginning with a letter");
  }
  if (!is_name(request.owner)) return invalid("an agent needs an owner: the e-mail address of a person");
  if (!is_name(request.by)) return invalid("who asks for the agent must be named");
  if (!request.team.empty() && !is_name(request.team)) return invalid("the team is one line of text");
  if (auto checked = check_text("title", request.title, true); !checked) return checked;
  if (auto checked = check_text("purpose", request.purpose, true); !checked) return checked;
  if (auto checked = check_text("risk note", request.risk, false); !checked) return checked;
  const AgentPermissions& may = request.permissions;
  for (const auto& [field, list] :
       {std::pair{"models", &may.models}, std::pair{"tools", &may.tools}, std::pair{"classes", &may.classes},
        std::pair{"repos", &may.repos}, std::pair{"principals to act for", &may.acts_for}}) {
    if (auto checked = check_list(field, *list); !checked) return checked;
  }
  if (request.identities.empty() || request.identities.size() > kIdentitiesMax) {
    return invalid("an agent needs 1 to 20 credentials that speak for it: a SPIFFE ID, a workload's token, or a card");
  }
  for (const AgentIdentity& identity : request.identities) {
    if (auto checked = check_identity(identity); !checked) return checked;
  }
  if (request.expires && *request.expires <= now) return invalid("the agent would have expired already");
  return {};
}

std::vector<std::string> sorted(std::vector<std::string> list) {
  sort_unique(list);
  return list;
}

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
}

void write_claims(JsonWriter& json, const AgentIdentity& identity) {
  json.key("claims").begin_object();
  for (const auto& [name, value] : identity.claims) json.member(name, value);
  json.end_object();
}

void write_agent(JsonWriter& json, const Agent& agent, bool with_keys) {
  json.begin_object();
  write_list(json, "acts_for", agent.permissions.acts_for);
  const auto card = std::find_if(agent.identities.begin(), agent.identities.end(),
                                 [](const AgentIdentity& one) { return one.kind == AgentIdentity::Kind::kCard; });
  if (card != agent.identities.end()) {
    if (with_keys)
      json.member("card_keys", card->keys);
    else
      json.member("card_keys_sha256", to_hex(as_bytes(sha256(card->keys))));
  }
  write_list(json, "classes", agent.permissions.classes);
  if (agent.decided) json.member("decided", format_time(*agent.decided));
  json.member_if("decided_by", agent.decided_by);
  if (agent.expires) json.member("expires", format_time(*agent.expires));
  json.member("id", agent.id);
  write_list(json, "models", agent.permissions.models);
  json.member("owner", agent.owner).member("purpose", agent.purpose).member_if("reason", agent.reason);
  write_list(json, "repos", agent.permissions.repos);
  json.member("requested", format_time(agent.requested)).member("requested_by", agent.requested_by);
  json.member_if("risk", agent.risk).key("spiffe").begin_array();
  for (const AgentIdentity& identity : agent.identities) {
    if (identity.kind == AgentIdentity::Kind::kSpiffe) json.value(identity.name);
  }
  json.end_array().member("state", agent_state_name(agent.state)).member_if("team", agent.team);
  json.member("title", agent.title);
  write_list(json, "tools", agent.permissions.tools);
  json.member("version", agent.version).key("workloads").begin_array();
  for (const AgentIdentity& identity : agent.identities) {
    if (identity.kind != AgentIdentity::Kind::kWorkload) continue;
    json.begin_object();
    write_claims(json, identity);
    json.member("issuer", identity.name).end_object();
  }
  json.end_array().end_object();
}

Result<std::vector<std::string>> read_list(const JsonValue& json, std::string_view name) {
  std::vector<std::string> list;
  const JsonValue value = json[name];
  if (!value.present()) return list;
  const Error wrong = invalid("'" + std::string(name) + "' is a list of texts");
  if (!value.is_array()) return wrong;
  for (const JsonValue& item : value.items()) {
    const auto text = item.as_string();
    if (!text) return wrong;
    list.emplace_back(*text);
  }
  return list;
}

Result<AgentPermissions> read_permissions(const JsonValue& json) {
  AgentPermissions permissions;
  for (const auto& [name, into] : {std::pair{"models", &permissions.models}, std::pair{"tools", &permissions.tools},
                                   std::pair{"classes", &permissions.classes}, std::pair{"repos", &permissions.repos},
                                   std::pair{"acts_for", &permissions.acts_for}}) {
    auto list = read_list(json, name);
    if (!list) return std::move(list).error();
    *into = *std::move(list);
  }
  return permissions;
}

Result<std::vector<AgentIdentity>> read_identities(const JsonValue& json) {
  std::vector<AgentIdentity> identities;
  auto spiffe = read_list(json, "spiffe");
  if (!spiffe) return std::move(spiffe).error();
  for (std::string& id : *spiffe) identities.push_back({AgentIdentity::Kind::kSpiffe, std::move(id), {}, {}});
  for (const JsonValue& item : json["workloads"].items()) {
    AgentIdentity identity{AgentIdentity::Kind::kWorkload, std::string(item["issuer"].string_or("")), {}, {}};
    for (const auto& [name, value] : item["claims"].members()) {
      const auto text = value.as_string();
      if (!text) return invalid("a claim of a workload is compared as text; write its value in quotes");
      identity.claims.emplace_back(std::string(name), std::string(*text));
    }
    std::sort(identity.claims.begin(), identity.claims.end());
    identities.push_back(std::move(identity));
  }
  return identities;
}

}  // namespace

std::string_view agent_state_name(AgentState state) { return kStates[static_cast<std::size_t>(state)]; }

std::optional<AgentState> agent_state_from_name(std::string_view name) {
  const auto found = std::find(kStates.begin(), kStates.end(), name);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<AgentState>(found - kStates.begin());
}

std::optional<AgentDecision> agent_decision_from_name(std::string_view name) {
  const auto found = std::find(kDecisions.begin(), kDecisions.end(), name);
  if (found == kDecisions.end()) return std::nullopt;
  return static_cast<AgentDecision>(found - kDecisions.begin());
}

std::string agent_to_json(const Agent& agent) {
  JsonWriter json;
  write_agent(json, agent, true);
  return json.take();
}

Result<Agent> agent_from_json(std::string_view text) {
  const auto document = JsonDocument::parse(text, /*depth_max=*/8);
  const Error damaged{ErrorCode::kCorrupt, "an agent of the register cannot be read; restore it from a backup"};
  if (!document) return damaged;
  const JsonValue json = document->root();
  const auto word = [&](std::string_view name) { return std::string(json[name].string_or("")); };
  Agent agent;
  for (const auto& [name, into] :
       {std::pair{"id", &agent.id}, std::pair{"title", &agent.title}, std::pair{"owner", &agent.owner},
        std::pair{"purpose", &agent.purpose}, std::pair{"team", &agent.team}, std::pair{"risk", &agent.risk},
        std::pair{"requested_by", &agent.requested_by}, std::pair{"decided_by", &agent.decided_by},
        std::pair{"reason", &agent.reason}}) {
    *into = word(name);
  }
  auto permissions = read_permissions(json);
  auto identities = read_identities(json);
  const auto state = agent_state_from_name(json["state"].string_or(""));
  const auto requested = parse_time(json["requested"].string_or(""));
  if (!permissions || !identities || !state || !requested || !is_agent_id(agent.id)) return damaged;
  agent.permissions = *std::move(permissions);
  agent.identities = *std::move(identities);
  if (json["card_keys"].present()) agent.identities.push_back({AgentIdentity::Kind::kCard, {}, {}, word("card_keys")});
  agent.state = *state;
  agent.requested = *requested;
  for (const auto& [name, into] : {std::pair{"decided", &agent.decided}, std::pair{"expires", &agent.expires}}) {
    if (!json[name].present()) continue;
    const auto time = parse_time(json[name].string_or(""));
    if (!time) return damaged;
    *into = *time;
  }
  agent.version = static_cast<std::uint64_t>(json["version"].int_or(1));
  return agent;
}

Result<AgentRequest> agent_request_from_json(const JsonValue& json) {
  constexpr std::array<std::string_view, 15> kKnown = {"id",      "title",    "owner",  "purpose",   "team",
                                                       "risk",    "models",   "tools",  "repos",     "card",
                                                       "classes", "acts_for", "spiffe", "workloads", "expires"};
  if (!json.is_object()) return invalid("the body is a JSON object");
  for (const auto& [name, value] : json.members()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      return invalid("an agent has no '" + printable(name, 40) + "'");
    }
  }
  AgentRequest request;
  for (const auto& [name, into] :
       {std::pair{"id", &request.id}, std::pair{"title", &request.title}, std::pair{"owner", &request.owner},
        std::pair{"purpose", &request.purpose}, std::pair{"team", &request.team}, std::pair{"risk", &request.risk}}) {
    if (!json[name].present()) continue;
    const auto text = json[name].as_string();
    if (!text) return invalid("'" + std::string(name) + "' is a text");
    *into = *text;
  }
  auto permissions = read_permissions(json);
  if (!permissions) return std::move(permissions).error();
  request.permissions = *std::move(permissions);
  auto identities = read_identities(json);
  if (!identities) return std::move(identities).error();
  request.identities = *std::move(identities);
  if (json["expires"].present()) {
    const auto time = parse_time(json["expires"].string_or(""));
    if (!time) return with_context(time.error(), "expires");
    request.expires = *time;
  }
  return request;
}

Result<AgentIdentity> read_agent_card(std::string_view card, std::string_view agent, Instant now) {
  const auto parsed = parse_jwt(trim(card), TokenUse::kAgentCard);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return invalid("the card: " + refusal->message);
  const Jwt& jwt = std::get<Jwt>(parsed);
  const JsonValue claims = jwt.claims.root();
  if (claims["sub"].string_or("") != agent) {
    return invalid("the card is not that of the agent " + std::string(agent) + ": its sub must be that id");
  }
  const auto expires = claims["exp"].as_int();
  if (!expires || from_unix_seconds(*expires) <= now) return invalid("the card has no exp, or has expired");
  AgentIdentity identity{AgentIdentity::Kind::kCard, {}, {}, claims["jwks"].to_json()};
  if (!claims["jwks"].is_object()) return invalid("the card has no jwks, the keys that the agent signs with");
  if (claims["jwks"].to_json().find("\"d\":") != std::string::npos) {
    return invalid(
        "the card holds a private key: everybody who sees it can be this agent. Make another key, and keep "
        "its private half to the agent");
  }
  const auto keys = parse_key_set(identity.keys);
  if (!keys) return keys.error();
  const auto candidates = keys->candidates(jwt.algorithm, jwt.key_id);
  const bool holds_key = std::any_of(candidates.begin(), candidates.end(), [&](const VerificationKey* key) {
    return key->verify(jwt.algorithm, jwt.signing_input, jwt.signature);
  });
  if (!holds_key) return invalid("the card is not signed with one of its own keys");
  return identity;
}

Result<Agent> request_agent(const AgentRequest& request, const std::optional<Agent>& before, Instant now) {
  if (auto checked = check_request(request, now); !checked) return std::move(checked).error();
  if (before && before->state == AgentState::kRetired) {
    return Error{ErrorCode::kConflict, "the agent " + request.id + " is retired, and its id is not used again"};
  }
  Agent agent;
  agent.id = request.id;
  agent.title = request.title;
  agent.owner = person_name(request.owner);
  agent.purpose = request.purpose;
  agent.team = request.team;
  agent.risk = request.risk;
  agent.requested_by = person_name(request.by);
  agent.permissions = {sorted(request.permissions.models), sorted(request.permissions.tools),
                       sorted(request.permissions.classes), sorted(request.permissions.repos),
                       sorted(request.permissions.acts_for)};
  agent.identities = request.identities;
  if (request.expires) agent.expires = Instant{request.expires->nanoseconds / 1000 * 1000};
  agent.requested = Instant{now.nanoseconds / 1000 * 1000};
  agent.version = before ? before->version + 1 : 1;
  // The ledger keeps each version whole.
  if (agent_event_detail(agent).size() > kDetailBytesMax) return invalid("all that is said of the agent is over 7 KB");
  return agent;
}

Result<Agent> decide_agent(const Agent& agent, AgentDecision decision, std::string_view by, std::string_view reason,
                           Instant now) {
  using State = AgentState;
  if (!is_name(by)) return invalid("who decides must be named");
  if (auto checked = check_text("reason", reason, decision != AgentDecision::kApprove); !checked) {
    return invalid("say why, in one line of at most 500 bytes");
  }
  const std::string folded = fold_name(by);
  const bool own = folded == fold_name(agent.owner) || folded == fold_name(agent.requested_by);
  if (decision == AgentDecision::kApprove && own) {
    return Error{ErrorCode::kDenied, "Nobody approves an agent that they own or asked for; ask another who may."};
  }
  const auto conflict = [&](std::string_view wanted) {
    return Error{ErrorCode::kConflict, "the agent " + agent.id + " is " + std::string(agent_state_name(agent.state)) +
                                           "; " + std::string(wanted)};
  };
  Agent next = agent;
  switch (decision) {
    case AgentDecision::kApprove:
      if (agent.state != State::kRequested && agent.state != State::kSuspended) {
        return conflict("only a request, or what is suspended, can be approved");
      }
      if (agent.expires && *agent.expires <= now) return conflict("it has expired, so it has to be asked for again");
      next.state = State::kApproved;
      break;
    case AgentDecision::kDeny:
      if (agent.state != State::kRequested) return conflict("only a request can be denied; suspend or retire it");
      next.state = State::kDenied;
      break;
    case AgentDecision::kSuspend:
      if (agent.state != State::kApproved) return conflict("only an approved agent can be suspended");
      next.state = State::kSuspended;
      break;
    case AgentDecision::kRetire:
      if (agent.state == State::kRetired) return conflict("it ended before");
      next.state = State::kRetired;
      break;
  }
  next.decided_by = person_name(by);
  next.reason = reason;
  next.decided = Instant{now.nanoseconds / 1000 * 1000};
  ++next.version;
  return next;
}

Result<Agent> transfer_agent(const Agent& agent, std::string_view to, std::string_view by, Instant now) {
  if (!is_name(to)) return invalid("an agent needs an owner: the e-mail address of a person");
  if (!is_name(by)) return invalid("who asks for the agent must be named");
  if (agent.state == AgentState::kRetired) {
    return Error{ErrorCode::kConflict, "the agent " + agent.id + " is retired; register another one in its place"};
  }
  if (fold_name(to) == fold_name(agent.owner)) {
    return Error{ErrorCode::kConflict, printable(to, 80) + " answers for the agent " + agent.id + " already"};
  }
  Agent next = agent;
  next.owner = person_name(to);
  next.requested_by = person_name(by);
  next.requested = Instant{now.nanoseconds / 1000 * 1000};
  next.state = AgentState::kRequested;
  next.decided.reset();
  next.decided_by.clear();
  next.reason.clear();
  ++next.version;
  return next;
}

std::string_view agent_event_kind(const Agent& agent) {
  switch (agent.state) {
    case AgentState::kRequested: return "agent.registered";
    case AgentState::kApproved: return "agent.approved";
    case AgentState::kDenied: return "agent.denied";
    case AgentState::kSuspended: return "agent.suspended";
    case AgentState::kRetired: return "agent.retired";
  }
  return "agent.registered";
}

std::string agent_event_detail(const Agent& agent) {
  JsonWriter json;
  write_agent(json, agent, false);
  return json.take();
}

std::string shared_credential(const Agent& one, const Agent& other) {
  if (one.id == other.id || one.state == AgentState::kRetired || other.state == AgentState::kRetired) return {};
  for (const AgentIdentity& mine : one.identities) {
    for (const AgentIdentity& theirs : other.identities) {
      if (mine == theirs) {
        return "a credential of " + one.id + " speaks for the agent " + other.id +
               " already; one credential, one agent";
      }
    }
  }
  return {};
}

}  // namespace reeve::identity
