#pragma once

// For tests: an identity provider inside the process. Keys that sign, tokens, and a net::Client that answers from
// memory, at once or when told.

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/json.h"
#include "identity/identity.h"
#include "net/net.h"

namespace reeve::identity {

class SigningKey {
 public:
  static SigningKey rsa(unsigned bits, std::string key_id) { return {EVP_RSA_gen(bits), std::move(key_id), 0}; }
  static SigningKey ec(const char* curve, std::string key_id) {
    return {EVP_EC_gen(curve), std::move(key_id), std::string_view(curve) == "P-256" ? 32U : 48U};
  }
  static SigningKey ed25519(std::string key_id) {
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), std::move(key_id), 0};
  }

  /// The public key; `extra` is put before its closing bracket: ,"use":"sig"
  std::string jwk(const std::string& extra = "") const {
    std::string members;
    if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
      members = R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
                number(OSSL_PKEY_PARAM_RSA_E, 0) + "\"";
    } else if (half_ != 0) {
      members = std::string(R"("kty":"EC","crv":")") + (half_ == 32 ? "P-256" : "P-384") + R"(","x":")" +
                number(OSSL_PKEY_PARAM_EC_PUB_X, half_) + R"(","y":")" + number(OSSL_PKEY_PARAM_EC_PUB_Y, half_) + "\"";
    } else {
      std::string raw(32, '\0');
      std::size_t length = raw.size();
      CHECK(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &length) == 1);
      members = R"("kty":"OKP","crv":"Ed25519","x":")" + to_base64url(raw) + "\"";
    }
    const std::string kid = key_id_.empty() ? "" : R"(,"kid":")" + key_id_ + "\"";
    return "{" + members + kid + extra + "}";
  }

  std::string sign(std::string_view algorithm, std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const char* digest = algorithm == "EdDSA"         ? nullptr
                         : algorithm.ends_with("256") ? "SHA256"
                         : algorithm.ends_with("384") ? "SHA384"
                                                      : "SHA512";
    EVP_PKEY_CTX* key_context = nullptr;
    CHECK(EVP_DigestSignInit_ex(context.get(), &key_context, digest, nullptr, nullptr, key_.get(), nullptr) == 1);
    if (algorithm.starts_with("PS")) {
      CHECK(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
      CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    std::string signature(2048, '\0');
    std::size_t length = signature.size();
    CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                         reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1);
    signature.resize(length);
    return half_ == 0 ? signature : side_by_side(signature);
  }

  std::string token(std::string_view algorithm, const std::string& claims) const {
    const std::string kid = key_id_.empty() ? "" : R"(,"kid":")" + key_id_ + "\"";
    return token_with_header(algorithm, R"({"alg":")" + std::string(algorithm) + R"(","typ":"at+jwt")" + kid + "}",
                             claims);
  }
  std::string token_with_header(std::string_view algorithm, const std::string& header,
                                const std::string& claims) const {
    const std::string input = to_base64url(header) + "." + to_base64url(claims);
    return input + "." + to_base64url(sign(algorithm, input));
  }

  /// What an HMAC attacker takes for the secret: the public key as PEM.
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    CHECK(PEM_write_bio_PUBKEY(memory.get(), key_.get()) == 1);
    char* data = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(length)};
  }

 private:
  SigningKey(EVP_PKEY* key, std::string key_id, std::size_t half)
      : key_(key, EVP_PKEY_free), key_id_(std::move(key_id)), half_(half) {
    CHECK(key_ != nullptr);
  }

  std::string number(const char* name, std::size_t length) const {
    BIGNUM* value = nullptr;
    CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    std::string bytes(length != 0 ? length : static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    CHECK(BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) > 0);
    BN_free(value);
    return to_base64url(bytes);
  }

  std::string side_by_side(const std::string& der) const {
    const auto* in = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
        d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())), ECDSA_SIG_free);
    std::string raw(2 * half_, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, static_cast<int>(half_)) > 0);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + half_, static_cast<int>(half_)) > 0);
    return raw;
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::string key_id_;
  std::size_t half_;
};

/// Answers GET from a table of whole addresses. What is not in it cannot be connected to.
class MemoryClient final : public net::Client {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    bool stale_once = false;  // the first try meets a pooled connection that has died
  };
  std::map<std::string, Answer> answers;
  std::vector<std::string> asked;
  bool hold = false;  // answers wait for release()

  Task<Sent> send(const net::Url& origin, const net::ClientRequest& request,
                  std::function<void()>* canceller) override {
    const std::string address =
        (origin.tls ? "https://" : "http://") + origin.host + origin.path + std::string(request.path_and_query);
    CHECK(request.method == "GET");
    asked.push_back(address);
    bool cancelled = false;
    if (hold) {
      if (canceller != nullptr) *canceller = [this, &cancelled] { cancelled = true, release(); };
      co_await Held{held_};
    }
    Sent sent;
    const auto found = answers.find(address);
    if (cancelled || found == answers.end()) {
      sent.failure.error = {cancelled ? ErrorCode::kClosed : ErrorCode::kUnavailable, "cannot connect"};
    } else if (std::exchange(found->second.stale_once, false)) {
      sent.failure.error = {ErrorCode::kClosed, "closed by the peer"};
      sent.failure.request_sent = sent.failure.request_complete = sent.failure.stale_connection = true;
    } else {
      sent.response = std::make_unique<MemoryResponse>(found->second);
    }
    co_return sent;
  }

  void release() {
    for (const auto handle : std::exchange(held_, {})) handle.resume();
  }
  /// Drops what waits, for tests that destroy it.
  void forget() { held_.clear(); }

 private:
  struct Held {
    std::vector<std::coroutine_handle<>>& list;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { list.push_back(handle); }
    void await_resume() const {}
  };

  class MemoryResponse final : public net::ClientResponse {
   public:
    explicit MemoryResponse(Answer answer) : answer_(std::move(answer)) {}
    int status() const override { return answer_.status; }
    const net::Headers& headers() const override { return headers_; }
    std::optional<std::uint64_t> content_length() const override { return answer_.body.size(); }
    Task<Result<std::string_view>> read() override { co_return std::exchange(rest_, {}); }
    Task<Result<std::string>> read_all(std::size_t bytes_max) override {
      if (answer_.body.size() > bytes_max) co_return Error{ErrorCode::kTooLarge, "the answer is too large"};
      co_return answer_.body;
    }
    bool drained() const override { return rest_.empty(); }
    void cancel() override { rest_ = {}; }

   private:
    Answer answer_;
    std::string_view rest_ = answer_.body;
    net::Headers headers_;
  };

  std::vector<std::coroutine_handle<>> held_;
};

}  // namespace reeve::identity
