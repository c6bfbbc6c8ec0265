#include "core/secret_text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdint>

namespace reeve {

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Result<std::string> slow_key(std::string_view passphrase, std::string_view salt) {
  constexpr std::uint64_t kCost = 1U << 17U;
  constexpr std::uint64_t kBlock = 8;
  constexpr std::uint64_t kMemoryMax = 160UL << 20U;
  std::string key(32, '\0');
  const int done = EVP_PBE_scrypt(passphrase.data(), passphrase.size(),
                                  reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), kCost, kBlock, 1,
                                  kMemoryMax, reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (done == 1) return key;
  return Error{ErrorCode::kUnavailable, "the passphrase cannot be hashed: is there 128 MiB of free memory?"};
}

}  // namespace reeve
