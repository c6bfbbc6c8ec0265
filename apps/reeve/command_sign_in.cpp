#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/bytes.h"
#include "core/json.h"
#include "identity/identity.h"
#include "reeve/config.h"
#include "reeve/kept_sign_in.h"
#include "reeve/sign_in_commands.h"
#include "reeve/terminal.h"
#include "reeve/web_call.h"

extern char** environ;

namespace reeve::app {

namespace {

constexpr const char* kClient = "reeve-cli";
constexpr Duration kGoodForMin = std::chrono::seconds(60);
using Fields = std::vector<std::pair<std::string, std::string>>;

/// An answer of the server, taken apart.
struct OAuthReply {
  std::string error, description;
  JsonDocument json;
  std::string word(const char* name) const { return std::string(json.root()[name].string_or("")); }
  std::int64_t number(const char* name, std::int64_t otherwise) const { return json.root()[name].int_or(otherwise); }
};

Result<OAuthReply> ask(const std::string& address, const Fields& fields) {
  const auto reply = call_web(address, fields);
  if (!reply) return reply.error();
  auto json = JsonDocument::parse(reply->body, /*depth_max=*/8);
  if (!json || !json->root().is_object()) {
    return Error{ErrorCode::kUnavailable, address + " is not the address of a Reeve with sign-in (status " +
                                              std::to_string(reply->status) + ")"};
  }
  OAuthReply answer{{}, {}, *std::move(json)};
  if (reply->status == 200) return answer;
  answer.error = answer.word("error");
  answer.description = answer.word("error_description");
  if (answer.error.empty()) answer.error = "status " + std::to_string(reply->status);
  return answer;
}

std::string without_slash(std::string address) {
  while (address.ends_with('/')) address.pop_back();
  return address;
}

/// The server meant: the one named, else the environment's, else the one signed in to, else the configuration's.
std::string server_of(const Common& common, const std::string& named, const std::optional<KeptSignIn>& kept) {
  if (!named.empty()) return without_slash(named);
  const char* variable = std::getenv("REEVE_URL");
  if (variable != nullptr && *variable != '\0') return without_slash(variable);
  if (kept) return kept->server;
  const std::string file = config_file(common);
  if (file.empty()) return "http://127.0.0.1:8484";
  std::vector<Diagnostic> ignored;
  const Config config = read_config(file, ignored);
  if (!config.public_url.empty()) return config.public_url;
  const std::string host = config.listen_host == "0.0.0.0" ? "127.0.0.1" : config.listen_host;
  return (config.tls ? "https://" : "http://") + host + ":" + std::to_string(config.listen_port);
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("this machine");
}

/// A browser may be sent there, and a person told to go: a web address of nothing but itself, encrypted or of this
/// machine, or of the very server that was named.
bool is_page(const std::string& address, const std::string& server) {
  const bool plain = std::all_of(address.begin(), address.end(), [](char c) {
    return c > 0x20 && c < 0x7F && std::string_view("\"'`<>\\^{|}$").find(c) == std::string_view::npos;
  });
  if (!plain || address.size() > 2'000) return false;
  const auto page = net::parse_url(address.substr(0, address.find_first_of("?#")));
  const auto own = net::parse_url(server);
  if (!page) return false;
  const bool loopback = page->host == "localhost" || page->host == "::1" || page->host.starts_with("127.");
  return page->tls || loopback || (own && own->tls == page->tls && own->authority() == page->authority());
}

/// True when a browser was started; whether it shows the page, nobody knows.
bool open_browser(const std::string& address) {
  const char* own = std::getenv("BROWSER");
  const bool has_screen = std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
  if (own == nullptr && !has_screen) return false;
  std::string program = own == nullptr ? "xdg-open" : own;
  std::string target = address;
  std::array<char*, 3> words{program.data(), target.data(), nullptr};
  posix_spawn_file_actions_t quiet;
  if (::posix_spawn_file_actions_init(&quiet) != 0) return false;
  ::posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // Nobody waits for it: it lives on with its own window.
  ::signal(SIGCHLD, SIG_IGN);
  pid_t child = 0;
  const bool started = ::posix_spawnp(&child, words[0], &quiet, nullptr, words.data(), environ) == 0;
  ::posix_spawn_file_actions_destroy(&quiet);
  return started;
}

/// From the answer of the token endpoint.
KeptSignIn kept_from(const OAuthReply& tokens, const std::string& server) {
  KeptSignIn kept;
  kept.server = server;
  kept.person = tokens.word("person");
  kept.sign_in = tokens.word("sign_in");
  for (const JsonValue& group : tokens.json.root()["groups"].items()) kept.groups.emplace_back(group.string_or(""));
  kept.access_token = tokens.word("access_token");
  kept.refresh_token = tokens.word("refresh_token");
  kept.access_expires = system_clock().now() + std::chrono::seconds(tokens.number("expires_in", 0));
  const auto expires = parse_time(tokens.word("sign_in_expires"));
  kept.expires = expires ? *expires : kept.access_expires;
  return kept;
}

void show_code(const Common& common, const OAuthReply& codes, bool browser) {
  if (common.json) {
    JsonWriter json;
    json.begin_object()
        .member("expires_in", codes.number("expires_in", 0))
        .member("user_code", codes.word("user_code"));
    json.member("verification_uri", codes.word("verification_uri"));
    json.member("verification_uri_complete", codes.word("verification_uri_complete")).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n\n  %s\n\nand check that it shows this code: %s\n\n",
                browser ? "A browser opens. If it does not, open this page yourself," : "Open this page,",
                printable(codes.word("verification_uri_complete"), 500).c_str(),
                bold(printable(codes.word("user_code"), 20)).c_str());
    std::printf("Waiting ... (Ctrl-C gives up)\n");
  }
  static_cast<void>(std::fflush(stdout));
}

/// Asks until the owner has said yes or no (RFC 8628 section 3.4).
Result<OAuthReply> wait_for_tokens(const std::string& server, const OAuthReply& codes) {
  Duration pause = std::chrono::seconds(std::clamp<std::int64_t>(codes.number("interval", 5), 1, 60));
  const Moment until = system_clock().steady() + std::chrono::seconds(codes.number("expires_in", 600));
  const Fields fields{{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                      {"device_code", codes.word("device_code")},
                      {"client_id", kClient}};
  while (system_clock().steady() < until) {
    std::this_thread::sleep_for(pause);
    auto tokens = ask(server + "/oauth/token", fields);
    // A network that is away for a moment does not end it; the code's time does.
    if (!tokens) {
      pause = std::min<Duration>(pause * 2, std::chrono::seconds(60));
    } else if (tokens->error == "slow_down") {
      pause += std::chrono::seconds(5);
    } else if (tokens->error != "authorization_pending" && tokens->error != "temporarily_unavailable") {
      return tokens;
    }
  }
  return Error{ErrorCode::kTimeout, "nobody signed in within the time; run 'reeve login' again"};
}

void print_sign_in(const Common& common, const KeptSignIn& kept) {
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("expires", format_time(kept.expires)).key("groups").begin_array();
    for (const std::string& group : kept.groups) json.value(group);
    json.end_array().member("person", kept.person).member("server", kept.server);
    std::printf("%s\n", json.member("sign_in", kept.sign_in).end_object().text().c_str());
    return;
  }
  std::string groups;
  for (const std::string& group : kept.groups) groups += (groups.empty() ? "" : ", ") + printable(group);
  std::printf("%s at %s\n", bold(printable(kept.person)).c_str(), printable(kept.server).c_str());
  std::printf("groups: %s\n", groups.empty() ? "none" : groups.c_str());
  std::printf("signed in until %s\n", format_time(kept.expires).c_str());
}

/// Signed in, with an access token that is good for a while: renewed under the lock where it is not, since a refresh
/// token that two processes use ends the sign-in.
Result<KeptSignIn> current_sign_in(const Common& common, const LoginArguments& arguments) {
  const Error nobody{ErrorCode::kDenied, "nobody is signed in here; run 'reeve login'"};
  const auto file = SignInFile::open();
  if (!file) return file.error();
  const auto is_fresh = [](const KeptSignIn& kept) { return kept.access_expires - system_clock().now() > kGoodForMin; };
  auto kept = file->read();
  if (!kept) return std::move(kept).error();
  if (!*kept) return nobody;
  if (server_of(common, arguments.server, *kept) != (*kept)->server) {
    return Error{ErrorCode::kDenied, "the sign-in here is with " + (*kept)->server + "; run 'reeve login'"};
  }
  if (is_fresh(**kept)) return **std::move(kept);
  const auto lock = file->lock();
  if (!lock) return lock.error();
  // Another process may have renewed it meanwhile.
  kept = file->read();
  if (!kept) return std::move(kept).error();
  if (!*kept) return nobody;
  if (is_fresh(**kept)) return **std::move(kept);
  const auto tokens =
      ask((*kept)->server + "/oauth/token",
          {{"grant_type", "refresh_token"}, {"refresh_token", (*kept)->refresh_token}, {"client_id", kClient}});
  if (!tokens) return tokens.error();
  if (tokens->error == "invalid_grant") {
    if (auto removed = file->remove(); !removed) return std::move(removed).error();
    return Error{ErrorCode::kDenied, tokens->description + " ('reeve login')"};
  }
  if (!tokens->error.empty()) return Error{ErrorCode::kUnavailable, tokens->description};
  KeptSignIn renewed = kept_from(*tokens, (*kept)->server);
  if (auto written = file->write(renewed); !written) return std::move(written).error();
  return renewed;
}

int fail_of(const Common& common, const Error& error) {
  return fail(common, error.code == ErrorCode::kDenied ? kAnswerIsNo : exit_code_of(error), error.message);
}

}  // namespace

int login_command(const Common& common, const LoginArguments& arguments) {
  const auto file = SignInFile::open();
  if (!file) return fail_of(common, file.error());
  // What cannot be read is replaced.
  const auto before = file->read();
  const std::string server = server_of(common, arguments.server, before ? *before : std::nullopt);
  const auto codes =
      ask(server + "/oauth/device", {{"client_id", kClient}, {"device_name", "reeve on " + machine_name()}});
  if (!codes) return fail_of(common, codes.error());
  if (!codes->error.empty()) return fail(common, kAnswerIsNo, codes->description);
  for (const char* named : {"verification_uri", "verification_uri_complete"}) {
    if (is_page(codes->word(named), server)) continue;
    return fail(common, kFailed,
                "the server names no page to sign in at (" + printable(codes->word(named), 200) + "); is " +
                    printable(server, 200) + " the right one?");
  }
  const bool browser = !arguments.no_browser && !common.json && open_browser(codes->word("verification_uri_complete"));
  show_code(common, *codes, browser);
  const auto tokens = wait_for_tokens(server, *codes);
  if (!tokens) return fail_of(common, tokens.error());
  if (!tokens->error.empty()) return fail(common, kAnswerIsNo, tokens->description);
  const auto lock = file->lock();
  if (!lock) return fail_of(common, lock.error());
  const KeptSignIn kept = kept_from(*tokens, server);
  if (auto written = file->write(kept); !written) return fail_of(common, written.error());
  // One sign-in is kept; the one before it would be good for anybody who finds it.
  if (before && *before) {
    static_cast<void>(ask((*before)->server + "/oauth/revoke", {{"token", (*before)->refresh_token}}));
  }
  print_sign_in(common, kept);
  return kDone;
}

int logout_command(const Common& common, const LoginArguments& arguments) {
  const auto file = SignInFile::open();
  if (!file) return fail_of(common, file.error());
  const auto lock = file->lock();
  if (!lock) return fail_of(common, lock.error());
  const auto kept = file->read();
  if (kept && !*kept) return fail(common, kAnswerIsNo, "nobody is signed in here");
  if (kept && !arguments.server.empty() && arguments.server != (*kept)->server) {
    return fail(common, kWrongUse, "the sign-in here is of " + (*kept)->server + "; leave --server out to end it");
  }
  // First here: what is gone from this machine cannot be used on it, whatever the server says.
  if (auto removed = file->remove(); !removed) return fail_of(common, removed.error());
  if (!kept) return fail_of(common, kept.error());
  // Only where it came from: elsewhere it would be given away, and would end nothing.
  const auto ended = ask((*kept)->server + "/oauth/revoke", {{"token", (*kept)->refresh_token}});
  if (!ended || !ended->error.empty()) {
    return fail(common, kFailed,
                "signed out on this machine, but the server could not be told (" +
                    (ended ? ended->description : ended.error().message) + "); the sign-in ends there at " +
                    format_time((*kept)->expires));
  }
  if (common.json) {
    std::printf("{\"signed_out\":true}\n");
  } else {
    std::printf("Signed out. Tokens of this sign-in are refused from now on.\n");
  }
  return kDone;
}

int whoami_command(const Common& common, const LoginArguments& arguments) {
  const auto kept = current_sign_in(common, arguments);
  if (!kept) return fail_of(common, kept.error());
  print_sign_in(common, *kept);
  return kDone;
}

int token_command(const Common& common, const LoginArguments& arguments) {
  const auto kept = current_sign_in(common, arguments);
  if (!kept) return fail_of(common, kept.error());
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("access_token", kept->access_token).member("expires", format_time(kept->access_expires));
    std::printf("%s\n", json.end_object().text().c_str());
  } else {
    std::printf("%s\n", kept->access_token.c_str());
  }
  return kDone;
}

}  // namespace reeve::app
