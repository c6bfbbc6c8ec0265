#include "reeve/kept_sign_in.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "core/crypto.h"
#include "core/json.h"
#include "reeve/kept_value.h"

namespace reeve::app {

namespace {

constexpr const char* kFile = "sign-in";
constexpr const char* kKeyFile = "sign-in.key";
constexpr const char* kLockFile = "sign-in.lock";
constexpr auto kLockPatience = std::chrono::seconds(30);
constexpr auto kLockPause = std::chrono::milliseconds(20);

Error failure(const std::filesystem::path& path, const char* what, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

std::filesystem::path state_directory() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "reeve";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr || *home == '\0' ? "." : home) / ".local/state/reeve";
}

std::string to_json(const KeptSignIn& kept) {
  JsonWriter json;
  json.begin_object().member("server", kept.server).member("person", kept.person).member("sign_in", kept.sign_in);
  json.key("groups").begin_array();
  for (const std::string& group : kept.groups) json.value(group);
  json.end_array().member("access_token", kept.access_token).member("refresh_token", kept.refresh_token);
  json.member("access_expires", kept.access_expires.nanoseconds).member("expires", kept.expires.nanoseconds);
  return json.end_object().take();
}

}  // namespace

SignInFile::Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<SignInFile> SignInFile::open() {
  const std::filesystem::path directory = state_directory();
  std::error_code failed;
  std::filesystem::create_directories(directory.parent_path(), failed);
  if (failed) return failure(directory, "made", failed.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return failure(directory, "made", errno);
  return SignInFile(directory);
}

Result<SignInFile::Lock> SignInFile::lock() const {
  const std::filesystem::path path = directory_ / kLockFile;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failure(path, "opened", errno);
  Lock held(descriptor);
  const Moment until = system_clock().steady() + kLockPatience;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return failure(path, "locked", errno);
    if (system_clock().steady() > until) {
      return Error{ErrorCode::kTimeout, "another reeve has been renewing the sign-in for half a minute; try again"};
    }
    std::this_thread::sleep_for(kLockPause);
  }
  return held;
}

Result<std::optional<KeptSignIn>> SignInFile::read() const {
  const std::filesystem::path path = directory_ / kFile;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<KeptSignIn>();
  std::ifstream file(path, std::ios::binary);
  const std::string sealed((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto key = kept_value(directory_ / kKeyFile, [] { return random_bytes(32); });
  if (!key) return key.error();
  const auto opened = open_sealed(*key, sealed, kFile);
  const auto json = opened ? JsonDocument::parse(*opened, /*depth_max=*/4) : Result<JsonDocument>(opened.error());
  if (!json) {
    return Error{ErrorCode::kCorrupt, path.string() + " cannot be read; sign in again with 'reeve login'"};
  }
  const JsonValue root = json->root();
  const auto word = [&](const char* name) { return std::string(root[name].string_or("")); };
  KeptSignIn kept{word("server"),
                  word("person"),
                  word("sign_in"),
                  {},
                  word("access_token"),
                  word("refresh_token"),
                  Instant{root["access_expires"].int_or(0)},
                  Instant{root["expires"].int_or(0)}};
  for (const JsonValue& group : root["groups"].items()) kept.groups.emplace_back(group.string_or(""));
  return std::optional(std::move(kept));
}

Result<void> SignInFile::write(const KeptSignIn& kept) const {
  const auto key = kept_value(directory_ / kKeyFile, [] { return random_bytes(32); });
  if (!key) return key.error();
  const std::string sealed = seal(*key, to_json(kept), kFile);
  const std::filesystem::path path = directory_ / kFile;
  const std::string draft = path.string() + ".new";
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failure(path, "made", errno);
  const bool written =
      ::write(file, sealed.data(), sealed.size()) == static_cast<ssize_t>(sealed.size()) && ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  if (written && ::rename(draft.c_str(), path.c_str()) == 0) return {};
  ::unlink(draft.c_str());
  return failure(path, "written", written ? errno : code);
}

Result<void> SignInFile::remove() const {
  const std::filesystem::path path = directory_ / kFile;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure(path, "removed", errno);
  return {};
}

}  // namespace reeve::app
