#include "store/postgres/connection_settings.h"

#include <libpq-fe.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "core/bytes.h"
#include "core/sealing.h"

namespace reeve::store {

namespace {

constexpr std::size_t kPasswordBytesMax = 4096;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ParsedUrl = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// libpq's own words about a wrong URL repeat parts of it, perhaps of the password: they are dropped.
Result<ParsedUrl> parse_url(const std::string& url) {
  char* words = nullptr;
  ParsedUrl parsed(PQconninfoParse(url.c_str(), &words));
  PQfreemem(words);
  if (!parsed || url.empty()) {
    return Error{ErrorCode::kInvalid,
                 "the URL of PostgreSQL cannot be read; write it as postgresql://USER@HOST:PORT/DATABASE, with %40 for "
                 "an @ in a password and so on"};
  }
  return parsed;
}

Result<std::string> read_password(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string password(std::istreambuf_iterator<char>(stream), {});
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
  if (!stream || password.empty() || password.size() > kPasswordBytesMax || password.find('\0') != std::string::npos) {
    return Error{ErrorCode::kUnavailable, "the password file " + file.string() +
                                              " cannot be read, or does not hold one password; check that it belongs "
                                              "to this user"};
  }
  return sealing().from_file(std::move(password), place_of_secret("file:" + file.string()));
}

std::string* find(ConnectionSettings& settings, std::string_view keyword) {
  for (auto& [name, value] : settings.parameters) {
    if (name == keyword) return &value;
  }
  return nullptr;
}

void set_default(ConnectionSettings& settings, std::string_view keyword, std::string_view value) {
  if (find(settings, keyword) == nullptr) settings.parameters.emplace_back(keyword, value);
}

/// A socket's directory or a name of this machine: what is said there crosses no network. Every one of a list.
bool stays_here(const std::string& hosts) {
  const auto parts = split(hosts, ',');
  return std::all_of(parts.begin(), parts.end(), [](std::string_view host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" || host == "::1" ||
           host.starts_with("127.");
  });
}

std::string value_of(ConnectionSettings& settings, std::string_view keyword, std::string_view otherwise) {
  const std::string* value = find(settings, keyword);
  return value == nullptr ? std::string(otherwise) : *value;
}

void complete(ConnectionSettings& settings) {
  const std::string host = value_of(settings, "host", "");
  const bool here = stays_here(value_of(settings, "hostaddr", host));
  if (!here) set_default(settings, "sslmode", "require");
  // A standby would take our questions and refuse every change.
  set_default(settings, "target_session_attrs", "read-write");
  set_default(settings, "application_name", "reeve");
  set_default(settings, "client_encoding", "UTF8");
  // A server that vanished without a word is noticed within about a minute, also while nothing is asked.
  set_default(settings, "keepalives_idle", "30");
  set_default(settings, "keepalives_interval", "10");
  set_default(settings, "keepalives_count", "3");

  const std::string shown = host.empty() ? value_of(settings, "hostaddr", "the local socket") : host;
  const std::string port = value_of(settings, "port", "5432");
  settings.where =
      printable("PostgreSQL at " + shown + ":" + port + ", database " + value_of(settings, "dbname", "of the user"));
}

}  // namespace

std::string ConnectionSettings::safe(std::string_view text) const {
  std::string line(trim(text));
  for (std::size_t at = 0; !password.empty() && (at = line.find(password, at)) != std::string::npos; at += 3) {
    line.replace(at, password.size(), "***");
  }
  std::replace_if(line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return printable(line, 300);
}

Result<ConnectionSettings> connection_settings(const PostgresOptions& options) {
  auto parsed = parse_url(options.url);
  if (!parsed) return std::move(parsed).error();
  ConnectionSettings settings;
  for (const PQconninfoOption* option = parsed->get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string_view(option->keyword) == "connect_timeout") continue;
    settings.parameters.emplace_back(option->keyword, option->val);
  }
  if (!options.password_file.empty()) {
    auto password = read_password(options.password_file);
    if (!password) return std::move(password).error();
    if (std::string* given = find(settings, "password")) {
      *given = *password;
    } else {
      settings.parameters.emplace_back("password", *password);
    }
  }
  if (const std::string* password = find(settings, "password")) settings.password = *password;
  complete(settings);
  return settings;
}

Result<void> check_postgres_url(const std::string& url) {
  auto parsed = parse_url(url);
  if (!parsed) return std::move(parsed).error();
  return {};
}

}  // namespace reeve::store
