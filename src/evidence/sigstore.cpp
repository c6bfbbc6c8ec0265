#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"

namespace reeve::evidence {

namespace {

/// SubjectPublicKeyInfo of Ed25519 (RFC 8410, section 4) up to the key's 32 bytes.
constexpr std::string_view kPublicKeyStart("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

std::string public_key_der(const Ed25519Key& key) { return std::string(kPublicKeyStart) + key.public_key(); }

}  // namespace

std::string public_key_pem(const Ed25519Key& key) {
  return "-----BEGIN PUBLIC KEY-----\n" + to_base64(public_key_der(key)) + "\n-----END PUBLIC KEY-----\n";
}

std::string sigstore_bundle(const Ed25519Key& key, std::string_view artifact) {
  JsonWriter json;
  json.begin_object().member("mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json");
  json.key("verificationMaterial").begin_object().key("publicKey").begin_object();
  json.member("hint", to_hex(as_bytes(sha256(public_key_der(key))))).end_object().end_object();
  json.key("messageSignature").begin_object().key("messageDigest").begin_object();
  json.member("algorithm", "SHA2_256").member("digest", to_base64(as_bytes(sha256(artifact)))).end_object();
  return json.member("signature", to_base64(key.sign(artifact))).end_object().end_object().take() + "\n";
}

}  // namespace reeve::evidence
