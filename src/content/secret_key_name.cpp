// The names of keys that hold secrets, in the words that programmers use.

#include "content/secret_key_name.h"

#include <algorithm>
#include <bitset>
#include <span>
#include <utility>
#include <vector>

#include "content/secret_value.h"

namespace reeve::content {

namespace {

struct NamedKind {
  std::string_view name;
  KeyKind kind;
};

constexpr std::array<NamedKind, 12> kKinds = {{
    {"a password", KeyKind::kPassword},
    {"a passphrase", KeyKind::kPassphrase},
    {"a secret", KeyKind::kSecret},
    {"a token", KeyKind::kToken},
    {"an api key", KeyKind::kApiKey},
    {"a private key", KeyKind::kPrivateKey},
    {"an encryption key", KeyKind::kEncryptionKey},
    {"a credential", KeyKind::kCredential},
    {"a salt", KeyKind::kSalt},
    {"a connection string", KeyKind::kConnectionString},
    {"a session", KeyKind::kSession},
    {"a key", KeyKind::kKey},
}};

/// Words that name a secret when they end a key. The longer words before the shorter ones that they end with.
constexpr std::array<NamedKind, 69> kHeads = {{
    {"passphrase", KeyKind::kPassphrase},
    {"password", KeyKind::kPassword},
    {"passwords", KeyKind::kPassword},
    {"passwd", KeyKind::kPassword},
    {"passcode", KeyKind::kPassword},
    {"pswd", KeyKind::kPassword},
    {"pwd", KeyKind::kPassword},
    {"psw", KeyKind::kPassword},
    {"passwort", KeyKind::kPassword},
    {"kennwort", KeyKind::kPassword},
    {"contrasena", KeyKind::kPassword},
    {"contraseña", KeyKind::kPassword},
    {"senha", KeyKind::kPassword},
    {"motdepasse", KeyKind::kPassword},
    {"mdp", KeyKind::kPassword},
    {"wachtwoord", KeyKind::kPassword},
    {"lösenord", KeyKind::kPassword},
    {"losenord", KeyKind::kPassword},
    {"haslo", KeyKind::kPassword},
    {"hasło", KeyKind::kPassword},
    {"parola", KeyKind::kPassword},
    {"пароль", KeyKind::kPassword},
    {"密码", KeyKind::kPassword},
    {"密碼", KeyKind::kPassword},
    {"パスワード", KeyKind::kPassword},
    {"비밀번호", KeyKind::kPassword},
    {"dbpass", KeyKind::kPassword},
    {"userpass", KeyKind::kPassword},
    {"mypass", KeyKind::kPassword},
    {"rootpass", KeyKind::kPassword},
    {"adminpass", KeyKind::kPassword},
    {"smtppass", KeyKind::kPassword},
    {"mailpass", KeyKind::kPassword},
    {"sqlpass", KeyKind::kPassword},
    {"keypass", KeyKind::kPassword},
    {"storepass", KeyKind::kPassword},
    {"ftppass", KeyKind::kPassword},
    {"sshpass", KeyKind::kPassword},
    {"clientsecret", KeyKind::kSecret},
    {"secret", KeyKind::kSecret},
    {"secrets", KeyKind::kSecret},
    {"secretkey", KeyKind::kSecret},
    {"secretaccesskey", KeyKind::kSecret},
    {"accesskeysecret", KeyKind::kSecret},
    {"accesskey", KeyKind::kApiKey},
    {"apikey", KeyKind::kApiKey},
    {"apikeys", KeyKind::kApiKey},
    {"apitoken", KeyKind::kToken},
    {"appkey", KeyKind::kApiKey},
    {"authkey", KeyKind::kApiKey},
    {"privatekey", KeyKind::kPrivateKey},
    {"privkey", KeyKind::kPrivateKey},
    {"encryptionkey", KeyKind::kEncryptionKey},
    {"signingkey", KeyKind::kEncryptionKey},
    {"masterkey", KeyKind::kEncryptionKey},
    {"cryptkey", KeyKind::kEncryptionKey},
    {"token", KeyKind::kToken},
    {"authorization", KeyKind::kCredential},
    {"credential", KeyKind::kCredential},
    {"credentials", KeyKind::kCredential},
    {"salt", KeyKind::kSalt},
    {"pepper", KeyKind::kSalt},
    {"pat", KeyKind::kToken},
    {"nonce", KeyKind::kSalt},
    {"seed", KeyKind::kSalt},
    {"sessionid", KeyKind::kSession},
    {"sessid", KeyKind::kSession},
    {"phpsessid", KeyKind::kSession},
    {"jsessionid", KeyKind::kSession},
}};

/// What stands before "key" and makes a secret of it.
constexpr std::array<NamedKind, 40> kBeforeKey = {{
    {"api", KeyKind::kApiKey},
    {"app", KeyKind::kApiKey},
    {"application", KeyKind::kApiKey},
    {"access", KeyKind::kApiKey},
    {"account", KeyKind::kApiKey},
    {"auth", KeyKind::kApiKey},
    {"authentication", KeyKind::kApiKey},
    {"client", KeyKind::kApiKey},
    {"consumer", KeyKind::kApiKey},
    {"service", KeyKind::kApiKey},
    {"server", KeyKind::kApiKey},
    {"subscription", KeyKind::kApiKey},
    {"integration", KeyKind::kApiKey},
    {"write", KeyKind::kApiKey},
    {"admin", KeyKind::kApiKey},
    {"license", KeyKind::kApiKey},
    {"storage", KeyKind::kApiKey},
    {"deploy", KeyKind::kApiKey},
    {"rest", KeyKind::kApiKey},
    {"sdk", KeyKind::kApiKey},
    {"ingest", KeyKind::kApiKey},
    {"secret", KeyKind::kSecret},
    {"private", KeyKind::kPrivateKey},
    {"priv", KeyKind::kPrivateKey},
    {"signing", KeyKind::kEncryptionKey},
    {"sign", KeyKind::kEncryptionKey},
    {"signature", KeyKind::kEncryptionKey},
    {"encryption", KeyKind::kEncryptionKey},
    {"encrypt", KeyKind::kEncryptionKey},
    {"decryption", KeyKind::kEncryptionKey},
    {"crypto", KeyKind::kEncryptionKey},
    {"crypt", KeyKind::kEncryptionKey},
    {"cipher", KeyKind::kEncryptionKey},
    {"aes", KeyKind::kEncryptionKey},
    {"hmac", KeyKind::kEncryptionKey},
    {"jwt", KeyKind::kEncryptionKey},
    {"master", KeyKind::kEncryptionKey},
    {"session", KeyKind::kEncryptionKey},
    {"fernet", KeyKind::kEncryptionKey},
    {"shared", KeyKind::kSecret},
}};

/// Words at a key's end that only add to its name.
constexpr std::array<std::string_view, 38> kAdditions = {
    "value",   "string",  "str",       "text",    "plain", "plaintext",  "raw",  "b64",         "base64", "hex",
    "new",     "old",     "current",   "default", "prod",  "production", "dev",  "development", "test",   "testing",
    "staging", "stage",   "live",      "qa",      "uat",   "env",        "var",  "data",        "bytes",  "literal",
    "main",    "primary", "secondary", "local",   "root",  "id2",        "temp", "tmp",
};

/// Before "token": tokens of parsers and pages, and tokens that are no secret.
constexpr std::array<std::string_view, 46> kHarmlessTokens = {
    "next",  "page",     "continuation", "sync",   "cancellation", "cancel",  "csrf",    "xsrf",
    "start", "end",      "parse",        "parser", "lexer",        "lex",     "open",    "close",
    "op",    "operator", "eos",          "bos",    "pad",          "unk",     "mask",    "sep",
    "cls",   "special",  "image",        "max",    "min",          "num",     "total",   "prompt",
    "input", "output",   "stop",         "syntax", "string",       "keyword", "comment", "punctuation",
    "anti",  "forgery",  "design",       "color",  "first",        "last",
};

/// At a key's start: it asks or tells of a secret, and does not hold one.
constexpr std::array<std::string_view, 27> kTellers = {
    "is",      "has",      "use",    "uses",  "show",   "hide",      "forgot",  "forget",   "reset",
    "require", "requires", "need",   "needs", "allow",  "enable",    "disable", "no",       "validate",
    "invalid", "missing",  "public", "pub",   "hashed", "encrypted", "confirm", "generate", "toggle",
};

/// Words behind a filter that most others fail, and that tells most of them at once.
class WordSet {
 public:
  template <std::size_t Size>
  explicit WordSet(const std::array<std::string_view, Size>& words) : words_(words) {
    static_assert(Size < 0xff);
    for (std::size_t i = Size; i-- > 0;) firsts_[mark(words[i])] = static_cast<std::uint8_t>(i + 1);
  }
  bool holds(std::string_view word) const {
    const std::size_t first = word.empty() ? 0 : firsts_[mark(word)];
    return first != 0 && std::ranges::find(words_.subspan(first - 1), word) != words_.end();
  }

