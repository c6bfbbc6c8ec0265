#include "identity/claims.h"

#include <algorithm>

#include "core/bytes.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

// Later times are taken for this one (the year 2255), so that adding a skew cannot overflow.
constexpr double kSecondsMax = 9e9;

Refusal malformed(std::string what) {
  return {AuthFailure::kMalformed,
          "This token cannot be used: " + std::move(what) + ". Whoever runs the identity provider can correct that."};
}

/// The member of that name, or what the dotted path leads to. The name comes first: claims of one's own are often named
/// by an address, with dots in it.
JsonValue find_claim(const JsonValue& claims, std::string_view name) {
  const JsonValue member = claims[name];
  return member.present() ? member : claims.at(name);
}

/// NumericDate of RFC 7519: seconds, maybe with a fraction.
std::optional<Instant> read_time(const JsonValue& value) {
  const auto seconds = value.as_double();
  if (!seconds || !(*seconds >= 0)) return std::nullopt;
  return Instant{static_cast<std::int64_t>(std::min(*seconds, kSecondsMax) * 1e6) * 1000};
}

}  // namespace

bool is_for_audience(const JsonValue& audience, std::string_view expected) {
  if (audience.is_array()) {
    const auto items = audience.items();
    return std::any_of(items.begin(), items.end(), [&](const JsonValue& item) { return item.as_string() == expected; });
  }
  return audience.as_string() == expected;
}

std::optional<Refusal> check_times(const JsonValue& claims, Duration clock_skew, Instant now, Principal& principal) {
  const auto expires = read_time(claims["exp"]);
  if (!expires) return malformed("it does not say when it expires");
  if (now >= *expires + clock_skew) {
    return Refusal{AuthFailure::kExpired, "This token expired at " + format_time(*expires) + ". Sign in again."};
  }
  principal.expires = *expires;
  for (const char* name : {"nbf", "iat"}) {
    const JsonValue value = claims[name];
    if (!value.present()) continue;
    const auto at = read_time(value);
    if (!at) return malformed(std::string("its ") + name + " is not a time");
    if (now + clock_skew < *at) {
      return Refusal{AuthFailure::kNotYetValid, "This token is valid from " + format_time(*at) + " only, and it is " +
                                                    format_time(now) + " here. Check the clocks of both machines."};
    }
    if (std::string_view(name) == "iat") principal.issued = *at;
  }
  return std::nullopt;
}

std::optional<Refusal> read_groups(const JsonValue& claims, const std::string& claim,
                                   std::vector<std::string>& groups) {
  const JsonValue value = find_claim(claims, claim);
  if (!value.present()) {
    // Microsoft's signs of "more groups than fit": their values lie elsewhere.
    if (claims["_claim_names"][claim].present() || claims["hasgroups"].as_bool() == true) {
      return malformed("its owner is in so many groups that they are not listed in it; let it carry fewer groups");
    }
    return std::nullopt;
  }
  if (const auto text = value.as_string()) {
    for (const std::string_view group : split(*text, ' ')) {
      if (!group.empty()) groups.emplace_back(group);
    }
  } else if (value.is_array()) {
    for (const JsonValue& item : value.items()) {
      const auto group = item.as_string();
      if (!group) return malformed("its groups are not a list of names");
      groups.emplace_back(*group);
    }
  } else if (!value.is_null()) {
    return malformed("its groups are neither a list nor a text");
  }
  if (groups.size() > kGroupsMax) return malformed("it lists more than 1000 groups");
  if (!std::all_of(groups.begin(), groups.end(), is_name)) {
    return malformed("one of its groups is empty, too long, or not readable text");
  }
  return std::nullopt;
}

namespace {

/// True when an e-mail address in this token may stand for its owner. Some providers send the flag as text.
bool is_email_trusted(const JsonValue& claims) {
  const JsonValue verified = claims["email_verified"];
  return verified.as_bool() != false && verified.as_string() != "false";
}

std::optional<Refusal> read_person(const JsonValue& claims, const OidcIssuer& issuer, Principal& principal) {
  const std::string_view subject = claims["sub"].string_or("");
  std::string_view person = find_claim(claims, issuer.person_claim).string_or("");
  if (issuer.person_claim == "email" && !is_email_trusted(claims)) person = {};
  principal.id = person.empty() ? std::string(subject) : person_name(person);
  if (!is_name(principal.id)) return malformed("it does not name its owner in a short, readable text");
  if (principal.id.starts_with(kAgentPrefix))
    return malformed("its owner's name begins as those of registered agents do");
  // A client that acts for itself is its own subject (RFC 9068 section 2.2); Microsoft says it in idtyp.
  const bool own_client = !subject.empty() && (claims["client_id"].as_string() == subject ||  //
                                               claims["azp"].as_string() == subject);
  if (own_client || claims["idtyp"].as_string() == "app") principal.type = "service";
  if (issuer.team_claim.empty()) return std::nullopt;
  if (const JsonValue team = find_claim(claims, issuer.team_claim); team.present() && !team.is_null()) {
    const auto text = team.as_string();
    if (!text || !is_name(*text)) return malformed("its team is not a short, readable text");
    principal.team = *text;
  }
  return std::nullopt;
}

}  // namespace

OrRefusal<std::shared_ptr<const Principal>> read_claims(const JsonValue& claims, const OidcIssuer& issuer,
                                                        Instant now) {
  if (!is_for_audience(claims["aud"], issuer.audience)) {
    return Refusal{AuthFailure::kWrongAudience, "This token is not meant for Reeve: its audience must be \"" +
                                                    issuer.audience + "\". Ask for a token with that audience."};
  }
  // A logout token looks like an ID token but for this member (OpenID Connect Back-Channel Logout, section 2.4).
  if (claims["events"].present()) return malformed("it reports an event and signs nobody in");
  auto principal = std::make_shared<Principal>();
  principal->issuer = issuer.issuer;
  if (auto refusal = check_times(claims, issuer.clock_skew, now, *principal)) return *std::move(refusal);
  if (auto refusal = read_person(claims, issuer, *principal)) return *std::move(refusal);
  if (issuer.reads_groups) {
    if (auto refusal = read_groups(claims, issuer.groups_claim, principal->groups)) return *std::move(refusal);
    issuer.group_rules.apply(principal->groups);
  }
  return std::shared_ptr<const Principal>(std::move(principal));
}

}  // namespace reeve::identity
