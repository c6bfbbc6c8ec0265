// Values that are not there: references to a place that has them, and stand-ins.

#include <algorithm>
#include <array>

#include "content/secret_assignment.h"
#include "content/secret_value.h"
#include "content/word_pieces.h"

namespace reeve::content {

namespace {

/// How references begin, in lower case.
constexpr std::array<std::string_view, 67> kReferenceStarts = {
    "${",          "$(",           "{{",
    "<%",          "%(",           "#{",
    "@{",          "%{",           "<",
    "[[",          "$env:",        "%env(",
    "env:",        "env.",         "env(",
    "env[",        "process.env",  "os.environ",
    "os.getenv",   "getenv",       "system.getenv",
    "import.meta", "var.",         "local.",
    "data.",       "module.",      "secrets.",
    "vars.",       "vault:",       "vault://",
    "secret:",     "secret://",    "!secret",
    "!vault",      "!ref",         "!sub",
    "!getatt",     "!importvalue", "ssm:",
    "ssm://",      "arn:",         "awssm:",
    "gcp:secret",  "keyvault",     "@microsoft.",
    "op://",       "sops:",        "ref+",
    "keychain:",   "file://",      "credentials(",
    "this.",       "self.",        "config.",
    "settings.",   "options.",     "props.",
    "params.",     "req.",         "request.",
    "ctx.",        "opts.",        "enc[",
    "enc(",        "$_",           "!!",
    "st.secrets",
};

/// Whole values that are never a secret, in lower case.
constexpr std::array<std::string_view, 118> kNotSecrets = {
    "password",    "passwd",       "pass",         "passphrase",  "passcode",   "pwd",       "secret",     "token",
    "apikey",      "api_key",      "api-key",      "key",         "none",       "null",      "nil",        "undefined",
    "true",        "false",        "yes",          "no",          "on",         "off",       "string",     "str",
    "text",        "bytes",        "number",       "int",         "integer",    "boolean",   "bool",       "object",
    "any",         "optional",     "required",     "default",     "empty",      "unset",     "unknown",    "value",
    "test",        "testing",      "tests",        "demo",        "dev",        "local",     "localhost",  "admin",
    "root",        "user",         "username",     "guest",       "postgres",   "mysql",     "mongo",      "redis",
    "foo",         "bar",          "baz",          "foobar",      "abc",        "asdf",      "xyz",        "hello",
    "hidden",      "private",      "public",       "changeme",    "change_me",  "changeit",  "change-me",  "fixme",
    "todo",        "tbd",          "n/a",          "na",          "redacted",   "masked",    "removed",    "secure",
    "mypassword",  "my-password",  "my_password",  "mysecret",    "my-secret",  "my_secret", "mytoken",    "my-token",
    "my_token",    "yourpassword", "topsecret",    "supersecret", "s3cr3t",     "secretkey", "secret_key", "secret-key",
    "accesstoken", "access_token", "access-token", "authtoken",   "auth_token", "basic",     "bearer",     "digest",
    "oauth",       "oauth2",       "jwt",          "saml",        "ldap",       "header",    "query",      "cookie",
    "pw",          "newpassword",  "oldpassword",  "confirm",     "enter",      "invalid",
};

/// Pieces that only stand-ins for passwords hold, in lower case.
constexpr std::array<std::string_view, 26> kStandInPieces = {
    "password", "passwort", "passwd", "changeme", "change_me", "change-me", "change_this", "changethis", "example",
    "sample",   "your",     "dummy",  "fake",     "placehold", "redacted",  "insert",      "replace",    "xxxx",
    "****",     "....",     "<",      "todo",     "fixme",     "foobar",    "notreal",     "somepass",
};

bool is_format(std::string_view value) {
  if (value.size() > 24 && value.find('{') == std::string_view::npos)
    return false;  // a per cent sign among many others
  if (value.find("%s") != std::string_view::npos || value.find("%d") != std::string_view::npos) return true;
  if (value.find("%@") != std::string_view::npos || value.find("%v") != std::string_view::npos) return true;
  const std::size_t open = value.find('{');
  return open != std::string_view::npos && value.find('}', open) != std::string_view::npos;
}

}  // namespace

bool is_reference(std::string_view value) {
  if (value.empty()) return true;
  // Letters and digits alone refer to nothing: that is quickly seen, and most values are so.
  if (std::ranges::all_of(value, is_alnum) && !value.starts_with("keyvault") && !value.starts_with("getenv"))
    return false;
  static const WordPieces kStarts(kReferenceStarts);
  if (kStarts.begin(value)) return true;
  // $NAME and $name of a shell, %NAME% of Windows, :name of a prepared statement, @name of SQL.
  const char first = value[0];
  const std::string_view rest = value.substr(1);
  const auto is_name = [](std::string_view text) {
    return !text.empty() && !is_digit(text[0]) &&
           std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '.'; });
  };
  if (first == '$' && (is_name(rest) || (rest.size() == 1 && is_digit(rest[0])))) return true;
  if ((first == ':' || first == '@' || first == '&') && is_name(rest) && is_wordy(rest)) return true;
  if (first == '%' && value.size() > 2 && value.back() == '%' && is_name(rest.substr(0, rest.size() - 1))) return true;
  if (value.size() > 3 && first == value.back() && (first == '$' || first == '@' || first == '#') &&
      is_name(rest.substr(0, rest.size() - 1))) {
    return true;
  }
  if (value.size() > 4 && value.starts_with("__") && value.ends_with("__")) return true;
  if (std::ranges::none_of(value, [](char c) { return c == '%' || c == '{' || c == '$'; })) return false;
  return is_format(value) || value.find("${") != std::string_view::npos || value.find("$(") != std::string_view::npos;
}

bool is_password_stand_in(std::string_view value) { return is_password_stand_in(value, shape_of(value)); }

bool is_password_stand_in(std::string_view value, const ValueShape& shape) {
  static const WordPieces kWhole(kNotSecrets), kPieces(kStandInPieces);
  const std::string_view beginning = value.substr(0, 160);
  if (kWhole.equal(beginning) || kPieces.stand_in(beginning)) return true;
  // One character again and again, a row of the keyboard, or no letter and no digit at all.
  if (shape.longest_step >= 7 || shape.longest_same >= 5) return true;
  if (shape.distinct <= 2 && value.size() >= 3) return true;
  return shape.letters() + shape.digits == 0;
}

}  // namespace reeve::content