 private:
  static constexpr std::size_t kMarks = 1024;
  static std::size_t mark(std::string_view word) {
    const auto first = static_cast<unsigned char>(word.front()), last = static_cast<unsigned char>(word.back());
    return (first * 37U + last * 5U + word.size() * 131U) % kMarks;
  }
  std::span<const std::string_view> words_;
  std::array<std::uint8_t, kMarks> firsts_{};  // one more than the place of the first word with the mark
};
const WordSet kAdditionSet(kAdditions);
const WordSet kHarmlessTokenSet(kHarmlessTokens);
const WordSet kTellerSet(kTellers);

/// Heads by the last five bits of their last byte, in their order.
const std::array<std::vector<const NamedKind*>, 32> kHeadsByLast = [] {
  std::array<std::vector<const NamedKind*>, 32> heads;
  for (const NamedKind& known : kHeads) heads[static_cast<unsigned char>(known.name.back()) & 31U].push_back(&known);
  return heads;
}();

KeyKind kind_of_head(std::string_view head) {
  if (head.empty()) return KeyKind::kNone;
  const auto& heads = kHeadsByLast[static_cast<unsigned char>(head.back()) & 31U];
  for (const NamedKind* known : heads) {
    if (head == known->name) return known->kind;
  }
  // Written together with what stands before it: "dbpassword", "githubtoken".
  for (const NamedKind* known : heads) {
    if (known->name.size() >= 5 && head.ends_with(known->name)) return known->kind;
  }
  if (head.size() > 3 && head.ends_with("pwd")) return KeyKind::kPassword;
  return KeyKind::kNone;
}

KeyKind kind_before_key(std::string_view before) {
  if (before.empty()) return KeyKind::kKey;
  for (const NamedKind& known : kBeforeKey) {
    if (before.back() != known.name.back()) continue;
    if (before == known.name || (known.name.size() > 3 && before.ends_with(known.name))) return known.kind;
  }
  return KeyKind::kKey;
}

/// Stands in an index for a letter that is not ASCII.
constexpr std::size_t kForeignLetter = 31;

std::size_t ending_index(std::string_view key) {
  std::size_t index = 0;
  std::size_t letters = 0;
  for (std::size_t i = key.size(); i-- > 0 && letters < 3;) {
    const char c = key[i];
    if (static_cast<signed char>(c) < 0)
      return index | kForeignLetter << (5 * letters);  // "a" alone does not end "contraseña"
    if (!is_letter(c)) break;
    index |= static_cast<std::size_t>(lower_of(c) - 'a' + 1) << (5 * letters);
    ++letters;
    if (is_upper(c) && i > 0 && is_lower(key[i - 1])) break;
  }
  return index;
}

/// Calls `take(word)` for each word that a secret's key may end with.
template <typename Take>
void for_each_last_word(const Take& take) {
  for (const NamedKind& known : kHeads) take(known.name);
  for (const std::string_view word : kAdditions) take(word);
  for (const std::string_view word :
       {"key", "keys", "pass", "pw", "auth", "bearer", "cookie", "dsn", "base", "content", "b"}) {
    take(word);  // "b" is "b64" without its digits
  }
  // Ids there are many, of sessions few.
  for (const std::string_view word : {"session_id", "session-id", "session id"}) take(word);
}

using EndingTable = std::bitset<32 * 32 * 32>;

EndingTable make_endings() {
  EndingTable table;
  for_each_last_word([&table](std::string_view word) {
    if (word.size() > 1) table.set(ending_index(word));
  });
  table.set(0);  // no letter at the end: "password?"
  table.set(ending_index("sessionId"));
  return table;
}

const EndingTable kEndings = make_endings();

/// The same words whole, by the last five bits of their last two bytes.
class LastWords {
 public:
  LastWords() {
    for_each_last_word([this](std::string_view word) {
      if (word.size() > 1) by_end_[place_of(word)].push_back(word);
    });
  }
  /// Whether `key` ends with one of them, case aside.
  bool ends(std::string_view key) const {
    return key.size() > 1 && std::ranges::any_of(by_end_[place_of(key)], [key](std::string_view word) {
             return key.size() >= word.size() &&
                    std::ranges::equal(key.substr(key.size() - word.size()), word, {}, lower_of);
           });
  }

