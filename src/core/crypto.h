#pragma once

// Hashes, sealing, signatures and randomness, on OpenSSL with every algorithm fetched once. All functions are
// thread-safe.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve {

using Sha256 = std::array<std::uint8_t, 32>;

inline std::string_view as_bytes(const Sha256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Sha256 sha256(std::string_view bytes);
/// Hash of one prefix byte followed by the pieces, without joining them: RFC 6962 leaves and nodes, and segments in
/// pieces.
Sha256 sha256_prefixed(std::uint8_t prefix, std::string_view first, std::string_view second = {},
                       std::string_view third = {});
/// Of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void update(std::string_view bytes);
  Sha256 finish();  // once, after everything else

 private:
  struct State;
  std::unique_ptr<State> state_;
};
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

/// From the kernel's generator. Stops the process if there is none: nothing safe can be done without it.
std::string random_bytes(std::size_t count);

/// AES-256-GCM under a fresh random nonce: nonce (12 bytes), what was sealed, tag (16). `key` has 32 bytes;
/// `associated` is not kept, but opening needs the same. One key seals at most 2^32 times.
inline constexpr std::size_t kSealBytes = 28;
std::string seal(std::string_view key, std::string_view bytes, std::string_view associated = {});
/// What was sealed. kCorrupt when a bit of it, the key or the associated bytes are others.
Result<std::string> open_sealed(std::string_view key, std::string_view sealed, std::string_view associated = {});

/// An Ed25519 key pair (RFC 8032). Copies are cheap and share the key. The seed is secret: it never leaves through a
/// log or an error.
class Ed25519Key {
 public:
  static Ed25519Key generate();
  static Result<Ed25519Key> from_seed(std::string_view seed);  // 32 bytes
  std::string seed() const;
  std::string public_key() const;                    // 32 bytes
  std::string sign(std::string_view message) const;  // 64 bytes

 private:
  struct State;
  explicit Ed25519Key(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature);

}  // namespace reeve
