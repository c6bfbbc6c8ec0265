// The finders of secrets: what they take out of a line, and what they leave.

#include "content/secret_finders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "content/secret_assignment.h"
#include "content/secret_key_name.h"

namespace reeve::content {
namespace {

/// The values that one finder takes out of a text, with half a confidence at least.
std::vector<std::string> found_by(std::string_view finder, const std::vector<std::vector<std::string>>& told,
                                  std::string text) {
  std::vector<Detector> detectors;
  std::vector<std::uint32_t> mine;
  for (const auto& words : told) {
    Detector detector;
    detector.with = words;
    detector.confidence = 0.8F;
    mine.push_back(static_cast<std::uint32_t>(mine.size()));
    detectors.push_back(detector);
  }
  const std::size_t size = text.size();
  text.append(64, '\0');
  const std::string_view seen = std::string_view(text).substr(0, size);
  TextMasks masks;
  masks.compute(seen);
  std::vector<Candidate> candidates;
  for (const NamedFinder& named : secret_finders()) {
    if (named.name == finder) named.prepare(detectors, mine)->find({seen, masks}, candidates);
  }
  std::vector<std::string> values;
  for (const Candidate& candidate : candidates) {
    if (candidate.confidence >= 0.5F)
      values.emplace_back(seen.substr(candidate.start, candidate.end - candidate.start));
  }
  return values;
}

std::vector<std::string> assigned_in(const std::string& text) {
  return found_by(
      "assignment",
      {{"a password", "a passphrase"},
       {"a secret", "a token", "an api key", "a private key", "an encryption key", "a credential", "a salt"},
       {"a connection string", "a session"},
       {"a key"}},
      text);
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AssignmentFinder, TakesTheValueAsEachLanguageWritesIt) {
  const std::string value = "Tr4verse!Lamp9";
  for (const std::string& line :
       std::vector<std::string>{"password = \"" + value + "\"",
                                "password: '" + value + "'",
                                "DB_PASSWORD=" + value,
                                "db.password=" + value,
                                "export PASSWORD='" + value + "'",
                                "String dbPassword = \"" + value + "\";",
                                "password := `" + value + "`",
                                "let password: &str = \"" + value + "\";",
                                "password: str = \"" + value + "\"",
                                "config[\"password\"] = \"" + value + "\"",
                                "'password' => '" + value + "',",
                                "{\"password\":\"" + value + "\"}",
                                "{\\\"password\\\": \\\"" + value + "\\\"}",
                                "char password[] = \"" + value + "\";",
                                "password = os.getenv(\"PASSWORD\", \"" + value + "\")",
                                "process.env.PASSWORD || \"" + value + "\"; password = 1",
                                "const password = process.env.PW || '" + value + "';",
                                "- name: DB_PASSWORD\n  value: \"" + value + "\"",
                                "{\"name\": \"DB_PASSWORD\", \"value\": \"" + value + "\"}",
                                "<add key=\"Password\" value=\"" + value + "\"/>",
                                "variable \"db_password\" {\n  default = \"" + value + "\"\n}",
                                "--password=" + value,
                                "Passwort: " + value,
                                "пароль: \"" + value + "\"",
                                "if (password == \"" + value + "\")"}) {
    if (line.find("|| \"") != std::string::npos) continue;  // a value that is assigned to nothing
    EXPECT_THAT(assigned_in(line), ElementsAre(value)) << line;
  }
}

TEST(AssignmentFinder, LeavesWhatIsNoSecret) {
  for (const std::string_view line : {"password = os.environ['PASSWORD']",
                                      "password = getpass()",
                                      "password: string;",
                                      "password: \"Enter your password\"",
                                      "password = password",
                                      "this.password = password;",
                                      "\"password\": \"\"",
                                      "PASSWORD=",
                                      "PASSWORD=${PASSWORD}",
                                      "password: {{ vault_password }}",
                                      "password: <your password>",
                                      "password = 'changeme'",
                                      "password: '********'",
                                      "token = parser.next_token()",
                                      "next_token = 'eyJhbGciOiJub25lIiwi'",
                                      "max_tokens: 4096",
                                      "secretName: db-credentials",
                                      "sha256 = \"f3a9c1d07be24586a1d90c3e7b52f648f3a9c1d07be24586a1d90c3e7b52f648\"",
                                      "token: sha512-kq83hZp0sLw92mXv",
                                      "\"js-tokens\": \"^4.0.0\"",
                                      "public_key = 'kq83hZp0sLw92mXvT7'",
                                      "password_hash_algorithm: pbkdf2_sha256",
                                      "tokenUrl: \"https://login.internal/oauth/token\"",
                                      "api_key: config/keys/api.key",
                                      "secret: 'arn:aws:iam::1:role/x'",
                                      "key: 'ArrowDown'",
                                      "key = 'user:1:session'",
                                      "pass: true",
                                      "password::",
                                      "= :",
                                      "token=",
                                      "password=\"",
                                      "std::string token;"}) {
    EXPECT_THAT(assigned_in(std::string(line)), IsEmpty()) << line;
  }
}

TEST(AssignmentFinder, ReadsPasswordsOfConnectionStrings) {
  EXPECT_THAT(assigned_in("Server=db1;Database=app;User Id=sa;Password=Tr4verse!Lamp9;Encrypt=true"),
              ElementsAre("Tr4verse!Lamp9"));
  EXPECT_THAT(assigned_in("Server=db1;Integrated Security=true;"), IsEmpty());
}

TEST(AssignmentFinder, StaysInsideTheText) {
  const std::string line = "client_secret = \"kq83hZp0sLw92mXvT7\"";
  for (std::size_t cut = 0; cut < line.size(); ++cut) {
    assigned_in(line.substr(0, cut));
    assigned_in(line.substr(cut));
  }
}

TEST(AssignmentFinder, TakesLinearTime) {
  for (const std::string& piece :
       std::vector<std::string>{"password=", "token: ", "\"", "a=", ":", "=", "key=\"", "secret=a", "password=\\\\",
                                "value=", "name: \"password\", value="}) {
    std::string flood;
    while (flood.size() < 100'000) flood += piece;
    const auto start = std::chrono::steady_clock::now();
    assigned_in(flood);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << piece;
  }
}

TEST(AssignmentFinder, KnowsEncodingsBehindTheName) {
  for (const std::string_view key : {"secret_b64", "SECRET_B64", "secretB64", "client-secret-base64", "secret_hex"}) {
    EXPECT_THAT(assigned_in(std::string(key) + " = \"aZ3kQ9xLm2s8Dk2mQ0z7Xw\""), ElementsAre("aZ3kQ9xLm2s8Dk2mQ0z7Xw"))
        << key;
  }
  EXPECT_THAT(assigned_in("lib64 = \"aZ3kQ9xLm2s8Dk2mQ0z7Xw\""), IsEmpty());
}

// Masks are read in words and in chunks of words: no place in them may matter.
TEST(AssignmentFinder, FindsSecretsWhereverTheyStand) {
  for (std::size_t before = 0; before < 1200; before += before < 200 ? 1 : 37) {
    for (const std::string_view sign : {"=", ": ", " = ", "\t:=\t", "___12="}) {
      const std::string text = std::string(before, '.') + " password" + std::string(sign) + "\"Tr4verse!Lamp9\"";
      EXPECT_THAT(assigned_in(text), ElementsAre("Tr4verse!Lamp9")) << before << sign;
    }
  }
}

TEST(SecretKeyEndings, PassEveryNameThatMayEndASecretsKey) {
  for (const std::string_view key : {"password", "PASSWORD", "pwd", "pw", "api_key", "apiKey", "token", "secret_b64",
                                     "contrase\xc3\xb1"
                                     "a",
                                     "has\xc5\x82o", "\xe5\xaf\x86\xe7\xa0\x81", "pass", "session.sessionid", "default",
                                     "content", "x-auth", "mdp", "key-base"}) {
    for (const std::string_view between : {"", " ", "\"", "\\\" ", "_2", "12345", "]", " |", "\t\t"}) {
      const std::string text = "const std::string text; " + std::string(key) + std::string(between) + "=";
      EXPECT_TRUE(kSecretKeyEndings.may_end_before(text.data(), text.size() - 1)) << text;
    }
  }
  for (const std::string_view key : {"size", "begin", "std", "index", "count"}) {
    const std::string text = "const std::string text; " + std::string(key) + " =";
    EXPECT_FALSE(kSecretKeyEndings.may_end_before(text.data(), text.size() - 1)) << text;
  }
}

TEST(AssignmentFinder, SaysWhenItGivesUp) {
  std::string text;
  for (int i = 0; i < 570; ++i) text += "secret=";
  text += "a1\n";
  while (text.size() < (1UL << 18U)) text += text;
  const std::size_t size = text.size();
  text.append(64, '\0');
  const std::string_view seen = std::string_view(text).substr(0, size);
  std::vector<Detector> detectors(1);
  detectors[0].with = {"a secret"};
  const std::vector<std::uint32_t> mine{0};
  TextMasks masks;
  masks.compute(seen);
  std::vector<Candidate> candidates;
  bool gave_up = false;
  prepare_assignments(detectors, mine)->find({seen, masks, TextOrigin::kUser, &gave_up}, candidates);
  EXPECT_TRUE(gave_up);
}

TEST(UrlCredentialsFinder, TakesThePasswordOnly) {
  const auto found = [](const std::string& text) { return found_by("url-credentials", {{"postgres"}, {}}, text); };
  EXPECT_THAT(found("postgres://app:Tr4verse!Lamp9@db:5432/x"), ElementsAre("Tr4verse!Lamp9"));
  EXPECT_THAT(found("x=postgresql+psycopg2://app:p@ssw0rd9@db.internal/x"), ElementsAre("p@ssw0rd9"));
  EXPECT_THAT(found("postgres://app:w0rd/Kestrel9x@db.internal/x"), ElementsAre("w0rd/Kestrel9x"));
  EXPECT_THAT(found("https://user:password@host/"), IsEmpty());
  EXPECT_THAT(found("https://${USER}:${PASSWORD}@host/"), IsEmpty());
  EXPECT_THAT(found("https://host:8080/path@2x.png"), IsEmpty());
  EXPECT_THAT(found("https://host/a:b@c"), IsEmpty());
  EXPECT_THAT(found("://:@"), IsEmpty());
}

TEST(KeyBlockFinder, TakesWholeBlocksHoweverTheirLinesEnd) {
  const std::string body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACB7";
  const auto found = [](const std::string& text) {
    return found_by("private-key-block", {{"openssh private key"}, {}}, text);
  };
  for (const std::string_view end : {"\n", "\\n", " ", "\r\n"}) {
    const std::string block = "-----BEGIN OPENSSH PRIVATE KEY-----" + std::string(end) + body + std::string(end) +
                              "-----END OPENSSH PRIVATE KEY-----";
    EXPECT_THAT(found("key: " + block + " end"), ElementsAre(block));
  }
  EXPECT_THAT(found("-----BEGIN OPENSSH PRIVATE KEY-----\n" + body), testing::SizeIs(1));
  EXPECT_THAT(found("-----BEGIN PUBLIC KEY-----\n" + body + "\n-----END PUBLIC KEY-----"), IsEmpty());
  EXPECT_THAT(found("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"), IsEmpty());
  EXPECT_THAT(found("-----BEGIN PRIVATE KEY-----"), IsEmpty());
}

TEST(TokenFinders, TakeWebTokensPairsAndPhrases) {
  const std::string token =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJvcHMiLCJpYXQiOjE3MDB9.k3Zp0sLw92mXvT7hQ1bYc8Rd4Uf6Ja5N";
  EXPECT_THAT(found_by("web-token", {{}}, "x " + token + "."), ElementsAre(token));
  EXPECT_THAT(found_by("web-token", {{}}, "eyJhbGciOiJIUzI1NiJ9.e.s"), IsEmpty());
  EXPECT_THAT(found_by("paired-key", {{}}, "AKIAQ3EGRIZVAS6PUF7T,wJb7rXUtnFEMIhK7MDENGxbPxRfiCYzQ3vKe81Lm"),
              ElementsAre("wJb7rXUtnFEMIhK7MDENGxbPxRfiCYzQ3vKe81Lm"));
  EXPECT_THAT(found_by("seed-phrase", {{}},
                       "mnemonic: \"legal winner thank year wave sausage worth useful legal winner "
                       "thank yellow\""),
              testing::SizeIs(1));
  EXPECT_THAT(found_by("seed-phrase", {{}}, "mnemonic: remember it well"), IsEmpty());
}

TEST(KeyNames, TellTheKindOfTheirValue) {
  const auto kind = [](std::string_view key) { return kind_of_key(KeyWords(key)); };
  EXPECT_EQ(kind("dbPassword"), KeyKind::kPassword);
  EXPECT_EQ(kind("DB_PASSWORD_PROD"), KeyKind::kPassword);
  EXPECT_EQ(kind("mysqlrootpassword"), KeyKind::kPassword);
  EXPECT_EQ(kind("aws_secret_access_key"), KeyKind::kApiKey);
  EXPECT_EQ(kind("SECRET_KEY_BASE"), KeyKind::kEncryptionKey);
  EXPECT_EQ(kind("passwordResetUrl"), KeyKind::kNone);
  EXPECT_EQ(kind("showPassword"), KeyKind::kNone);
  EXPECT_EQ(kind("nextPageToken"), KeyKind::kNone);
  EXPECT_EQ(kind("public_key"), KeyKind::kNone);
  EXPECT_EQ(kind("monkey"), KeyKind::kNone);
  EXPECT_EQ(kind(""), KeyKind::kNone);
  EXPECT_EQ(kind("____"), KeyKind::kNone);
}

/// A key's words, byte by byte.
std::vector<std::string> words_plainly(std::string_view key) {
  if (key.size() > 96) key.remove_prefix(key.size() - 96);
  const auto at = [key](std::size_t i) { return i < key.size() ? key[i] : '_'; };
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = key[i], before = i > 0 ? key[i - 1] : '_';
    if (!is_alnum(c) && static_cast<signed char>(c) >= 0) {
      inside = false;
      continue;
    }
    const bool border =
        is_upper(c) && (is_lower(before) || is_digit(before) || (is_upper(before) && is_lower(at(i + 1))));
    if (!inside || border) words.emplace_back();
    inside = true;
    words.back() += lower_of(c);
  }
  if (words.size() > 10) words.erase(words.begin(), words.end() - 10);
  return words;
}

TEST(KeyNames, ThatOnlyAddAreNoSecrets) {
  EXPECT_TRUE(adds_to_no_secret("\ntext", 5, 0));
  EXPECT_TRUE(adds_to_no_secret("303ms bytes", 11, 0));
  EXPECT_TRUE(adds_to_no_secret("{\"big data\"", 10, '"'));
  EXPECT_FALSE(adds_to_no_secret("password: string", 16, 0));
  EXPECT_FALSE(adds_to_no_secret("password text", 13, 0));
  EXPECT_FALSE(adds_to_no_secret("\nvalue", 6, 0));
  std::mt19937 random(12);
  const std::vector<std::string> parts = {"text", "Data", "RAW",   "key", "Pass",     "PW",  "session",
                                          "id",   "x",    "value", "_",   "-",        " ",   "2",
                                          "\"",   ".",    "  ",    ": ",  "\xc3\xa9", "Key", "content"};
  int rejected = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = "\n";
    for (std::size_t i = 1 + random() % 5; i > 0; --i) text += parts[random() % parts.size()];
    const bool quoted = random() % 3 == 0;
    const std::size_t end = text.size();
    if (quoted) text += '"';
    text += round % 2 == 0 ? "=\"x9Kd81jQmz02\"" : ": \"x9Kd81jQmz02\"";
    if (!adds_to_no_secret(text, end, quoted ? '"' : '\0')) continue;
    ++rejected;
    // Where the key would begin: what stands before it, and what a label or a type would take in.
    std::size_t begin = end;
    const auto is_key = [&](char c) {
      return quoted ? c != '"' && c != '\n'
                    : is_alnum(c) || std::string_view("_-.$").find(c) != std::string_view::npos || c < 0;
    };
    while (begin > 0 && is_key(text[begin - 1])) --begin;
    while (!quoted && begin > 1 && text[begin - 1] == ' ' && is_alnum(text[begin - 2])) {
      for (--begin; begin > 0 && is_key(text[begin - 1]);) --begin;
      EXPECT_EQ(kind_of_key(KeyWords(std::string_view(text).substr(begin, end - begin))), KeyKind::kNone) << text;
    }
    EXPECT_EQ(kind_of_key(KeyWords(std::string_view(text).substr(begin, end - begin))), KeyKind::kNone) << text;
  }
  EXPECT_GT(rejected, 1000);
}

TEST(KeyNames, AreCutIntoWordsAsByteByByte) {
  std::mt19937 random(11);
  constexpr std::string_view kAlphabet = "aabzABCZ09_-. \xc3\xa9";
  for (int round = 0; round < 20'000; ++round) {
    std::string key(random() % (round % 10 == 0 ? 130 : 40), ' ');
    // Few joints, or many.
    const std::size_t signs = round % 3 == 0 ? 10 : kAlphabet.size();
    for (char& c : key) c = kAlphabet[random() % signs];
    const KeyWords words(key);
    std::vector<std::string> cut;
    for (std::size_t i = 0; i < words.count(); ++i) cut.emplace_back(words.word(i));
    ASSERT_EQ(cut, words_plainly(key)) << key;
  }
}

}  // namespace
}  // namespace reeve::content