 private:
  static std::size_t place_of(std::string_view word) {
    const auto bits = [&word](std::size_t i) { return static_cast<unsigned char>(word[word.size() - i]) & 31U; };
    return bits(1) | bits(2) << 5U;
  }
  std::array<std::vector<std::string_view>, 32UL * 32> by_end_;
};
const LastWords kLastWords;

/// Without the digits and underscores behind the name.
std::string_view without_number(std::string_view key) {
  std::size_t size = key.size();
  while (size > 0 && key.size() - size < 5 && (is_digit(key[size - 1]) || key[size - 1] == '_')) --size;
  return key.substr(0, size);
}

/// "secret_b64".
bool is_base64_mark(std::string_view key, std::string_view name) {
  return lower_of(name.back()) == 'b' && key.substr(name.size()) == "64";
}

}  // namespace

SecretKeyEndings::SecretKeyEndings() {
  for_each_last_word([this](std::string_view word) {
    if (is_digit(word.back())) return;  // told without its digits
    // Shorter than three: what stands in front may be anything.
    const std::size_t told = 5 * std::min<std::size_t>(word.size(), 3);
    std::size_t index = 0;
    for (std::size_t i = 0; i * 5 < told; ++i) {
      index |= (static_cast<unsigned char>(word[word.size() - 1 - i]) & 31UL) << (5 * i);
    }
    for (std::size_t place = index; place < bits_.size() * 64; place += 1UL << told) {
      bits_[place / 64] |= 1ULL << place % 64;
    }
  });
}

const SecretKeyEndings kSecretKeyEndings;

std::optional<KeyKind> key_kind_named(std::string_view name) {
  for (const NamedKind& known : kKinds) {
    if (known.name == name) return known.kind;
  }
  return std::nullopt;
}

std::size_t KeyWords::head() const {
  std::size_t at = count_;
  while (at > 0) {
    const std::string_view last = word(at - 1);
    const bool number = std::ranges::all_of(last, is_digit);
    if (!number && !(at > 1 && kAdditionSet.holds(last))) return at - 1;
    --at;
  }
  return std::string_view::npos;
}

KeyKind kind_of_key(const KeyWords& words) {
  const std::size_t at = words.head();
  if (at == std::string_view::npos) return KeyKind::kNone;
  if (at > 0 && kTellerSet.holds(words.word(0))) return KeyKind::kNone;
  std::string_view head = words.word(at);
  while (head.size() > 3 && is_digit(head.back())) head.remove_suffix(1);
  const std::string_view before = at > 0 ? words.word(at - 1) : std::string_view();
  if (before == "public" || before == "pub") return KeyKind::kNone;
  if (head == "token" && kHarmlessTokenSet.holds(before)) return KeyKind::kNone;
  if (head == "pass" || head == "pw") {
    constexpr std::array<std::string_view, 12> kOther = {"render", "by",     "sub",   "first", "second", "boarding",
                                                         "season", "shader", "color", "depth", "shadow", "single"};
    return std::ranges::find(kOther, before) != kOther.end() ? KeyKind::kNone : KeyKind::kPassword;
  }
  if (head == "key" || head == "keys") return at > 0 ? kind_before_key(before) : KeyKind::kKey;
  if (head == "base") return before == "key" ? KeyKind::kEncryptionKey : KeyKind::kNone;
  if (head == "auth" || head == "bearer") return KeyKind::kCredential;
  if (head == "cookie") return before == "session" || before == "auth" ? KeyKind::kSession : KeyKind::kNone;
  if (head == "id") return before == "session" ? KeyKind::kSession : KeyKind::kNone;
  if (head == "dsn") return KeyKind::kConnectionString;
  if (head == "value" || head == "content" || head == "default") return KeyKind::kValueOnly;
  return kind_of_head(head);
}

bool may_end_secret_key(std::string_view key) {
  const std::string_view name = without_number(key);
  if (name.empty()) return false;
  if (static_cast<signed char>(name.back()) < 0 || is_base64_mark(key, name)) return true;
  return kEndings.test(ending_index(name));
}

namespace {

/// Where the word begins that ends at `end`: small letters with a capital in front, or capitals.
std::size_t begin_of_word(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && is_lower(text[begin - 1])) --begin;
  if (begin == end) {
    while (begin > 0 && is_upper(text[begin - 1])) --begin;
  } else if (begin > 0 && is_upper(text[begin - 1])) {
    --begin;
  }
  return begin;
}

/// Words that add to a name and are never the name itself.
bool is_mere_addition(std::string_view word) {
  constexpr std::size_t kAdditionMax = 12;
  if (word.size() > kAdditionMax) return false;
  std::array<char, kAdditionMax> lower;
  std::ranges::transform(word, lower.begin(), lower_of);
  const std::string_view small(lower.data(), word.size());
  return kAdditionSet.holds(small) && small != "value" && small != "default";
}

}  // namespace

