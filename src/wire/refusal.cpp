// How each client hears "no". The table and its evidence are in docs/refusals.md.

#include <algorithm>

#include "core/json.h"
#include "wire/dialect.h"

namespace reeve::wire {

namespace {

// The message as a person reads it: the sentence, then the rule in brackets.
std::string sentence(const Refusal& refusal) {
  return refusal.rule.empty() ? refusal.message : refusal.message + " [" + refusal.rule + "]";
}

// Reads x-should-retry, as the vendors' own SDKs do.
bool hears_no_retry(ClientKind client) { return client == ClientKind::kClaudeCode || client == ClientKind::kOther; }

// The status that HTTP and the vendors' own services would use.
int plain_status(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kNoCredential:
    case RefusalReason::kBadCredential: return 401;
    case RefusalReason::kPolicy:
    case RefusalReason::kKilled:
    case RefusalReason::kModelUnknown:
    case RefusalReason::kMalformed: return 400;
    case RefusalReason::kBudget: return 429;
    case RefusalReason::kTooLarge: return 413;
    case RefusalReason::kUnsupported: return 404;
    case RefusalReason::kUpgradeRequired: return 426;
    case RefusalReason::kUnavailable: return 503;
    case RefusalReason::kUpstreamUnreachable: return 502;
    case RefusalReason::kUpstreamTimeout: return 504;
  }
  return 400;
}

// The provider may answer the next time, and a short outage of ours passes; everything else stays as it is until
// somebody does something.
bool is_final(const Refusal& refusal) {
  return refusal.reason != RefusalReason::kUpstreamUnreachable && refusal.reason != RefusalReason::kUpstreamTimeout &&
         !(refusal.reason == RefusalReason::kUnavailable && refusal.retry_after.count() > 0);
}

// A final refusal must not be asked again, and must be shown. Where a client does either with the plain status, 400 is
// the one that all of them take for the end and whose message they show.
bool needs_400(Dialect dialect, ClientKind client, const Refusal& refusal) {
  const RefusalReason reason = refusal.reason;
  if (!is_final(refusal) || reason == RefusalReason::kUpgradeRequired) return false;
  switch (client) {
    case ClientKind::kCodex:                    // asks again after any other status, 401 and 404 included
    case ClientKind::kCopilotCli: return true;  // has texts of its own for 401, 404 and 413, which hide ours
    default: break;
  }
  if (reason == RefusalReason::kBudget) return !hears_no_retry(client) || dialect == Dialect::kGemini;
  return reason == RefusalReason::kUnavailable && !hears_no_retry(client);
}

int status_for(Dialect dialect, ClientKind client, const Refusal& refusal) {
  if (needs_400(dialect, client, refusal)) return 400;
  // Of a 404 it doubts the model and asks twice; this it knows, and does without.
  if (client == ClientKind::kClaudeCode && refusal.reason == RefusalReason::kUnsupported) return 501;
  return plain_status(refusal.reason);
}

}  // namespace

std::string_view refusal_reason_name(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kNoCredential: return "no_credential";
    case RefusalReason::kBadCredential: return "bad_credential";
    case RefusalReason::kModelUnknown: return "model_unknown";
    case RefusalReason::kPolicy: return "policy";
    case RefusalReason::kBudget: return "budget";
    case RefusalReason::kMalformed: return "malformed";
    case RefusalReason::kTooLarge: return "too_large";
    case RefusalReason::kUnsupported: return "unsupported";
    case RefusalReason::kUpgradeRequired: return "upgrade_required";
    case RefusalReason::kUnavailable: return "unavailable";
    case RefusalReason::kUpstreamUnreachable: return "upstream_unreachable";
    case RefusalReason::kUpstreamTimeout: return "upstream_timeout";
    case RefusalReason::kKilled: return "killed";
  }
  return "policy";
}

EncodedRefusal encode_refusal(Dialect dialect, ClientKind client, const Refusal& refusal) {
  EncodedRefusal encoded;
  encoded.status = status_for(dialect, client, refusal);
  encoded.headers.emplace_back("content-type", "application/json");
  if (is_final(refusal)) encoded.headers.emplace_back("x-should-retry", "false");
  if (refusal.retry_after.count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(refusal.retry_after).count();
    encoded.headers.emplace_back("retry-after", std::to_string(seconds));
  }
  if (refusal.use && refusal.reason == RefusalReason::kBudget) {
    for (auto& field : encode_budget_use(client, *refusal.use)) encoded.headers.push_back(std::move(field));
  }
  if (encoded.status == 401) encoded.headers.emplace_back("www-authenticate", "Bearer");
  if (refusal.reason == RefusalReason::kUpgradeRequired) encoded.headers.emplace_back("upgrade", "HTTP/1.1");

  const ErrorText error{refusal.reason, client, encoded.status, sentence(refusal), refusal.rule, refusal.request_id};
  JsonWriter body;
  rules_of(dialect).write_error(body, error);
  encoded.body = body.take();
  return encoded;
}

std::string encode_refusal_body(Dialect dialect, const Refusal& refusal, int status) {
  const ErrorText error{refusal.reason,    ClientKind::kOther, status,
                        sentence(refusal), refusal.rule,       refusal.request_id};
  JsonWriter body;
  rules_of(dialect).write_error(body, error);
  return body.take();
}

std::string encode_stream_error(Dialect dialect, const Refusal& refusal) {
  const ErrorText error{refusal.reason,    ClientKind::kOther, plain_status(refusal.reason),
                        sentence(refusal), refusal.rule,       refusal.request_id};
  return rules_of(dialect).stream_error(error);
}

}  // namespace reeve::wire
