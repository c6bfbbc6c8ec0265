#pragma once

// AWS Signature Version 4, for object stores that speak S3. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.h"

namespace reeve::control {

struct AwsCredentials {
  std::string access_key, secret_key;
  std::string session_token;  // of temporary ones; else empty
};

struct AwsRequest {
  std::string method;
  std::string path;                                          // as it stands on the wire: encoded
  std::vector<std::pair<std::string, std::string>> query;    // decoded
  std::vector<std::pair<std::string, std::string>> headers;  // all that are signed, with host and x-amz-date
  std::string body_hash;                                     // SHA-256 in hex
};

/// "20261121T105503Z", as the header x-amz-date has it.
std::string aws_time(Instant at);
/// Percent-encoded but for letters, digits, '-', '.', '_' and '~'; slashes stay where `path` is true.
std::string aws_encoded(std::string_view text, bool path);
/// The value of the header Authorization.
std::string aws_authorization(const AwsRequest& request, const AwsCredentials& credentials, std::string_view region,
                              std::string_view service, Instant at);

}  // namespace reeve::control
