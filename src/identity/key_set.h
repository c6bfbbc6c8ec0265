#pragma once

// The public keys of an issuer (JSON Web Key Set, RFC 7517) and the verification of signatures with them. A key serves
// only the algorithms of its own type, and only the one it names if it names one: that is what rules algorithm
// confusion out.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "core/json.h"
#include "core/result.h"
#include "identity/jwt.h"

struct evp_pkey_st;

namespace reeve::identity {

/// Immutable; copies share the key. Thread-safe.
class VerificationKey {
 public:
  /// RSA of 2048 to 8192 bits, EC on P-256 or P-384, or Ed25519, meant for signatures. kInvalid with the reason
  /// otherwise. `use`: what its `use` may say besides "sig".
  static Result<VerificationKey> from_jwk(const JsonValue& jwk, std::string_view use = "sig");

  const std::string& key_id() const { return key_id_; }
  bool serves(SignatureAlgorithm algorithm) const;
  /// Only for an algorithm that the key serves. ECDSA signatures are r and s as in RFC 7518 section 3.4.
  bool verify(SignatureAlgorithm algorithm, std::string_view message, std::string_view signature) const;

 private:
  enum class Type { kRsa, kP256, kP384, kEd25519 };
  VerificationKey() = default;
  static Result<VerificationKey> from_rsa(const JsonValue& jwk);
  static Result<VerificationKey> from_ec(const JsonValue& jwk);
  static Result<VerificationKey> from_okp(const JsonValue& jwk);

  std::shared_ptr<evp_pkey_st> key_;
  Type type_ = Type::kRsa;
  std::optional<SignatureAlgorithm> only_;
  std::string key_id_;
};

struct KeySet {
  static constexpr std::size_t kDocumentBytesMax = 256 * 1024;
  static constexpr std::size_t kKeysMax = 100;

  std::vector<VerificationKey> keys;
  std::vector<std::string> passed_over;  // why other keys of the document are not used
  Sha256 fingerprint{};                  // of the document

  /// Keys that may have made a signature with this algorithm under this `kid` (empty: any), at most eight: some
  /// providers leave `kid` out, and trying keys must not become work for an attacker to order.
  std::vector<const VerificationKey*> candidates(SignatureAlgorithm algorithm, std::string_view key_id) const;
};
/// `use`: as in VerificationKey::from_jwk; SPIFFE bundles say "jwt-svid".
Result<KeySet> parse_key_set(std::string_view document, std::string_view use = "sig");

}  // namespace reeve::identity