bool adds_to_no_secret(std::string_view text, std::size_t end, char quote) {
  const std::size_t begin = begin_of_word(text, end);
  if (!is_mere_addition(text.substr(begin, end - begin))) return false;
  // Wherever one word does not tell, KeyWords does.
  const auto is_of_word = [](char c) { return is_alnum(c) || static_cast<signed char>(c) < 0; };
  const auto is_joint = [quote](char c) {
    if (quote != 0) return c != quote && c != '\n';
    return c == '_' || c == '-' || c == '.' || c == '$' || c == ' ';
  };
  constexpr std::size_t kJointsMax = 8;
  std::size_t before = begin;
  while (before > 0 && begin - before < kJointsMax && !is_of_word(text[before - 1]) && is_joint(text[before - 1])) {
    --before;
  }
  if (before == 0 || begin - before == kJointsMax) return false;
  const char last = text[before - 1];
  if (!is_of_word(last)) {
    // Behind a colon it may be a type, and the key stands before it.
    return quote != 0 || std::string_view("\t&*[':").find(last) == std::string_view::npos;
  }
  if (!is_letter(last) || (before == begin && !is_upper(text[begin]))) return false;
  const std::string_view name = text.substr(before > 4 ? before - 4 : 0, std::min<std::size_t>(before, 4));
  const bool is_id = name.size() > 1 && lower_of(last) == 'd' && lower_of(name[name.size() - 2]) == 'i';
  return !is_id && !kEndings.test(ending_index(name));
}

bool ends_like_secret_key(std::string_view key) {
  const std::string_view name = without_number(key);
  if (name.empty()) return false;
  if (!is_letter(name.back())) return true;
  if (is_base64_mark(key, name)) return true;
  return kLastWords.ends(name);
}

}  // namespace reeve::content
