#include "core/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

namespace reeve {

namespace {

// OpenSSL 3 looks an algorithm up by name on every implicit use, which costs more than hashing a tree node. Fetched
// once here.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

constexpr std::size_t kCipherKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
static_assert(kNonceBytes + kTagBytes == kSealBytes);

struct CipherContext {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  CipherContext() = default;
  CipherContext(const CipherContext&) = delete;
  CipherContext& operator=(const CipherContext&) = delete;
  ~CipherContext() { EVP_CIPHER_CTX_free(context); }
};

// One for each thread; every use sets its own key and nonce, and clears the key from it afterwards.
EVP_CIPHER_CTX* thread_cipher() {
  thread_local CipherContext context;
  CHECK(context.context != nullptr);
  return context.context;
}

unsigned char* writable(std::string& bytes, std::size_t at) { return reinterpret_cast<unsigned char*>(&bytes[at]); }
const unsigned char* readable(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
int length_of(std::string_view bytes) {
  CHECK(bytes.size() <= std::size_t{1} << 30U);
  return static_cast<int>(bytes.size());
}

struct DigestContext {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  DigestContext() = default;
  DigestContext(const DigestContext&) = delete;
  DigestContext& operator=(const DigestContext&) = delete;
  ~DigestContext() { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* thread_context() {
  thread_local DigestContext context;
  CHECK(context.context != nullptr);
  return context.context;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  EVP_MD_CTX* context = thread_context();
  Sha256 hash{};
  CHECK(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
  CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
  CHECK(EVP_DigestFinal_ex(context, hash.data(), nullptr) == 1);
  return hash;
}

Sha256 sha256_prefixed(std::uint8_t prefix, std::string_view first, std::string_view second, std::string_view third) {
  EVP_MD_CTX* context = thread_context();
  Sha256 hash{};
  CHECK(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
  CHECK(EVP_DigestUpdate(context, &prefix, 1) == 1);
  for (const std::string_view piece : {first, second, third}) {
    if (!piece.empty()) CHECK(EVP_DigestUpdate(context, piece.data(), piece.size()) == 1);
  }
  CHECK(EVP_DigestFinal_ex(context, hash.data(), nullptr) == 1);
  return hash;
}

struct Sha256Stream::State {
  struct Free {
    void operator()(EVP_MD_CTX* one) const { EVP_MD_CTX_free(one); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  CHECK(state_->context && EVP_DigestInit_ex2(state_->context.get(), sha256_algorithm(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::update(std::string_view bytes) {
  if (!bytes.empty()) CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 hash{};
  CHECK(EVP_DigestFinal_ex(state_->context.get(), hash.data(), nullptr) == 1);
  return hash;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 hash{};
  unsigned length = 0;
  CHECK(HMAC(sha256_algorithm(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data(), &length) != nullptr);
  CHECK(length == hash.size());
  return hash;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = getrandom(bytes.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0);
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string seal(std::string_view key, std::string_view bytes, std::string_view associated) {
  CHECK(key.size() == kCipherKeyBytes);
  std::string sealed = random_bytes(kNonceBytes);
  sealed.resize(kNonceBytes + bytes.size() + kTagBytes);
  EVP_CIPHER_CTX* context = thread_cipher();
  CHECK(EVP_EncryptInit_ex2(context, aes_256_gcm(), readable(key), writable(sealed, 0), nullptr) == 1);
  int written = 0;
  if (!associated.empty()) {
    CHECK(EVP_EncryptUpdate(context, nullptr, &written, readable(associated), length_of(associated)) == 1);
  }
  if (!bytes.empty()) {
    CHECK(EVP_EncryptUpdate(context, writable(sealed, kNonceBytes), &written, readable(bytes), length_of(bytes)) == 1);
  }
  CHECK(EVP_EncryptFinal_ex(context, writable(sealed, kNonceBytes + bytes.size()), &written) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, writable(sealed, kNonceBytes + bytes.size())) ==
        1);
  EVP_CIPHER_CTX_reset(context);
  return sealed;
}

Result<std::string> open_sealed(std::string_view key, std::string_view sealed, std::string_view associated) {
  CHECK(key.size() == kCipherKeyBytes);
  const Error wrong{ErrorCode::kCorrupt, "the sealed bytes are damaged, or belong to another key or place"};
  if (sealed.size() < kSealBytes) return wrong;
  const std::string_view inside = sealed.substr(kNonceBytes, sealed.size() - kSealBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string bytes(inside.size(), '\0');
  EVP_CIPHER_CTX* context = thread_cipher();
  CHECK(EVP_DecryptInit_ex2(context, aes_256_gcm(), readable(key), readable(sealed), nullptr) == 1);
  int written = 0;
  if (!associated.empty()) {
    CHECK(EVP_DecryptUpdate(context, nullptr, &written, readable(associated), length_of(associated)) == 1);
  }
  if (!inside.empty()) {
    CHECK(EVP_DecryptUpdate(context, writable(bytes, 0), &written, readable(inside), length_of(inside)) == 1);
  }
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  unsigned char nothing = 0;
  const bool right = EVP_DecryptFinal_ex(context, &nothing, &written) == 1;
  EVP_CIPHER_CTX_reset(context);
  if (!right) return wrong;
  return bytes;
}

struct Ed25519Key::State {
  EVP_PKEY* key = nullptr;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_PKEY_free(key); }
};

Ed25519Key Ed25519Key::generate() {
  auto key = from_seed(random_bytes(32));
  CHECK(key.ok());
  return *std::move(key);
}

Result<Ed25519Key> Ed25519Key::from_seed(std::string_view seed) {
  if (seed.size() != 32) return Error{ErrorCode::kInvalid, "an Ed25519 seed has 32 bytes"};
  auto state = std::make_shared<State>();
  state->key = EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr,
                                               reinterpret_cast<const unsigned char*>(seed.data()), seed.size());
  if (state->key == nullptr) return Error{ErrorCode::kInternal, "OpenSSL has no Ed25519"};
  return Ed25519Key(std::move(state));
}

std::string Ed25519Key::seed() const {
  std::string bytes(32, '\0');
  std::size_t length = bytes.size();
  CHECK(EVP_PKEY_get_raw_private_key(state_->key, reinterpret_cast<unsigned char*>(bytes.data()), &length) == 1);
  return bytes;
}

std::string Ed25519Key::public_key() const {
  std::string bytes(32, '\0');
  std::size_t length = bytes.size();
  CHECK(EVP_PKEY_get_raw_public_key(state_->key, reinterpret_cast<unsigned char*>(bytes.data()), &length) == 1);
  return bytes;
}

std::string Ed25519Key::sign(std::string_view message) const {
  std::string signature(64, '\0');
  std::size_t length = signature.size();
  const DigestContext context;
  CHECK(EVP_DigestSignInit_ex(context.context, nullptr, nullptr, nullptr, nullptr, state_->key, nullptr) == 1);
  CHECK(EVP_DigestSign(context.context, reinterpret_cast<unsigned char*>(signature.data()), &length,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1);
  return signature;
}

bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature) {
  if (public_key.size() != 32 || signature.size() != 64) return false;
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key_ex(
      nullptr, "ED25519", nullptr, reinterpret_cast<const unsigned char*>(public_key.data()), public_key.size());
  if (key == nullptr) return false;
  const DigestContext context;
  const bool valid =
      EVP_DigestVerifyInit_ex(context.context, nullptr, nullptr, nullptr, nullptr, key, nullptr) == 1 &&
      EVP_DigestVerify(context.context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  EVP_PKEY_free(key);
  return valid;
}

}  // namespace reeve
