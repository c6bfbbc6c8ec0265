// X.509-SVIDs: certificates that name a workload. All of OpenSSL's path validation is used; what SPIFFE adds is checked
// here.

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <fstream>
#include <iterator>

#include "core/bytes.h"
#include "identity/agent_tokens.h"
#include "identity/spiffe_id.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kChainCertificatesMax = 8;
constexpr std::size_t kBundleBytesMax = 1UL << 20U;
constexpr int kDepthMax = 6;
constexpr int kStrengthMin = 2;  // 112 bits: RSA of 2048, no SHA-1

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void free_certificates(STACK_OF(X509) * list) { sk_X509_pop_free(list, X509_free); }
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), Freer<free_certificates>>;
using Store = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using Input = std::unique_ptr<BIO, Freer<BIO_free>>;

/// OpenSSL leaves errors in a queue of the thread.
struct ClearErrors {
  ClearErrors() = default;
  ClearErrors(const ClearErrors&) = delete;
  ClearErrors& operator=(const ClearErrors&) = delete;
  ~ClearErrors() { ERR_clear_error(); }
};

Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }

Certificate read_der(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = bytes + der.size();
  Certificate certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  return bytes == end ? std::move(certificate) : nullptr;
}

/// The one name that an SVID has: exactly one URI among its alternative names, and that a SPIFFE ID.
Result<std::string> name_of(X509* leaf) {
  int critical = 0;
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, nullptr)));
  // -2: the extension stands there twice.
  if (!names)
    return denied(critical == -2 ? "The certificate has two lists of names." : "The certificate names nobody.");
  std::string uri;
  int uris = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    ++uris;
    const ASN1_IA5STRING* const text = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  if (uris != 1) {
    return denied("The certificate has " + std::to_string(uris) + " URIs; an X.509-SVID has exactly one.");
  }
  return uri;
}

Result<void> check_leaf(X509* leaf) {
  if ((X509_get_extension_flags(leaf) & EXFLAG_INVALID) != 0) return denied("The certificate is malformed.");
  if (X509_check_ca(leaf) != 0) return denied("The certificate is an authority's, and no workload's.");
  const std::uint32_t usage = X509_get_key_usage(leaf);
  if (usage != UINT32_MAX) {
    if ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) return denied("The certificate's key may sign certificates.");
    if ((usage & KU_DIGITAL_SIGNATURE) == 0) return denied("The certificate's key is not for signatures.");
  }
  const std::uint32_t extended = X509_get_extended_key_usage(leaf);
  if (extended != UINT32_MAX && (extended & XKU_SSL_CLIENT) == 0) {
    return denied("The certificate is not for clients of TLS.");
  }
  return {};
}

Result<Certificates> read_bundle(const std::string& path) {
  const Error unreadable{ErrorCode::kUnavailable, "the authorities of a trust domain cannot be read from " + path};
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable;
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.empty() || text.size() > kBundleBytesMax) return unreadable;
  const Input input(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Certificates list(sk_X509_new_null());
  while (X509* const one = PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)) sk_X509_push(list.get(), one);
  return sk_X509_num(list.get()) > 0 ? Result<Certificates>(std::move(list)) : Result<Certificates>(unreadable);
}

/// By the authorities of this domain and no others, at `now`.
Result<void> check_chain(X509* leaf, STACK_OF(X509) * between, STACK_OF(X509) * authorities, Instant now) {
  const Store store(X509_STORE_new());
  for (int i = 0; i < sk_X509_num(authorities); ++i) X509_STORE_add_cert(store.get(), sk_X509_value(authorities, i));
  const Verification verification(X509_STORE_CTX_new());
  if (!verification || X509_STORE_CTX_init(verification.get(), store.get(), leaf, between) != 1) {
    return Error{ErrorCode::kUnavailable, "the certificate cannot be checked"};
  }
  X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(verification.get());
  X509_VERIFY_PARAM_set_time(wanted, static_cast<time_t>(unix_seconds(now)));
  X509_VERIFY_PARAM_set_depth(wanted, kDepthMax);
  X509_VERIFY_PARAM_set_auth_level(wanted, kStrengthMin);
  X509_VERIFY_PARAM_set_purpose(wanted, X509_PURPOSE_SSL_CLIENT);
  if (X509_verify_cert(verification.get()) == 1) return {};
  return denied(std::string("The certificate is not one of its trust domain: ") +
                X509_verify_cert_error_string(X509_STORE_CTX_get_error(verification.get())) + ".");
}

Instant end_of(X509* leaf) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &parts) != 1) return Instant{};
  return from_unix_seconds(static_cast<std::int64_t>(::timegm(&parts)));
}

}  // namespace

Result<AgentCredential> verify_certificates(std::span<const std::string> chain, const AgentTrust& trust, Instant now) {
  const ClearErrors clear;
  if (chain.empty()) return denied("No client certificate came with this connection.");
  if (chain.size() > kChainCertificatesMax) return denied("The chain has more than 8 certificates.");
  const Certificate leaf = read_der(chain.front());
  if (!leaf) return denied("The certificate cannot be read.");
  const auto name = name_of(leaf.get());
  if (!name) return name.error();
  const auto id = parse_spiffe_id(*name);
  if (!id) return denied(id.error().message);
  if (id->path.empty()) return denied("The certificate names a trust domain, and no workload in it.");
  const TrustDomain* const domain = find_trust_domain(trust, id->trust_domain);
  if (domain == nullptr || domain->certificates.empty()) {
    return denied("Reeve takes no X.509-SVID of the trust domain " + id->trust_domain + ".");
  }
  if (auto checked = check_leaf(leaf.get()); !checked) return std::move(checked).error();
  const auto bundle = read_bundle(domain->certificates);
  if (!bundle) return bundle.error();
  const Certificates between(sk_X509_new_null());
  for (const std::string& der : chain.subspan(1)) {
    Certificate one = read_der(der);
    if (!one) return denied("A certificate of the chain cannot be read.");
    sk_X509_push(between.get(), one.release());
  }
  if (auto checked = check_chain(leaf.get(), between.get(), bundle->get(), now); !checked) {
    return std::move(checked).error();
  }
  AgentCredential credential;
  credential.kind = AgentIdentity::Kind::kSpiffe;
  credential.name = credential.subject = *name;
  credential.expires = end_of(leaf.get());
  return credential;
}

}  // namespace reeve::identity
