// bench/identity: what it costs to know who calls.
//
// Fills a data directory with people, groups and keys through the real stores, starts the real server on it and takes
// its memory and the time until it is ready. Then, in this process and with the same data: CPU of an authentication by
// key, by a token of our own and by an OIDC token, with the directory in force; and whether looking up a key takes
// longer the more of a secret is right. The directory lies in memory unless --dir says otherwise: making a million keys
// one by one is a million durable writes.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <thread>

#include "core/json.h"
#include "core/log.h"
#include "identity/issuer_for_tests.h"
#include "identity_fill.h"
#include "process.h"

namespace reeve::bench {

namespace {

using identity::Authenticator;
using Figures = std::vector<std::pair<std::string, double>>;

struct Options {
  std::filesystem::path dir = "/dev/shm";
  std::string reeve;
  IdentitySize size;
  std::size_t calls = 400'000;
  int starts = 3;
  bool json = false;
};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

// ---- The server ----

/// Whether it answers 200 to GET /readyz.
bool is_ready(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool ready = false;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    constexpr std::string_view kRequest = "GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";
    char answer[32] = {};
    ready = ::write(socket, kRequest.data(), kRequest.size()) == static_cast<ssize_t>(kRequest.size()) &&
            ::read(socket, answer, sizeof answer - 1) > 0 && std::string_view(answer).starts_with("HTTP/1.1 200");
  }
  ::close(socket);
  return ready;
}

double status_mib(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::atof(line.c_str() + name.size() + 1) / 1'024;
  }
  return 0;
}

std::string write_config(const std::filesystem::path& directory, int port) {
  std::filesystem::create_directories(directory / "governance");
  std::ofstream(directory / "governance" / "rules.yaml")
      << "kind: Policy\nname: everyone\nowner: bench\non: model.call\neffect: allow\n";
  const std::string file = (directory / "reeve.yaml").string();
  std::ofstream(file) << "listen: 127.0.0.1:" << port
                      << "\ndata_dir: ./data\ngovernance_dir: ./governance\nidentity:\n  directory: required\n"
                      << "log: {level: error}\nproviders:\n  - {name: here, dialect: anthropic, base_url: "
                      << "\"http://127.0.0.1:9\", api_key: none}\nmodels:\n  - {name: \"*\", provider: here}\n";
  return file;
}

