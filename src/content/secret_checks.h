#pragma once

// Checks on the structure of secrets, by topic; secret_checkers.cpp names them. Private to the room.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/detector.h"

namespace reeve::content {

// ---- Checksums (secret_checksums.cpp) ----
bool check_github_crc32(std::string_view token);
bool check_npm_crc32(std::string_view token);
bool check_grafana_crc32(std::string_view token);
bool check_gitlab_routable(std::string_view token);
bool check_nats_seed(std::string_view seed);
bool check_bech32(std::string_view text);
bool check_base58check(std::string_view text);
bool check_azure_identifiable(std::string_view key);
std::string base62_of(std::uint32_t number, std::size_t width);

// ---- Structures (secret_structures.cpp) ----
bool check_jwt(std::string_view token);
bool check_json_web_key(std::string_view text);
bool check_basic_credentials(std::string_view text);
bool check_docker_auth(std::string_view text);
bool check_private_key_body(std::string_view block);
bool check_openssh_body(std::string_view base64);
bool check_crypt_hash(std::string_view hash);
bool check_json_base64(std::string_view text);
bool check_url_password(std::string_view text);
/// Decodes base64 or base64url, padded or not, passing over white space and escaped line ends. At most `bytes_max`.
std::optional<std::string> decode_base64_loosely(std::string_view text, std::size_t bytes_max);

}  // namespace reeve::content
