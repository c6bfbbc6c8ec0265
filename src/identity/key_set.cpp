#include "identity/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr std::size_t kCandidatesMax = 8;

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

/// OpenSSL leaves errors in a queue of the thread, which TLS connections on the same thread would take for theirs.
struct ClearErrors {
  ClearErrors() = default;
  ClearErrors(const ClearErrors&) = delete;
  ClearErrors& operator=(const ClearErrors&) = delete;
  ~ClearErrors() { ERR_clear_error(); }
};

Error unusable(std::string why) { return {ErrorCode::kInvalid, std::move(why)}; }

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

BigNumber to_number(std::string_view bytes) {
  return BigNumber(BN_bin2bn(unsigned_bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// A member in base64url, of at most `bytes_max` bytes.
Result<std::string> read_bytes(const JsonValue& jwk, std::string_view name, std::size_t bytes_max) {
  const auto text = jwk[name].as_string();
  if (!text || text->empty() || text->size() > bytes_max * 2) {
    return unusable("its member " + std::string(name) + " is missing or too long");
  }
  auto bytes = from_base64url(*text);
  if (!bytes || bytes->size() > bytes_max) return unusable("its member " + std::string(name) + " is not base64url");
  return bytes;
}

std::shared_ptr<EVP_PKEY> make_public_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return {key, EVP_PKEY_free};
}

bool is_on_curve(EVP_PKEY* key) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_public_check(context.get()) == 1;
}

const char* digest_name(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kRs256:
    case SignatureAlgorithm::kPs256:
    case SignatureAlgorithm::kEs256: return "SHA256";
    case SignatureAlgorithm::kRs384:
    case SignatureAlgorithm::kEs384: return "SHA384";
    case SignatureAlgorithm::kRs512: return "SHA512";
    case SignatureAlgorithm::kEdDsa: return nullptr;  // hashes by itself
  }
  return nullptr;
}

/// From r and s side by side to the DER form that OpenSSL reads. Empty when the length is not exactly right.
std::string to_der(std::string_view signature, std::size_t half) {
  if (signature.size() != 2 * half) return {};
  const EcdsaSignature pair(ECDSA_SIG_new());
  BigNumber r = to_number(signature.substr(0, half));
  BigNumber s = to_number(signature.substr(half));
  if (!pair || !r || !s) return {};
  // Takes both over; it can only fail for null ones.
  if (ECDSA_SIG_set0(pair.get(), r.release(), s.release()) != 1) return {};
  const int length = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (length <= 0) return {};
  std::string der(static_cast<std::size_t>(length), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(pair.get(), &out);
  return der;
}

/// True when the key is there for signatures as far as its `use` and `key_ops` say.
bool is_for_signatures(const JsonValue& jwk, std::string_view also) {
  const std::string_view use = jwk["use"].string_or("");
  if (jwk["use"].present() && use != "sig" && use != also) return false;
  const JsonValue operations = jwk["key_ops"];
  if (!operations.present()) return true;
  const auto items = operations.items();
  return std::any_of(items.begin(), items.end(), [](const JsonValue& item) { return item.string_or("") == "verify"; });
}

}  // namespace

Result<VerificationKey> VerificationKey::from_rsa(const JsonValue& jwk) {
  const auto modulus = read_bytes(jwk, "n", kRsaBitsMax / 8 + 1);
  if (!modulus) return modulus.error();
  const auto exponent = read_bytes(jwk, "e", 8);
  if (!exponent) return exponent.error();
  const BigNumber n = to_number(*modulus);
  const BigNumber e = to_number(*exponent);
  if (!n || !e) return unusable("out of memory");
  const int bits = BN_num_bits(n.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return unusable("an RSA key must have 2048 to 8192 bits, and this one has " + std::to_string(bits));
  }
  if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get())) return unusable("it is no RSA key");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return unusable("out of memory");
  }
  VerificationKey key;
  key.type_ = Type::kRsa;
  key.key_ = make_public_key("RSA", builder.get());
  if (!key.key_) return unusable("it is no RSA key");
  return key;
}

Result<VerificationKey> VerificationKey::from_ec(const JsonValue& jwk) {
  const std::string_view curve = jwk["crv"].string_or("");
  if (curve != "P-256" && curve != "P-384") return unusable("its curve is not P-256 or P-384");
  const std::size_t half = curve == "P-256" ? 32 : 48;
  const auto x = read_bytes(jwk, "x", half);
  if (!x) return x.error();
  const auto y = read_bytes(jwk, "y", half);
  if (!y) return y.error();
  if (x->size() != half || y->size() != half) return unusable("its coordinates do not have the length of its curve");
  const std::string point = '\x04' + *x + *y;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve == "P-256" ? "P-256" : "P-384",
                                      0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return unusable("out of memory");
  }
  VerificationKey key;
  key.type_ = curve == "P-256" ? Type::kP256 : Type::kP384;
  key.key_ = make_public_key("EC", builder.get());
  if (!key.key_ || !is_on_curve(key.key_.get())) return unusable("its point is not on its curve");
  return key;
}

