#include "identity/cutoff.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/declared.h"
#include "core/id.h"
#include "core/json.h"
#include "identity/directory.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr std::array<std::string_view, 9> kKindNames = {"all",   "provider", "model",      "person", "group",
                                                        "agent", "session",  "mcp_server", "key"};
constexpr std::size_t kReasonBytesMax = 500;

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

bool is_reason(std::string_view text) {
  return !trim(text).empty() && text.size() <= kReasonBytesMax && is_utf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Instant in_microseconds(Instant at) { return {at.nanoseconds / 1000 * 1000}; }

std::optional<Instant> time_in(const JsonValue& object, std::string_view name) {
  const auto time = parse_time(object[name].string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

Error damaged(const char* what) {
  return {ErrorCode::kCorrupt, std::string("a stored ") + what + " is damaged; restore the database from a backup"};
}

/// As a cutoff's name and a call's are compared: of what clients say of themselves a call has no more than this, and a
/// person is meant in whatever case a credential, a command or the directory writes the name.
std::string compared(CutoffKind kind, std::string_view name) {
  if (kind == CutoffKind::kPerson) return fold_case(name);
  return std::string(kind == CutoffKind::kSession || kind == CutoffKind::kAgent ? bounded(name) : name);
}

/// How the sentence to whoever is refused begins.
std::string what_is_off(const CutoffScope& scope) {
  const std::string name = "'" + printable(scope.name, 100) + "'";
  switch (scope.kind) {
    case CutoffKind::kAll: return "All AI use through Reeve is switched off";
    case CutoffKind::kProvider: return "The provider " + name + " is switched off";
    case CutoffKind::kModel: return "The model " + name + " is switched off";
    case CutoffKind::kPerson: return "AI use by " + name + " is switched off";
    case CutoffKind::kGroup: return "AI use by the group " + name + " is switched off";
    case CutoffKind::kAgent: return "The agent " + name + " is switched off";
    case CutoffKind::kSession: return "The session " + name + " was ended";
    case CutoffKind::kMcpServer: return "The MCP server " + name + " is switched off";
    case CutoffKind::kKey: return "The key " + name + " is switched off";
  }
  return "This is switched off";
}

}  // namespace

std::string_view cutoff_kind_name(CutoffKind kind) { return kKindNames.at(static_cast<std::size_t>(kind)); }

std::string CutoffScope::text() const {
  std::string text(cutoff_kind_name(kind));
  if (kind != CutoffKind::kAll) text.append(":").append(name);
  return text;
}

Result<CutoffScope> parse_cutoff_scope(std::string_view text) {
  if (text == kKindNames.front()) return CutoffScope{};
  const std::size_t colon = text.find(':');
  const auto* const kind = std::find(kKindNames.begin() + 1, kKindNames.end(), text.substr(0, colon));
  if (colon == std::string_view::npos || kind == kKindNames.end() || !is_name(text.substr(colon + 1))) {
    return invalid("\"" + printable(text, 80) +
                   "\" is no scope; write all, or provider:, model:, person:, group:, agent:, session:, mcp_server: or "
                   "key: and a name");
  }
  CutoffScope scope{static_cast<CutoffKind>(kind - kKindNames.begin()), std::string(text.substr(colon + 1))};
  if (scope.kind == CutoffKind::kPerson) scope.name = person_name(scope.name);
  return scope;
}

Result<Cutoff> make_cutoff(const CutoffRequest& request, Instant now) {
  if (!is_reason(request.reason))
    return invalid("say why, in one line of at most 500 bytes: whoever is refused reads it");
  if (!is_name(request.by)) return invalid("who switches must be a short line of text without blanks around it");
  if (request.until && *request.until <= now) return invalid("the time until which it holds is over already");
  Cutoff cutoff;
  cutoff.scope = request.scope;
  cutoff.reason = trim(request.reason);
  cutoff.by = request.by;
  cutoff.at = in_microseconds(now);
  if (request.until) cutoff.until = in_microseconds(*request.until);
  cutoff.id = request.repeat_key.empty() ? make_id("cut") : cutoff_id_of(request.by, request.repeat_key);
  return cutoff;
}

Result<std::string> reason_to_let_on(std::string_view reason) {
  if (!is_reason(reason)) return invalid("say why it is let on again, in one line of at most 500 bytes");
  return std::string(trim(reason));
}

std::string cutoff_id_of(std::string_view by, std::string_view repeat_key) {
  return "cut_" + to_hex(as_bytes(sha256(std::string(by) + "\n" + std::string(repeat_key)))).substr(0, 26);
}

bool is_same_request(const Cutoff& before, const CutoffRequest& request, bool until_counts) {
  const auto until = request.until ? std::optional(in_microseconds(*request.until)) : std::nullopt;
  if (before.scope != request.scope || before.reason != trim(request.reason)) return false;
  if (!until_counts || before.until == until) return true;
  // Where clocks differ, a time that went there and back is a little off.
  if (before.clock_ahead == Duration::zero() || !before.until || !until) return false;
  const Duration off = *until - (*before.until + before.clock_ahead);
  return off < kClocksAgree && off > -kClocksAgree;
}

std::string cutoff_to_json(const Cutoff& cutoff) {
  JsonWriter json;
  json.begin_object().member("at", format_time(cutoff.at)).member("by", cutoff.by).member_if("drill", cutoff.drill);
  if (cutoff.ended) {
    json.member("ended", format_time(*cutoff.ended)).member("ended_by", cutoff.ended_by);
    json.member_if("ended_reason", cutoff.ended_reason);
  }
  json.member("id", cutoff.id).member("on", !cutoff.ended);
  if (cutoff.practice) json.member("practice", true);
  json.member("reason", cutoff.reason).member("scope", cutoff.scope.text());
  if (cutoff.until) json.member("until", format_time(*cutoff.until));
  return json.end_object().take();
}

Result<Cutoff> cutoff_from_json(std::string_view json) {
  const auto document = JsonDocument::parse(json);
  if (!document) return damaged("cutoff");
  const JsonValue root = document->root();
  auto scope = parse_cutoff_scope(root["scope"].string_or(""));
  const auto at = time_in(root, "at");
  Cutoff cutoff;
  cutoff.id = root["id"].string_or("");
  if (!scope || !at || cutoff.id.empty()) return damaged("cutoff");
  cutoff.scope = *std::move(scope);
  cutoff.reason = root["reason"].string_or("");
  cutoff.by = root["by"].string_or("");
  cutoff.at = *at;
  cutoff.until = time_in(root, "until");
  cutoff.practice = root["practice"].as_bool().value_or(false);
  cutoff.drill = root["drill"].string_or("");
  cutoff.ended = time_in(root, "ended");
  cutoff.ended_by = root["ended_by"].string_or("");
  cutoff.ended_reason = root["ended_reason"].string_or("");
  // A time that cannot be read must not make it hold for less long.
  const bool odd = root["until"].present() && !cutoff.until;
  return odd ? Result<Cutoff>(damaged("cutoff")) : Result<Cutoff>(std::move(cutoff));
}

std::string drill_to_json(const Drill& drill) {
  JsonWriter json;
  json.begin_object().member("at", format_time(drill.at)).member("by", drill.by).member("for_real", drill.for_real);
  json.member("id", drill.id).member("scope", drill.scope.text()).member("streams", drill.streams);
  return json.end_object().take();
}

Result<Drill> drill_from_json(std::string_view json) {
  const auto document = JsonDocument::parse(json);
  if (!document) return damaged("drill");
  const JsonValue root = document->root();
  auto scope = parse_cutoff_scope(root["scope"].string_or(""));
  const auto at = time_in(root, "at");
  if (!scope || !at) return damaged("drill");
  Drill drill{std::string(root["id"].string_or("")),      *std::move(scope),
              root["for_real"].as_bool().value_or(false), root["streams"].int_or(0),
              std::string(root["by"].string_or("")),      *at};
  return drill;
}

CutoffSet::CutoffSet(std::vector<Cutoff> cutoffs) : cutoffs_(std::move(cutoffs)) {
  for (const Cutoff& cutoff : cutoffs_) {
    switch (cutoff.scope.kind) {
      case CutoffKind::kAll: everything_.push_back(&cutoff); break;
      case CutoffKind::kModel: models_.push_back(&cutoff); break;
      default: by_name_[cutoff.scope.kind].emplace(compared(cutoff.scope.kind, cutoff.scope.name), &cutoff);
    }
  }
}

const Cutoff* CutoffSet::named(CutoffKind kind, std::string_view name, const CutoffSubject& subject,
                               Instant now) const {
  const auto of_kind = by_name_.find(kind);
  if (name.empty() || of_kind == by_name_.end()) return nullptr;
  const auto [begin, end] = of_kind->second.equal_range(compared(kind, name));
  for (auto at = begin; at != end; ++at) {
    const Cutoff& cutoff = *at->second;
    const bool later = cutoff.issued_until && subject.issued && *subject.issued > *cutoff.issued_until;
    if (cutoff.practice == subject.practice && cutoff.in_force(now) && !later) return &cutoff;
  }
  return nullptr;
}

const Cutoff* CutoffSet::covers(const CutoffSubject& subject, Instant now) const {
  if (empty()) return nullptr;
  const auto holds = [&](const Cutoff* cutoff) {
    return cutoff->practice == subject.practice && cutoff->in_force(now);
  };
  for (const Cutoff* cutoff : everything_) {
    if (holds(cutoff)) return cutoff;
  }
  if (by_name_.empty() && models_.empty()) return nullptr;
  const std::array<std::pair<CutoffKind, std::string_view>, 8> names = {{
      {CutoffKind::kPerson, subject.person},
      {CutoffKind::kKey, subject.key_id},
      {CutoffKind::kSession, subject.session},
      {CutoffKind::kProvider, subject.provider},
      {CutoffKind::kMcpServer, subject.mcp_server},
      {CutoffKind::kAgent, subject.agent},
      {CutoffKind::kAgent, subject.parent_agent},
      {CutoffKind::kAgent, subject.verified_agent},
  }};
  for (const auto& [kind, name] : names) {
    if (const Cutoff* found = named(kind, name, subject, now)) return found;
  }
  for (const std::string& actor : subject.actors) {
    if (const Cutoff* found = named(CutoffKind::kAgent, actor, subject, now)) return found;
  }
  for (const std::string& owner : subject.owners) {
    if (const Cutoff* found = named(CutoffKind::kPerson, owner, subject, now)) return found;
  }
  for (const std::string& group : subject.groups) {
    if (const Cutoff* found = named(CutoffKind::kGroup, group, subject, now)) return found;
  }
  for (const Cutoff* cutoff : models_) {
    if (!holds(cutoff)) continue;
    for (const std::string_view model : {subject.model_asked, subject.model_sent}) {
      if (!model.empty() && glob_match(cutoff->scope.name, model)) return cutoff;
    }
  }
  return nullptr;
}

std::string cutoff_sentence(const Cutoff& cutoff) {
  std::string sentence = what_is_off(cutoff.scope) + " since " + format_time(cutoff.at);
  if (cutoff.until) sentence += " until " + format_time(*cutoff.until);
  sentence += " by " + printable(cutoff.by, 100) + ": " + printable(cutoff.reason, 500);
  if (sentence.back() != '.') sentence += '.';
  // Nobody here can let them on again.
  if (cutoff.id.starts_with(kDirectoryCutoffPrefix)) {
    return sentence + " Whoever runs the company's identity provider can say why, and give it back.";
  }
  return sentence + " Whoever runs Reeve can say when it goes on (" + cutoff.id + ").";
}

std::string unknown_cutoffs_sentence() {
  return "Reeve cannot read what is switched off at the moment, so it lets nothing through. Try again shortly; whoever "
         "runs Reeve finds the cause in its log.";
}

}  // namespace reeve::identity