/// Starts it, waits until it is ready; the seconds that took.
double start_seconds(const std::string& reeve, const std::string& config, int port, const std::string& log,
                     std::optional<Process>& server) {
  const auto from = std::chrono::steady_clock::now();
  server.emplace(Process::start({reeve, "serve", "--config", config}, -1, log));
  while (!is_ready(port)) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - from;
    if (passed.count() > 120 || !server->alive()) give_up("the server does not come up; see " + log);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

void measure_server(const Options& options, const std::filesystem::path& directory, const std::string& config, int port,
                    Figures& figures) {
  std::vector<double> seconds;
  for (int i = 0; i < options.starts; ++i) {
    std::optional<Process> server;
    seconds.push_back(start_seconds(options.reeve, config, port, (directory / "server.log").string(), server));
    if (i + 1 < options.starts) continue;
    std::this_thread::sleep_for(std::chrono::seconds(3));
    figures.emplace_back("resident_mib", status_mib(server->pid(), "VmRSS"));
    figures.emplace_back("resident_peak_mib", status_mib(server->pid(), "VmHWM"));
    figures.emplace_back("start_cpu_seconds", static_cast<double>(server->cpu_microseconds()) / 1e6);
  }
  std::sort(seconds.begin(), seconds.end());
  figures.emplace_back("start_to_ready_median_seconds", seconds[seconds.size() / 2]);
  figures.emplace_back("start_to_ready_worst_seconds", seconds.back());
}

// ---- Authentication ----

/// CPU of one call, with caches as the first round left them.
double authentication_microseconds(Authenticator& authenticator, const std::vector<std::string>& credentials,
                                   std::size_t calls, const char* what) {
  for (const std::string& credential : credentials) {
    auto outcome = authenticator.authenticate_now(credential);
    if (!outcome || !outcome->ok()) give_up(std::string(what) + ": " + (outcome ? outcome->message : "undecided"));
  }
  const double from = cpu_seconds();
  std::size_t good = 0;
  for (std::size_t i = 0; i < calls; ++i) {
    good += authenticator.authenticate_now(credentials[i % credentials.size()])->ok() ? 1U : 0U;
  }
  const double used = cpu_seconds() - from;
  if (good != calls) give_up(std::string(what) + " was refused");
  return used / static_cast<double>(calls) * 1e6;
}

constexpr const char* kIssuer = "https://idp.example.com";
constexpr const char* kKeys = "https://idp.example.com/keys";

std::vector<std::string> oidc_tokens(const identity::SigningKey& key, const IdentitySize& size) {
  std::vector<std::string> tokens;
  const std::int64_t now = system_clock().now().nanoseconds / 1'000'000'000;
  for (std::size_t i = 0; i < size.samples; ++i) {
    JsonWriter claims;
    claims.begin_object().member("aud", "reeve").member("email", person_of(i * 7 % size.people));
    claims.member("exp", now + 3'600).key("groups").begin_array().value("developers").value("payments").end_array();
    claims.member("iat", now + 1).member("iss", kIssuer).member("sub", std::to_string(i)).end_object();
    tokens.push_back(key.token("ES256", claims.take()));
  }
  return tokens;
}

std::vector<std::string> own_tokens(const identity::OwnTokens& tokens, const IdentitySize& size) {
  std::vector<std::string> made;
  for (std::size_t i = 0; i < size.samples; ++i) {
    identity::Principal person;
    person.id = person_of(i * 11 % size.people);
    person.groups = {"developers", "payments"};
    identity::SignInSession session;
    session.id = "sgn_" + std::to_string(i);
    session.expires = system_clock().now() + std::chrono::hours(10);
    auto token = tokens.make(person, session);
    if (!token) give_up(token.error().message);
    made.push_back(token->token);
  }
  return made;
}

Task<void> ask(Authenticator& authenticator, const std::string& token, bool& done) {
  const auto outcome = co_await authenticator.authenticate(token);
  if (!outcome.ok()) give_up(outcome.message);
  done = true;
}

/// The first request brings the issuer's keys.
void fetch_keys(Authenticator& authenticator, const std::string& token) {
  bool done = false;
  start_detached(ask(authenticator, token, done));
  if (!done) give_up("the issuer's keys did not come");
}

/// What one loop pays, with the directory and the keys that all loops share.
void measure_authentication(const Options& options, store::Store& store, const std::vector<std::string>& secrets,
                            const std::filesystem::path& directory, Figures& figures) {
  identity::KeyTable table(store.keys(), {});
  identity::Directory people(store.directory(), identity::DirectoryMode::kRequired, system_clock());
  const double before = cpu_seconds();
  if (auto read = table.look(); !read) give_up(read.error().message);
  figures.emplace_back("keys_read_cpu_seconds", cpu_seconds() - before);
  const double between = cpu_seconds();
  if (auto read = people.look(); !read) give_up(read.error().message);
  figures.emplace_back("directory_read_cpu_seconds", cpu_seconds() - between);

  const auto signing = identity::SigningKey::ec("P-256", "one");
  identity::MemoryClient client;
  client.answers["https://idp.example.com/.well-known/openid-configuration"].body =
      std::string(R"({"issuer":")") + kIssuer + R"(","jwks_uri":")" + kKeys + "\"}";
  client.answers[kKeys].body = "{\"keys\":[" + signing.jwk() + "]}";
  identity::OidcIssuer issuer;
  issuer.issuer = kIssuer;
  issuer.audience = "reeve";
  auto tokens = identity::OwnTokens::open(directory / "token.key", {}, store.grants(), system_clock());
  if (!tokens) give_up(tokens.error().message);
  (*tokens)->serve_as("https://reeve.example.com");
  const auto authenticator =
      Authenticator::create({.issuers = {issuer}, .own_tokens = tokens->get(), .directory = &people}, table, client);
  const auto oidc = oidc_tokens(signing, options.size);
  fetch_keys(*authenticator, oidc.front());
  figures.emplace_back("key_microseconds", authentication_microseconds(*authenticator, secrets, options.calls, "key"));
  figures.emplace_back(
      "own_token_microseconds",
      authentication_microseconds(*authenticator, own_tokens(**tokens, options.size), options.calls, "own token"));
  figures.emplace_back("oidc_token_microseconds",
                       authentication_microseconds(*authenticator, oidc, options.calls, "OIDC token"));
  // Of a loop that has not seen them: found in the table, admitted by the directory.
  const auto other = Authenticator::create({.directory = &people}, table, client);
  const double from = cpu_seconds();
  for (const std::string& secret : secrets) {
    if (!other->authenticate_now(secret)->ok()) give_up("a key was refused");
  }
  figures.emplace_back("key_first_time_microseconds",
                       (cpu_seconds() - from) / static_cast<double>(secrets.size()) * 1e6);
}

// ---- Timing ----

/// Median nanoseconds of refusing a secret whose first `right` characters are those of a real one, for each of some.
void measure_timing(store::Store& store, const std::vector<std::string>& secrets, Figures& figures) {
  constexpr std::size_t kRounds = 301, kGuesses = 500;
  identity::KeyTable table(store.keys(), {});
  if (auto read = table.look(); !read) give_up(read.error().message);
  identity::MemoryClient client;
  const auto authenticator = Authenticator::create({}, table, client);
  std::map<std::size_t, std::vector<double>> times;
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (const std::size_t right : {std::size_t{3}, std::size_t{11}, std::size_t{19}, std::size_t{27}, std::size_t{35},
                                    std::size_t{43}, std::size_t{45}}) {
      std::vector<std::string> guesses;
      for (std::size_t i = 0; i < kGuesses; ++i) {
        std::string guess = "rv_" + to_base64url(random_bytes(32));
        const std::string& real = secrets[(round * kGuesses + i) % secrets.size()];
        guess.replace(0, right, real, 0, right);
        if (guess == real) guess.back() = guess.back() == 'A' ? 'E' : 'A';
        guesses.push_back(std::move(guess));
      }
      const double from = cpu_seconds();
      for (const std::string& guess : guesses) {
        if (authenticator->authenticate_now(guess)->ok()) give_up("a guess was taken");
      }
      times[right].push_back((cpu_seconds() - from) / kGuesses * 1e9);
    }
  }
  double lowest = 1e9;
  double highest = 0;
  for (auto& [right, list] : times) {
    std::sort(list.begin(), list.end());
    const double median = list[list.size() / 2];
    figures.emplace_back("refused_with_" + std::to_string(right) + "_characters_right_nanoseconds", median);
    lowest = std::min(lowest, median);
    highest = std::max(highest, median);
  }
  figures.emplace_back("refused_spread_nanoseconds", highest - lowest);
}

int measure(const Options& options) {
  configure_log(LogLevel::kError, LogFormat::kText);
  const std::filesystem::path directory = options.dir / ("reeve-bench-identity-" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  const int port = free_port();
  const std::string config = write_config(directory, port);
  Figures figures;
  {
    // So that the ledger has an entry that tells of the keys.
    std::optional<Process> server;
    figures.emplace_back("empty_start_seconds",
                         start_seconds(options.reeve, config, port, (directory / "server.log").string(), server));
    figures.emplace_back("empty_resident_mib", status_mib(server->pid(), "VmRSS"));
  }
  std::vector<std::string> secrets;
  {
    auto store = store::Store::open_embedded(directory / "data");
    if (!store) give_up(store.error().message);
    secrets = fill(**store, options.size);
  }
  measure_server(options, directory, config, port, figures);
  {
    auto store = store::Store::open_embedded(directory / "data");
    if (!store) give_up(store.error().message);
    measure_authentication(options, **store, secrets, directory, figures);
    measure_timing(**store, secrets, figures);
  }
  std::filesystem::remove_all(directory);
  JsonWriter json;
  json.begin_object().member("groups", options.size.groups).member("keys", options.size.keys);
  json.member("people", options.size.people);
  for (const auto& [name, value] : figures) json.key(name).raw(std::to_string(value));
  if (options.json) {
    std::printf("%s\n", json.end_object().text().c_str());
    return 0;
  }
  for (const auto& [name, value] : figures) std::printf("%-55s %12.3f\n", name.c_str(), value);
  return 0;
}

}  // namespace
}  // namespace reeve::bench

int main(int count, char** words) {
  using reeve::bench::Options;
  Options options;
  options.reeve = (std::filesystem::path(words[0]).parent_path().parent_path() / "reeve").string();
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto value = [&] { return i + 1 < count ? words[++i] : ""; };
    const auto number = [&] { return static_cast<std::size_t>(std::strtoull(value(), nullptr, 10)); };
    if (word == "--json") {
      options.json = true;
    } else if (word == "--dir") {
      options.dir = value();
    } else if (word == "--reeve") {
      options.reeve = value();
    } else if (word == "--keys") {
      options.size.keys = number();
    } else if (word == "--people") {
      options.size.people = number();
    } else if (word == "--groups") {
      options.size.groups = number();
    } else if (word == "--calls") {
      options.calls = number();
    } else if (word == "--starts") {
      options.starts = static_cast<int>(number());
    } else {
      std::printf(
          "identity [--people N] [--groups N] [--keys N] [--calls N] [--starts N] [--dir DIR] [--reeve FILE] [--json]\n"
          "Fills a directory below DIR (/dev/shm), starts the server on it, measures; removes it.\n");
      return word == "--help" ? 0 : 2;
    }
  }
  return reeve::bench::measure(options);
}
