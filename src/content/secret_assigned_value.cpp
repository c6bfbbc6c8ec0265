// Judging what is assigned to a key that names a secret.

#include <algorithm>
#include <array>
#include <string>

#include "content/rarity.h"
#include "content/secret_assignment.h"
#include "content/secret_checks.h"
#include "content/secret_value.h"
#include "content/word_pieces.h"

namespace reeve::content {

namespace {

/// What a value holds besides letters and digits: values are asked for much that most of them have nothing of.
enum Mark : std::uint8_t { kOtherMark = 1, kBlank = 2, kBracket = 4, kSquare = 8, kBackslash = 16, kSymbol = 32 };

constexpr std::array<std::uint8_t, 256> kMarks = [] {
  std::array<std::uint8_t, 256> marks{};
  for (unsigned c = 0; c < 256; ++c) marks[c] = is_alnum(static_cast<char>(c)) ? 0 : kOtherMark;
  const auto add = [&marks](std::string_view signs, std::uint8_t mark) {
    for (const char c : signs) marks[static_cast<unsigned char>(c)] |= mark;
  };
  add(" \t", kBlank);
  add("<>(){}[]", kBracket);
  add("[", kSquare);
  add("\\", kBackslash);
  add("!@#$%^&*?~+", kSymbol);
  return marks;
}();

std::uint8_t marks_of(std::string_view value) {
  std::uint8_t marks = 0;
  for (const char c : value) marks |= kMarks.data()[static_cast<unsigned char>(c)];
  return marks;
}

bool holds_symbol(std::string_view value) { return (marks_of(value) & kSymbol) != 0; }

/// Only letters, digits and the joints of names.
bool is_name(std::string_view value) {
  return !value.empty() && !is_digit(value[0]) && std::ranges::all_of(value, [](char c) {
    return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '$' || c == ':' || c == '/';
  });
}

bool is_hex(std::string_view value) { return std::ranges::all_of(value, is_hex_digit); }

bool is_uuid(std::string_view value) {
  if (value.size() != 36 || value[8] != '-' || value[13] != '-' || value[18] != '-' || value[23] != '-') return false;
  return std::ranges::all_of(value, [](char c) { return c == '-' || is_hex_digit(c); });
}

/// "1.2.3", "^4.0.0", "2024-01-31", "12:30", "10px", "0.5", "#a0b1c2".
bool is_number_like(std::string_view value) {
  if (value.front() == '#' && value.size() <= 9 && is_hex(value.substr(1))) return true;
  std::size_t letters = 0, digits = 0;
  for (const char c : value) {
    if (is_letter(c) && ++letters > 3) return false;  // most values
    digits += is_digit(c) ? 1U : 0U;
  }
  if (digits == 0 || digits == value.size()) return false;  // digits alone are judged by kind
  return std::ranges::all_of(value,
                             [](char c) {
                               return is_digit(c) || is_letter(c) || c == '.' || c == '-' || c == ':' || c == '/' ||
                                      c == '^' || c == '~' || c == '<' || c == '>' || c == '=' || c == ',' || c == '+';
                             }) &&
         (value.find_first_of(".:-/^~") != std::string_view::npos || value.size() < 8);
}

bool is_path_or_address(std::string_view value) {
  if (value.find("://") != std::string_view::npos) return true;
  if (value.starts_with("/") || value.starts_with("./") || value.starts_with("../") || value.starts_with("~/") ||
      value.starts_with("C:\\") || value.starts_with("\\\\")) {
    return (value.find('/', 1) != std::string_view::npos && rarity(value) < 0.7) || is_wordy(value);
  }
  if (std::ranges::count(value, '/') >= 2 && word_likeness(value) > 0.6) return true;
  const std::size_t dot = value.rfind('.');
  if (dot == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 26> kEndings = {
      ".pem",  ".key", ".crt", ".txt", ".json", ".yaml", ".yml", ".html", ".js",  ".ts",    ".py",  ".php", ".xml",
      ".conf", ".ini", ".env", ".p12", ".pfx",  ".jks",  ".com", ".org",  ".net", ".local", ".svc", ".go",  ".java"};
  return std::ranges::find(kEndings, value.substr(dot)) != kEndings.end();
}

bool is_integrity_value(std::string_view value) {
  if (value.empty() || std::string_view("smSc").find(value.front()) == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 8> kStarts = {"sha256", "sha512", "sha384", "sha1",
                                                       "md5:",   "md5-",   "SHA256", "crc32"};
  return std::ranges::any_of(kStarts, [value](auto start) { return value.starts_with(start); });
}

/// Whether two texts are the same but for case and what is no letter and no digit.
bool has_same_letters(std::string_view one, std::string_view other) {
  const auto skip = [](std::string_view& text) {
    while (!text.empty() && !is_alnum(text.front())) text.remove_prefix(1);
  };
  for (;;) {
    skip(one);
    skip(other);
    if (one.empty() || other.empty()) return one.empty() && other.empty();
    if (lower_of(one.front()) != lower_of(other.front())) return false;
    one.remove_prefix(1);
    other.remove_prefix(1);
  }
}

/// Names of secrets stand in the value, written with or without joints.
bool holds_secret_name(std::string_view value) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey", "credential", "authoriz"};
  static const WordPieces kPieces(kWords);
  if (std::ranges::all_of(value, is_alnum)) return kPieces.stand_in(value);
  std::string letters;
  for (const char c : value) {
    if (is_alnum(c)) letters += c;
  }
  return kPieces.stand_in(letters);
}

/// The value repeats the key's name: password = user_password, "apiKey": "api-key".
bool echoes_key(std::string_view value, std::string_view key) {
  return has_same_letters(value, key) || (is_name(value) && holds_secret_name(value) && rarity(value) < 0.75);
}

/// As is_plainly_harmless, of values of letters and digits alone: neither paths nor references, nor anything else with
/// marks in it.
bool is_harmless_word(std::string_view value) {
  if (value.size() >= 8) return is_integrity_value(value);
  const auto letters = static_cast<std::size_t>(std::ranges::count_if(value, is_letter));
  return (letters > 0 && letters <= 3 && letters < value.size()) || is_integrity_value(value);
}

/// Words with joints between them and numbers behind them, as names in code have: "user_pass1", "field-2".
bool is_numbered_name(std::string_view value) {
  if (!is_name(value) || value.find_first_of("_-.:/") == std::string_view::npos || !is_alnum(value.back()))
    return false;
  const ValueShape shape = shape_of(value);
  if (shape.upper > 0 && shape.lower > 0) return false;
  std::size_t digits_behind = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!is_digit(value[i])) {
      if (digits_behind > 0 && is_letter(value[i])) return false;
      digits_behind = 0;
      continue;
    }
    if (i == 0 || !is_alnum(value[i - 1]) || ++digits_behind > 2) return false;
  }
  return word_likeness(value) >= 0.8;
}

float judge_password(std::string_view value, const ValueShape& shape, const Assignment& found) {
  if (value.size() < 4 || value.size() > 128) return 0;
  const bool bare = found.form == ValueForm::kBareCode || found.form == ValueForm::kPair;
  if (shape.digits == value.size()) {
    if (value.size() < 6 || shape.distinct < 4 || shape.longest_step >= 5) return 0.35F;
    return found.form == ValueForm::kQuoted ? 0.6F : found.form == ValueForm::kConfig ? 0.5F : 0;
  }
  if (shape.longest_step >= 7 || shape.longest_same >= 5) return 0.35F;
  if (found.form == ValueForm::kBareCode && value.find_first_of("[](){}\\=") != std::string_view::npos) return 0;
  if (found.form == ValueForm::kBareCode && is_name(value)) {
    return shape.digits > 0 && value.size() >= 10 && rarity(value) >= 0.6 ? 0.6F : 0;
  }
  const bool symbol = holds_symbol(value);
  if (shape.digits == 0 && !symbol) {
    if (is_name(value) && (word_likeness(value) >= 0.7 || (value.size() >= 8 && rarity(value) < 0.4))) return 0.3F;
    if (bare) return value.size() >= 8 && rarity(value) >= 0.6 ? 0.6F : 0;
    return value.size() >= 6 && shape.letters() > 0 ? 0.6F : 0.3F;
  }
  if (shape.letters() == 0) return shape.digits >= 4 && value.size() >= 6 ? 0.55F : 0;
  if (symbol && shape.digits == 0) return is_name(value.substr(1)) && bare ? 0 : value.size() >= 6 ? 0.65F : 0.4F;
  if (!symbol && is_numbered_name(value)) return 0.35F;
  if (bare && !symbol && rarity(value) < 0.5) return 0.35F;
  return value.size() >= 6 ? 0.8F : 0.6F;
}

/// Generated values: secrets, tokens, keys.
float judge_generated(std::string_view value, const ValueShape& shape, const Assignment& found, std::size_t size_min) {
  const bool strong = value.size() >= 8 && holds_symbol(value) && shape.letters() > 0 && shape.digits > 0;
  if (value.size() < size_min && !strong) return 0;
  if (shape.letters() == 0 && !(shape.digits >= 16 && found.form != ValueForm::kBareCode)) return 0;
  if (is_made_up(value, shape)) return 0;
  if (is_uuid(value)) return 0.65F;
  if (is_hex(value)) return value.size() >= 16 && shape.digits > 0 && shape.letters() > 0 ? 0.75F : 0;
  const double rare = rarity(value);
  const bool symbol = holds_symbol(value);
  if (shape.digits == 0) {
    if (symbol) return value.size() >= 12 && rare >= 0.6 ? 0.6F : 0;
    return value.size() >= 14 && rare >= 0.7 ? 0.65F : 0;
  }
  if (found.form == ValueForm::kBareCode && is_name(value) && (rare < 0.7 || value.size() < 16)) return 0;
  if (value.size() >= 16) return rare >= 0.5 ? 0.8F : symbol && rare >= 0.3 ? 0.6F : 0;
  if (is_name(value) && is_wordy(value)) return 0;
  return rare >= 0.4 || symbol ? 0.6F : 0;
}

/// Base64 of a user name and of what stands for a password.
bool is_encoded_stand_in(std::string_view value) {
  const auto bytes = decode_base64_loosely(value, 256);
  if (!bytes) return false;
  const std::size_t colon = bytes->find(':');
  return colon != std::string::npos && is_password_stand_in(std::string_view(*bytes).substr(colon + 1));
}

/// A key that only says "key", or "plaid key". Names of places are no keys: cache_key, partition key.
float judge_bare_key(std::string_view value, const ValueShape& shape, const Assignment& found, std::string_view key) {
  if (value.size() < 20 || found.form == ValueForm::kBareCode || is_uuid(value)) return 0;
  if (shape.digits == 0 || shape.letters() < 4 || is_made_up(value, shape)) return 0;
  if (is_hex(value)) return value.size() == 32 || value.size() == 48 || value.size() == 64 ? 0.5F : 0;
  if (shape.other > value.size() / 8) return 0;
  const KeyWords words(key);
  if (words.count() >= 2 && value.size() >= 24 && rarity(value) >= 0.8) {
    constexpr std::array<std::string_view, 26> kPlaces = {
        "cache", "partition", "sort",   "primary",     "foreign", "index",  "object", "row",  "map",
        "hash",  "group",     "dedupe", "idempotency", "lookup",  "s3",     "file",   "item", "translation",
        "event", "routing",   "shard",  "query",       "react",   "unique", "state",  "host"};
    return std::ranges::find(kPlaces, words.word(words.count() - 2)) == kPlaces.end() ? 0.55F : 0;
  }
  return rarity(value) >= 0.75 && shape.upper > 1 && shape.lower > 1 ? 0.6F : 0;
}

/// session_id: a UUID by which agents and tools tell their sessions apart. It opens nothing.
bool names_session(std::string_view key, std::string_view value) {
  if (!is_uuid(value)) return false;
  const KeyWords words(key);
  const std::size_t head = words.head();
  return head != std::string_view::npos && words.word(head) == "id";
}

}  // namespace

