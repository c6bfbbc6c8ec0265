#pragma once

// Certificates made on the spot, so that no test depends on files that expire.

#include <string>

namespace reeve::net::testing {

/// A folder of its own with a root certificate and what it signs; gone at the end.
class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  struct Files {
    std::string certificate;
    std::string key;
  };
  const std::string& root_file() const { return root_file_; }
  /// `names` as OpenSSL writes them: "DNS:a.example.com,IP:127.0.0.1". `days` may be in the past.
  Files issue(const std::string& names, int days = 30);

 private:
  std::string folder_;
  std::string root_file_;
  void* root_ = nullptr;      // X509
  void* root_key_ = nullptr;  // EVP_PKEY
  int issued_ = 0;
};

}  // namespace reeve::net::testing
