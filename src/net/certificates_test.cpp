#include "net/certificates_test.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/check.h"

namespace reeve::net::testing {

namespace {

void add_extension(X509* certificate, X509* issuer, int name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, name, value.c_str());
  CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* make_certificate(EVP_PKEY* key, const std::string& name, X509* issuer, int serial, int days) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -100L * 24 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(days) * 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, issuer != nullptr ? X509_get_subject_name(issuer) : subject);
  if (issuer == nullptr) add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  return certificate;
}

std::string write_certificate(const std::string& file, X509* certificate) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  CHECK(out != nullptr);
  PEM_write_X509(out, certificate);
  std::fclose(out);
  return file;
}

std::string write_key(const std::string& file, EVP_PKEY* key) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  CHECK(out != nullptr);
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  return file;
}

}  // namespace

Certificates::Certificates() {
  std::string pattern = (std::filesystem::temp_directory_path() / "reeve-certificates-XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* root = make_certificate(key, "Test Root", nullptr, 1, 365);
  X509_sign(root, key, EVP_sha256());
  root_file_ = write_certificate(folder_ + "/root.pem", root);
  root_ = root;
  root_key_ = key;
}

Certificates::~Certificates() {
  X509_free(static_cast<X509*>(root_));
  EVP_PKEY_free(static_cast<EVP_PKEY*>(root_key_));
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Certificates::Files Certificates::issue(const std::string& names, int days) {
  ++issued_;
  auto* root = static_cast<X509*>(root_);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* leaf = make_certificate(key, "leaf", root, 100 + issued_, days);
  add_extension(leaf, root, NID_subject_alt_name, names);
  X509_sign(leaf, static_cast<EVP_PKEY*>(root_key_), EVP_sha256());
  const std::string stem = folder_ + "/leaf" + std::to_string(issued_);
  Files files{write_certificate(stem + ".pem", leaf), write_key(stem + ".key", key)};
  X509_free(leaf);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace reeve::net::testing