bool is_plainly_harmless(std::string_view value) {
  if (value.size() < 3 || is_reference(value)) return true;
  const std::uint8_t marks = marks_of(value);
  if (marks == 0) return is_harmless_word(value);  // most values
  if ((marks & kBlank) != 0) return true;
  if ((marks & kBracket) != 0 && word_likeness(value) > 0.6) return true;
  if (value.ends_with("...") || value.ends_with(":")) return true;
  // The description of a shape: [A-Za-z0-9]{36}.
  if ((marks & (kSquare | kBackslash)) != 0) {
    for (const std::string_view range : {"[a-", "[A-", "[0-", "\\d", "\\w", "[^"}) {
      if (value.find(range) != std::string_view::npos) return true;
    }
  }
  return is_number_like(value) || is_path_or_address(value) || is_integrity_value(value);
}

float judge_assigned(KeyKind kind, std::string_view value, const Assignment& found, std::string_view key) {
  if (kind == KeyKind::kNone) return 0;
  const ValueShape shape = shape_of(value);
  if (is_password_stand_in(value, shape) || echoes_key(value, key)) return 0;
  switch (kind) {
    case KeyKind::kPassword:
    case KeyKind::kPassphrase: return judge_password(value, shape, found);
    case KeyKind::kToken: return judge_generated(value, shape, found, 10);
    case KeyKind::kSession: return names_session(key, value) ? 0 : judge_generated(value, shape, found, 16);
    case KeyKind::kCredential: return is_encoded_stand_in(value) ? 0 : judge_generated(value, shape, found, 12);
    case KeyKind::kSalt:
      return found.form == ValueForm::kQuoted ? std::min(0.6F, judge_generated(value, shape, found, 12)) : 0;
    case KeyKind::kKey: return judge_bare_key(value, shape, found, key);
    case KeyKind::kConnectionString: return 0;  // the password inside is found by itself
    default: return judge_generated(value, shape, found, 8);
  }
}

}  // namespace reeve::content