namespace {

/// The points of edwards25519 whose order divides 8, in every encoding that a decoder may take, but for the bit of the
/// sign: with such a key there are signatures that are good for any text (RFC 8032 section 5.1.7 leaves the check out).
bool is_of_small_order(std::string_view point) {
  constexpr std::array<std::string_view, 7> kPoints{"0000000000000000000000000000000000000000000000000000000000000000",
                                                    "0100000000000000000000000000000000000000000000000000000000000000",
                                                    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                                    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                                    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                                    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                                    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  std::string unsigned_point(point);
  unsigned_point.back() = static_cast<char>(unsigned_point.back() & 0x7F);
  return std::find(kPoints.begin(), kPoints.end(), to_hex(unsigned_point)) != kPoints.end();
}

}  // namespace

Result<VerificationKey> VerificationKey::from_okp(const JsonValue& jwk) {
  if (jwk["crv"].string_or("") != "Ed25519") return unusable("its curve is not Ed25519");
  const auto x = read_bytes(jwk, "x", 32);
  if (!x) return x.error();
  if (is_of_small_order(*x)) return unusable("its point is of small order: anybody could sign with it");
  VerificationKey key;
  key.type_ = Type::kEd25519;
  EVP_PKEY* raw = EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, unsigned_bytes(*x), x->size());
  if (raw == nullptr) return unusable("it is no Ed25519 key");
  key.key_ = {raw, EVP_PKEY_free};
  return key;
}

Result<VerificationKey> VerificationKey::from_jwk(const JsonValue& jwk, std::string_view use) {
  const ClearErrors clear;
  if (!jwk.is_object()) return unusable("it is not a JSON object");
  if (!is_for_signatures(jwk, use)) return unusable("it is not for signatures");
  if (jwk["d"].present() || jwk["k"].present()) return unusable("it is a secret key, which must not be published");
  const std::string_view type = jwk["kty"].string_or("");
  Result<VerificationKey> key = type == "RSA"   ? from_rsa(jwk)
                                : type == "EC"  ? from_ec(jwk)
                                : type == "OKP" ? from_okp(jwk)
                                                : Result<VerificationKey>(unusable("its type is not RSA, EC or OKP"));
  if (!key) return key;
  if (const JsonValue algorithm = jwk["alg"]; algorithm.present()) {
    const auto only = parse_signature_algorithm(algorithm.string_or(""));
    if (!only || !key->serves(*only)) return unusable("its algorithm is not one that Reeve accepts for its type");
    key->only_ = only;
  }
  if (const JsonValue key_id = jwk["kid"]; key_id.present()) {
    const auto text = key_id.as_string();
    if (!text || text->size() > kNameBytesMax) return unusable("its kid is not a short text");
    key->key_id_ = *text;
  }
  return key;
}

bool VerificationKey::serves(SignatureAlgorithm algorithm) const {
  if (only_ && *only_ != algorithm) return false;
  switch (algorithm) {
    case SignatureAlgorithm::kRs256:
    case SignatureAlgorithm::kRs384:
    case SignatureAlgorithm::kRs512:
    case SignatureAlgorithm::kPs256: return type_ == Type::kRsa;
    case SignatureAlgorithm::kEs256: return type_ == Type::kP256;
    case SignatureAlgorithm::kEs384: return type_ == Type::kP384;
    case SignatureAlgorithm::kEdDsa: return type_ == Type::kEd25519;
  }
  return false;
}

bool VerificationKey::verify(SignatureAlgorithm algorithm, std::string_view message, std::string_view signature) const {
  if (!serves(algorithm)) return false;
  const ClearErrors clear;
  std::string der;
  if (type_ == Type::kP256 || type_ == Type::kP384) {
    der = to_der(signature, type_ == Type::kP256 ? 32 : 48);
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // belongs to `context`
  if (!context || EVP_DigestVerifyInit_ex(context.get(), &key_context, digest_name(algorithm), nullptr, nullptr,
                                          key_.get(), nullptr) != 1) {
    return false;
  }
  // RFC 7518 section 3.5: MGF1 with the same hash, which is OpenSSL's default, and a salt as long as the hash.
  if (algorithm == SignatureAlgorithm::kPs256 &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), unsigned_bytes(signature), signature.size(), unsigned_bytes(message),
                          message.size()) == 1;
}

std::vector<const VerificationKey*> KeySet::candidates(SignatureAlgorithm algorithm, std::string_view key_id) const {
  std::vector<const VerificationKey*> found;
  for (const VerificationKey& key : keys) {
    if (found.size() == kCandidatesMax) break;
    if (key.serves(algorithm) && (key_id.empty() || key.key_id() == key_id)) found.push_back(&key);
  }
  return found;
}

Result<KeySet> parse_key_set(std::string_view document, std::string_view use) {
  if (document.size() > KeySet::kDocumentBytesMax) {
    return Error{ErrorCode::kTooLarge, "the key set is larger than 256 KB"};
  }
  const auto json = JsonDocument::parse(document, /*depth_max=*/8);
  if (!json) return with_context(json.error(), "the key set");
  const JsonValue list = json->root()["keys"];
  if (!list.is_array()) return Error{ErrorCode::kInvalid, "the key set has no list named keys"};
  const std::vector<JsonValue> items = list.items();
  if (items.size() > KeySet::kKeysMax) return Error{ErrorCode::kTooLarge, "the key set has more than 100 keys"};
  KeySet set;
  set.fingerprint = sha256(document);
  for (const JsonValue& item : items) {
    auto key = VerificationKey::from_jwk(item, use);
    if (key) {
      set.keys.push_back(*std::move(key));
    } else {
      set.passed_over.push_back("key \"" + printable(item["kid"].string_or(""), 80) + "\": " + key.error().message);
    }
  }
  return set;
}

}  // namespace reeve::identity
