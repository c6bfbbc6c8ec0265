// reeve secret seal, list: secrets at rest.

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "core/bytes.h"
#include "core/json.h"
#include "core/private_file.h"
#include "core/sealing.h"
#include "reeve/governance.h"
#include "reeve/sealed_files.h"
#include "reeve/secret_commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::size_t kSecretBytesMax = 64UL << 10U;

/// What somebody types is not shown.
class QuietTerminal {
 public:
  QuietTerminal() : quiet_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!quiet_) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (quiet_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool quiet_;
};

Result<std::string> read_from_input() {
  std::string secret;
  if (::isatty(STDIN_FILENO) != 0) {
    std::fprintf(stderr, "The secret (it is not shown): ");
    {
      const QuietTerminal quiet;
      std::getline(std::cin, secret);
    }
    std::fprintf(stderr, "\n");
  } else {
    secret.resize(kSecretBytesMax + 1);
    std::cin.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    secret.resize(static_cast<std::size_t>(std::cin.gcount()));
  }
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return Error{ErrorCode::kInvalid, "no secret came on standard input"};
  if (secret.size() > kSecretBytesMax) return Error{ErrorCode::kInvalid, "a secret has at most 64 KiB"};
  if (is_sealed(secret)) return Error{ErrorCode::kInvalid, "what came on standard input is sealed already"};
  return secret;
}

bool is_place(std::string_view place) {
  const auto below = [&](std::string_view start) { return place.starts_with(start) && place.size() > start.size(); };
  const bool of_provider = below("providers.") && place.find(".api_key") != std::string_view::npos;
  const bool of_issuer = below("identity.oidc.") && place.ends_with(".client_secret");
  return of_provider || of_issuer || place == "storage.postgres.url" || below("env.") || below("file.");
}

std::string_view state_name(KeptSecret::State state) {
  switch (state) {
    case KeptSecret::State::kSealed: return "sealed";
    case KeptSecret::State::kOldKey: return "old_key";
    case KeptSecret::State::kClear: return "clear";
    case KeptSecret::State::kEnvironment: return "environment";
    case KeptSecret::State::kUnreadable: return "unreadable";
  }
  return "";
}

/// Sealed with the key of now, an old one, or none that is here.
void look_at_sealed(KeptSecret& secret, std::string_view text) {
  auto opened = sealing().open(trim(text), secret.place);
  const auto current = opened ? sealing().is_current(trim(text)) : Result<bool>(opened.error());
  if (opened) wipe(*opened);
  if (current) {
    secret.state = *current ? KeptSecret::State::kSealed : KeptSecret::State::kOldKey;
  } else {
    secret.state = KeptSecret::State::kUnreadable;
    secret.why = current.error().message;
  }
}

KeptSecret look_at(const ConfigSecret& found, const std::string& config_file) {
  KeptSecret secret{.place = found.place, .file = config_file, .why = {}};
  switch (found.form) {
    case ConfigSecret::Form::kClear: return secret;
    case ConfigSecret::Form::kEnvironment:
      secret.file.clear();
      secret.state = KeptSecret::State::kEnvironment;
      return secret;
    case ConfigSecret::Form::kSealedElsewhere: secret.file.clear(); break;
    case ConfigSecret::Form::kSealed: secret.may_be_sealed_anew = true; break;
  }
  look_at_sealed(secret, found.sealed);
  return secret;
}

KeptSecret look_at(const SecretFile& file) {
  KeptSecret secret{.place = file.place, .file = file.path, .why = {}};
  const auto content = read_private_file(file.path);
  if (!content || !*content) {
    secret.state = KeptSecret::State::kUnreadable;
    secret.why = content ? "there is no such file" : content.error().message;
  } else if (is_sealed(**content)) {
    secret.may_be_sealed_anew = true;
    look_at_sealed(secret, **content);
  }
  return secret;
}

}  // namespace

int secret_seal_command(const Common& common, const SecretArguments& arguments) {
  if (!is_place(arguments.place)) {
    return fail(common, kWrongUse,
                "'" + printable(arguments.place, 80) +
                    "' is no place for a secret; write providers.NAME.api_key, providers.NAME.api_keys.KEY, "
                    "identity.oidc.NAME.client_secret, storage.postgres.url, file.NAME or env.NAME");
  }
  if (const auto seals = sealing().configured(); !seals) {
    return fail(common, exit_code_of(seals.error()), seals.error().message);
  }
  auto secret = read_from_input();
  if (!secret) return fail(common, exit_code_of(secret.error()), secret.error().message);
  const auto sealed = sealing().seal(*secret, arguments.place);
  wipe(*secret);
  if (!sealed) return fail(common, exit_code_of(sealed.error()), sealed.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("place", arguments.place).member("sealed", *sealed).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n", sealed->c_str());
  }
  return kDone;
}

Result<std::vector<KeptSecret>> kept_secrets(const Common& common) {
  const std::string file = config_file(common);
  const auto data = data_directory(common);
  if (!data) return data.error();
  std::vector<KeptSecret> secrets;
  std::vector<Diagnostic> complaints;
  Config config;
  if (!file.empty()) config = read_config(file, complaints);
  secrets.reserve(config.secrets.size());
  for (const ConfigSecret& found : config.secrets) secrets.push_back(look_at(found, file));
  const auto governance = file.empty() ? Governance() : read_governance(config.governance_dir, complaints);
  for (const SecretFile& named : named_secret_files(config, governance.destinations)) {
    secrets.push_back(look_at(named));
  }
  for (const SecretFile& own : secret_files(*data)) {
    KeptSecret secret = look_at(own);
    secret.may_be_sealed_anew = true;
    secrets.push_back(std::move(secret));
  }
  return secrets;
}

int secret_list_command(const Common& common) {
  const auto secrets = kept_secrets(common);
  if (!secrets) return fail(common, exit_code_of(secrets.error()), secrets.error().message);
  bool unreadable = false;
  JsonWriter json;
  std::vector<std::vector<std::string>> rows{{"PLACE", "IN", "STATE"}};
  json.begin_object().key("secrets").begin_array();
  for (const KeptSecret& secret : *secrets) {
    const std::string where = secret.file.empty() ? "the environment" : secret.file.string();
    unreadable = unreadable || secret.state == KeptSecret::State::kUnreadable;
    json.begin_object().member("in", where).member("place", secret.place).member("state", state_name(secret.state));
    json.member_if("why", secret.why).end_object();
    rows.push_back({printable(secret.place, 80), printable(where, 120),
                    std::string(state_name(secret.state)) + (secret.why.empty() ? "" : ": " + secret.why)});
  }
  json.end_array().end_object();
  if (common.json) {
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s", table(rows).c_str());
  }
  return unreadable ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
