#include "content_bodies.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace reeve::bench {

namespace {

constexpr std::size_t kCodeMax = 12UL << 20U, kProseMax = 4UL << 20U, kFileMax = 200'000;
constexpr std::string_view kEnd = "]}";

bool is_code(const std::filesystem::path& path) {
  static const std::vector<std::string> kEndings{".h", ".cpp", ".c", ".hpp", ".py", ".js", ".mjs", ".sh", ".cmake"};
  return std::find(kEndings.begin(), kEndings.end(), path.extension().string()) != kEndings.end();
}

bool is_prose(const std::filesystem::path& path) {
  return path.extension() == ".md" || path.extension() == ".txt" || path.filename() == "copyright";
}

bool is_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos &&
         std::none_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 9; });
}

std::string log_lines(std::mt19937_64& random, std::size_t bytes) {
  static constexpr std::string_view kWords[] = {"request finished",   "cache miss for key",      "retrying upstream",
                                                "connection closed",  "user session refreshed",  "slow query",
                                                "GET /api/v2/orders", "POST /v1/payments/refund"};
  std::string out;
  char line[300];
  while (out.size() < bytes) {
    std::snprintf(line, sizeof line,
                  "2026-%02u-%02uT%02u:%02u:%02u.%03uZ %s [worker-%u] %s id=%08x%08x status=%u took=%ums bytes=%u\n",
                  static_cast<unsigned>(1 + random() % 12), static_cast<unsigned>(1 + random() % 28),
                  static_cast<unsigned>(random() % 24), static_cast<unsigned>(random() % 60),
                  static_cast<unsigned>(random() % 60), static_cast<unsigned>(random() % 1000),
                  random() % 10 == 0 ? "WARN" : "INFO", static_cast<unsigned>(random() % 16),
                  kWords[random() % std::size(kWords)].data(), static_cast<unsigned>(random()),
                  static_cast<unsigned>(random()), static_cast<unsigned>(200 + random() % 4 * 100),
                  static_cast<unsigned>(random() % 900), static_cast<unsigned>(random() % 90'000));
    out += line;
  }
  return out;
}

std::string json_records(std::mt19937_64& random, std::size_t bytes) {
  std::string out = "[\n";
  char line[400];
  while (out.size() < bytes) {
    std::snprintf(line, sizeof line,
                  "  {\"id\": %u, \"name\": \"item-%u\", \"price\": %u.%02u, \"tags\": [\"blue\", \"large\"], "
                  "\"created_at\": \"2025-0%u-1%uT08:00:00Z\", \"checksum\": \"%08x%08x%08x%08x\", \"enabled\": %s},\n",
                  static_cast<unsigned>(random() % 100'000), static_cast<unsigned>(random() % 1000),
                  static_cast<unsigned>(random() % 500), static_cast<unsigned>(random() % 100),
                  static_cast<unsigned>(1 + random() % 9), static_cast<unsigned>(random() % 10),
                  static_cast<unsigned>(random()), static_cast<unsigned>(random()), static_cast<unsigned>(random()),
                  static_cast<unsigned>(random()), random() % 2 == 0 ? "true" : "false");
    out += line;
  }
  return out + "]\n";
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
}

}  // namespace

Material::Material(const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (auto at = std::filesystem::recursive_directory_iterator(
             folder, std::filesystem::directory_options::skip_permission_denied, error);
         at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
      if (at->is_regular_file(error)) files.push_back(at->path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& path : files) {
      std::string& into = is_code(path) ? code_ : prose_;
      if (!is_code(path) && !is_prose(path)) continue;
      if (into.size() >= (&into == &code_ ? kCodeMax : kProseMax)) continue;
      std::ifstream file(path, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      if (bytes.size() <= kFileMax && is_text(bytes)) into += bytes;
    }
  }
}

std::string Material::piece(std::mt19937_64& random, std::size_t bytes) const {
  const auto chance = random() % 10;
  if (chance == 0) return log_lines(random, bytes);
  if (chance == 1) return json_records(random, bytes);
  const std::string& from = chance < 8 || prose_.size() <= bytes ? code_ : prose_;
  const std::size_t start = random() % (from.size() - bytes);
  // From a line's start on, as an agent reads a part of a file.
  const std::size_t line = from.find('\n', start);
  return from.substr(line == std::string::npos || line + bytes >= from.size() ? start : line + 1, bytes);
}

void append_message(Body& body, const Material& material, std::mt19937_64& random, std::size_t bytes) {
  body.bytes.resize(body.bytes.size() - kEnd.size());
  const bool first = body.texts.empty();
  const bool tool = random() % 2 == 0;
  body.bytes += first ? "" : ",";
  body.bytes += tool ? R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01","content":")"
                     : R"({"role":"user","content":[{"type":"text","text":")";
  BodyText text;
  text.offset = body.bytes.size();
  append_escaped(body.bytes, material.piece(random, bytes));
  text.length = body.bytes.size() - text.offset;
  text.form = TextForm::kJsonString;
  text.origin = tool ? TextOrigin::kToolResult : TextOrigin::kUser;
  body.texts.push_back(text);
  body.bytes += "\"}]}";
  body.bytes += kEnd;
}

Body chat_body(const Material& material, std::mt19937_64& random, std::size_t bytes) {
  Body body;
  body.bytes = R"({"model":"claude-sonnet-4-5","max_tokens":8192,"stream":true,"messages":[)" + std::string(kEnd);
  while (body.bytes.size() < bytes) {
    const std::size_t left = bytes - body.bytes.size();
    append_message(body, material, random, std::min<std::size_t>(left, 200 + random() % 6000));
  }
  return body;
}

namespace {

struct Unit {
  std::string_view name, text;
};
constexpr Unit kRepeated[] = {
    {"curl_flags", "curl -H 'Authorization: Bearer x' "},
    {"pairs", "password=aZ3kQ9xLm2 api_key: \"s8Dk2mQ0z7Xw\" "},
    {"card_likes", "4111 1111 1111 1112 "},
    {"at_signs", "a@"},
    {"addresses", "a.b@c.de "},
    {"backslashes", "\\\\"},
    {"escapes", "\\u0041"},
    {"percent", "%41"},
    {"entities", "&#65;"},
    {"quotes", "\"a\"+"},
    {"quote_signs", "\""},
    {"assignments", "a=b:c="},
    {"equal_signs", "="},
    {"encoded_text", "c2VjcmV0IHRleHQgc2VjcmV0 "},
    {"pem_begins", "-----BEGIN PRIVATE KEY-----\n"},
    {"jwt_begins", "eyJhbGciOiJIUzI1NiJ9."},
    {"prefixes", "ghp_ AKIA xoxb- sk- glpat- SG. npm_ "},
    {"spaced", "a b c d "},
    {"zero_width", "a\xe2\x80\x8b"},
    {"cyrillic", "\xd0\xb0\xd0\xb5"},
    {"names", "name: John Smith, "},
    {"keys", "key=key="},
    {"secrets", "secret=abc123def456ghi789jkl012mno345pqr678 "},
    {"open_quotes", "token='\\\\"},
    {"sibling_values", "value=\"aZ3kQ9xLm2s8Dk2m\" "},
    {"urls", "http://b:c/"},
    {"url_signs", "://://"},
    {"mnemonics", "mnemonic"},
    {"single_digits", "1 2 "},
    {"digits_and_letters", "x 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 "},
    {"ip_addresses", "a 91.23.45.67 "},
    {"mac_addresses", "11:22:33:44:55:66 "},
    {"postcodes", "A1 1AA "},
    {"header_keys", "x-vault-token="},
    {"titles", "Hr "},
    {"paths", "/etc/a"},
    {"told_passwords", "password to  "},
    {"set_secrets", "setsecret(\""},
    {"soft_breaks", "_gitlab_session=\n"},
};

std::string repeated(std::string_view unit, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += unit;
  return out;
}

/// Characters of `alphabet` drawn at random, a line feed after each `break_each`; 0: none.
std::string drawn(std::mt19937_64& random, std::string_view alphabet, std::size_t break_each, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    out += alphabet[random() % alphabet.size()];
    if (break_each != 0 && out.size() % break_each == 0) out += '\n';
  }
  return out;
}

constexpr std::string_view kAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Nothing hostile: dense, and so to be read to the end.
std::string dense_settings(std::mt19937_64& random, std::size_t bytes) {
  std::string out;
  const auto token = [&random](std::size_t size) { return drawn(random, kAlphanumeric, 0, size); };
  while (out.size() < bytes) {
    out += "SERVICE_" + std::to_string(random() % 900) + "_API_KEY=" + token(20 + random() % 20) + "\n";
    out += "DB_" + std::to_string(random() % 900) + "_PASSWORD=\"" + token(12) + "!\"\n";
  }
  return out;
}

std::string dense_users(std::mt19937_64& random, std::size_t bytes) {
  std::string out;
  const auto token = [&random](std::size_t size) { return drawn(random, kAlphanumeric, 0, size); };
  while (out.size() < bytes) {
    out += "INSERT INTO users (id, name, password, token) VALUES (" + std::to_string(random() % 90'000) + ", 'u" +
           std::to_string(random() % 90'000) + "', 'password=" + token(10) + "', 'token: " + token(32) + "');\n";
  }
  return out;
}

}  // namespace

std::vector<Hostile> hostile_texts(std::size_t bytes) {
  std::mt19937_64 random(11);
  const std::string base64 = std::string(kAlphanumeric) + "+/";
  std::vector<Hostile> all;
  all.push_back({"base64", drawn(random, base64, 0, bytes)});
  all.push_back({"base64_lines", drawn(random, base64, 76, bytes)});
  all.push_back({"hex", drawn(random, "0123456789abcdef", 0, bytes)});
  all.push_back({"hex_words", drawn(random, "0123456789abcdef", 33, bytes)});
  all.push_back({"digits", drawn(random, "0123456789", 0, bytes)});
  all.push_back({"digit_groups", drawn(random, "0123456789- ", 0, bytes)});
  for (const Unit& unit : kRepeated) all.push_back({unit.name, repeated(unit.text, bytes)});
  // Values as long as a value may be, a key at each of their bytes.
  all.push_back({"keys_in_lines", repeated(repeated("key=", 570 * 4) + "a1\n", bytes)});
  all.push_back({"dense_settings", dense_settings(random, bytes)});
  all.push_back({"dense_users", dense_users(random, bytes)});
  return all;
}

}  // namespace reeve::bench
