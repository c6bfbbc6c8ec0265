#include "control/aws_signature.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::control {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string hex_hash(std::string_view text) { return to_hex(as_bytes(sha256(text))); }

/// Runs of spaces count as one.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c != ' ' || !out.ends_with(' ')) out += c;
  }
  return out;
}

std::string canonical_query(const Pairs& query) {
  Pairs encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(aws_encoded(name, false), aws_encoded(value, false));
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  return out;
}

Pairs canonical_headers(const Pairs& headers) {
  Pairs lower;
  for (const auto& [name, value] : headers) {
    const std::string key = to_lower(name);
    const auto same = std::find_if(lower.begin(), lower.end(), [&](const auto& known) { return known.first == key; });
    if (same == lower.end()) {
      lower.emplace_back(key, folded(value));
    } else {
      same->second += "," + folded(value);
    }
  }
  std::sort(lower.begin(), lower.end());
  return lower;
}

}  // namespace

std::string aws_time(Instant at) {
  std::string time = format_time(at).substr(0, 19) + "Z";
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return time;
}

std::string aws_encoded(std::string_view text, bool path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || (path && c == '/');
    if (plain) {
      out += c;
    } else {
      out.append(1, '%').append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
    }
  }
  return out;
}

std::string aws_authorization(const AwsRequest& request, const AwsCredentials& credentials, std::string_view region,
                              std::string_view service, Instant at) {
  const std::string time = aws_time(at);
  const std::string day = time.substr(0, 8);
  std::string header_lines;
  std::string names;
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    header_lines.append(name).append(":").append(value).append("\n");
    names.append(names.empty() ? "" : ";").append(name);
  }
  const std::string canonical = request.method + "\n" + request.path + "\n" + canonical_query(request.query) + "\n" +
                                header_lines + "\n" + names + "\n" + request.body_hash;
  std::string scope = day + "/";
  scope.append(region).append("/").append(service).append("/aws4_request");
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + hex_hash(canonical);
  Sha256 key = hmac_sha256("AWS4" + credentials.secret_key, day);
  for (const std::string_view part : {region, service, std::string_view("aws4_request")}) {
    key = hmac_sha256(as_bytes(key), part);
  }
  return "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope + ", SignedHeaders=" + names +
         ", Signature=" + to_hex(as_bytes(hmac_sha256(as_bytes(key), to_sign)));
}

}  // namespace reeve::control
