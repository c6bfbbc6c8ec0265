#include "identity/break_glass.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/secret_text.h"
#include "identity/identity.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

// 32 symbols that nobody mistakes for each other, read aloud or written by hand.
constexpr std::string_view kSymbols = "ABCDEFGHJKMNPQRSTVWXYZ0123456789";
constexpr std::size_t kGroups = 6;
constexpr std::size_t kGroupSymbols = 5;  // 150 bits
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kReasonBytesMax = 1'000;

std::string make_code() {
  const std::string random = random_bytes(kGroups * kGroupSymbols);
  std::string code;
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i > 0 && i % kGroupSymbols == 0) code += '-';
    code += kSymbols[static_cast<unsigned char>(random[i]) % kSymbols.size()];
  }
  return code;
}

/// As it was typed: in any case, with or without hyphens; O and I stand for 0 and 1, L too.
std::string plain_code(std::string_view typed) {
  std::string plain;
  for (char c : typed) {
    if (c == '-' || c == ' ') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    plain += c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
  }
  return plain;
}

BreakGlassEvent event(std::string_view kind, std::string_view by, std::string_view reason, std::string_view more) {
  JsonWriter json;
  json.begin_object().member("by", by).member_if("expires", more).member_if("reason", reason).end_object();
  return {std::string(kind), json.take()};
}

Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }

/// Nothing when it may be tried with a code.
Result<void> check_seal(const std::optional<BreakGlassSeal>& seal) {
  constexpr const char* kAnew = " Make a new one with: reeve break-glass seal";
  if (!seal) return denied(std::string("There is no sealed code.") + kAnew);
  if (seal->opened_at) {
    return denied("The seal was broken on " + format_time(*seal->opened_at) + " by " + seal->opened_by + "." + kAnew);
  }
  if (seal->failures >= kBreakGlassFailuresMax) {
    return denied(std::string("Too many wrong codes were tried, so the sealed one is void.") + kAnew);
  }
  return {};
}

}  // namespace

Result<std::string> seal_break_glass(BreakGlassStore& store, std::string_view by, Instant now) {
  const std::string code = make_code();
  BreakGlassSeal seal;
  seal.salt = random_bytes(kSaltBytes);
  auto hash = slow_key(plain_code(code), seal.salt);
  if (!hash) return hash;
  seal.code_hash = *std::move(hash);
  seal.sealed_by = by;
  seal.sealed_at = now;
  if (auto kept = store.seal(seal, event("break_glass.sealed", by, "", "")); !kept) return std::move(kept).error();
  return code;
}

Result<OpenedGlass> open_break_glass(BreakGlassStore& store, KeyStore& keys, std::string_view code, std::string_view by,
                                     std::string_view reason, Duration time_to_live, Instant now) {
  if (trim(reason).empty() || reason.size() > kReasonBytesMax || !is_utf8(reason)) {
    return Error{ErrorCode::kInvalid, "say why, in at most 1000 bytes: everybody who is told will read it"};
  }
  if (time_to_live <= Duration::zero() || time_to_live > kBreakGlassLongest) {
    return Error{ErrorCode::kInvalid, "such a key is good for at most one hour"};
  }
  auto seal = store.newest();
  if (!seal) return std::move(seal).error();
  if (auto checked = check_seal(*seal); !checked) return std::move(checked).error();
  const auto hash = slow_key(plain_code(code), (*seal)->salt);
  if (!hash) return hash.error();
  if (!equal_constant_time(*hash, (*seal)->code_hash)) {
    auto counted = store.count_failure((*seal)->number, event("break_glass.refused", by, reason, ""));
    if (!counted) return std::move(counted).error();
    return denied("This is not the sealed code. It was recorded, and everybody is told.");
  }
  BreakGlassSeal& opened = **seal;
  opened.opened_at = now;
  opened.opened_by = by;
  opened.reason = reason;
  opened.expires = now + time_to_live;
  // Broken, and told, before there is a key.
  auto told = store.open(opened, event("break_glass.opened", by, reason, format_time(*opened.expires)));
  if (!told) return std::move(told).error();
  KeyRequest request;
  request.owner = kBreakGlassOwner;
  request.type = "service";
  request.scopes = {"control:*", "ledger:read", "scim:*"};
  request.time_to_live = time_to_live;
  request.note = "break-glass by " + printable(by, 100);
  auto made = create_key(keys, request, now);
  if (!made) return std::move(made).error();
  return OpenedGlass{std::move(made->secret), made->key.id, *opened.expires};
}

}  // namespace reeve::identity
