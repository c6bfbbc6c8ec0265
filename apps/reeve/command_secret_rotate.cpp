// reeve secret rotate: another key seals, and everything is sealed anew. It can be ended at any moment and run again:
// the old key stays in its file until nothing is sealed with it, and each file is replaced in one step.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/private_file.h"
#include "core/sealing.h"
#include "reeve/sealed_files.h"
#include "reeve/secret_commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

namespace fs = std::filesystem;

Error failure(const fs::path& path, const char* what, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

Result<std::string> read_text(const fs::path& path) {
  auto content = read_private_file(path);
  if (!content) return std::move(content).error();
  if (!*content) return Error{ErrorCode::kNotFound, path.string() + " is not there any more"};
  return **std::move(content);
}

/// Replaces a file of the administrator's, with its owner and rights, as one step: unless somebody changed it
/// meanwhile.
Result<void> replace_text(const fs::path& named, std::string_view before, std::string_view after) {
  std::error_code failed;
  const fs::path path = fs::canonical(named, failed);  // a link stays a link
  if (failed) return failure(named, "found", failed.value());
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return failure(path, "read", errno);
  // One name: what an interrupted rotation left, perhaps with an old key in it, goes with the next.
  const std::string draft = path.string() + ".reeve-new";
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failure(path.parent_path(), "written to", errno);
  bool done = ::write(file, after.data(), after.size()) == static_cast<ssize_t>(after.size());
  // Without the right to give files away the owner stays who runs this; the rights are as they were.
  done = done && (::fchown(file, status.st_uid, status.st_gid) == 0 || errno == EPERM);
  done = done && ::fchmod(file, status.st_mode & 07777U) == 0 && ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  const auto now = read_text(path);
  const bool same = now && *now == before;
  if (done && same && ::rename(draft.c_str(), path.c_str()) == 0) {
    const int directory = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
      static_cast<void>(::fsync(directory));
      ::close(directory);
    }
    return {};
  }
  ::unlink(draft.c_str());
  if (done && !same) return Error{ErrorCode::kConflict, path.string() + " was changed meanwhile; run this again"};
  return failure(path, "written", done ? errno : code);
}

/// Held to the end of its life, or of the process.
class RotationLock {
 public:
  explicit RotationLock(const fs::path& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    int done = file_ < 0 ? -1 : ::flock(file_, LOCK_EX);
    while (done != 0 && file_ >= 0 && errno == EINTR) done = ::flock(file_, LOCK_EX);
    code_ = done == 0 ? 0 : errno;
  }
  RotationLock(const RotationLock&) = delete;
  RotationLock& operator=(const RotationLock&) = delete;
  ~RotationLock() {
    if (file_ >= 0) ::close(file_);
  }
  bool taken() const { return code_ == 0; }
  int code() const { return code_; }

 private:
  int file_;
  int code_ = 0;
};

class Rotation {
 public:
  Rotation(const Common& common, const SecretArguments& arguments) : common_(common), arguments_(arguments) {}

  Result<void> run() {
    auto settings = read_sealing_settings(config_file(common_));
    if (!settings) return std::move(settings).error();
    settings_ = *std::move(settings);
    if (!settings_.source.stated()) {
      return Error{ErrorCode::kInvalid,
                   "reeve.yaml does not say what secrets are sealed with; name the key as sealing: {key: {file: "
                   "PATH}}, or a passphrase"};
    }
    const auto data = data_directory(common_);
    if (!data) return data.error();
    data_ = *data;
    // One at a time: two would each make a key, and each take the other's away. A file for nothing else: directories
    // are locked by whoever replaces a key in them, which is us, too.
    if (auto made = make_data_directory(data_); !made) return made;
    const RotationLock lock(data_ / "sealing.lock");
    if (!lock.taken()) return failure(data_ / "sealing.lock", "locked", lock.code());
    auto done = make_key();
    if (done) done = note();
    if (done) done = seal_config();
    if (done) done = seal_files();
    if (done) done = look();
    if (done && left_.empty() && makes_keys() && !arguments_.keep_old) done = drop_old_keys();
    return done;
  }

  int print() const {
    if (common_.json) {
      JsonWriter json;
      json.begin_object().member("key", key_).key("left").begin_array();
      for (const KeptSecret& secret : left_) {
        json.begin_object().member("in", secret.file.string()).member("place", secret.place);
        json.member_if("why", secret.why).end_object();
      }
      json.end_array().member("old_keys_dropped", dropped_).member("sealed", sealed_).end_object();
      std::printf("%s\n", json.text().c_str());
      return left_.empty() ? kDone : kAnswerIsNo;
    }
    if (resumed_) std::printf("An earlier rotation was not finished; this one finishes it.\n");
    std::printf("%zu secrets were sealed anew; the key is %s.\n", sealed_, bold(key_).c_str());
    for (const KeptSecret& secret : left_) {
      std::printf("%s %s in %s%s\n", yellow("left:").c_str(), printable(secret.place, 80).c_str(),
                  secret.file.empty() ? "the environment" : secret.file.c_str(),
                  secret.why.empty() ? ": it is sealed with an old key" : (": " + secret.why).c_str());
    }
    if (!left_.empty()) {
      std::printf("The old key stays in force until these are sealed anew; then run this again.\n");
    } else if (dropped_ > 0) {
      std::printf("Nothing is sealed with the old key any more; it was removed.\n");
    } else if (old_keys_ > 0) {
      std::printf("Nothing is sealed with the old key any more; it can be taken out of %s.\n",
                  name_of(settings_.source).c_str());
    }
    return left_.empty() ? kDone : kAnswerIsNo;
  }

 private:
  /// Keys that somebody else keeps are made by that somebody.
  bool makes_keys() const { return !settings_.source.file.empty() && !settings_.passphrase; }

  Result<void> make_key() {
    auto given = sealing_secrets(settings_, data_);
    if (!given) return std::move(given).error();
    old_keys_ = given->texts.size() - 1;
    resumed_ = makes_keys() && old_keys_ > 0 && !arguments_.keep_old;
    if (old_keys_ == 0 && !makes_keys()) {
      return Error{ErrorCode::kConflict, given->from +
                                             " gives one only; put the new one on a line before it, so that both are "
                                             "known, and run this again"};
    }
    if (old_keys_ == 0) {
      const auto before = read_text(settings_.source.file);
      if (!before) return before.error();
      std::string key = random_bytes(32);
      const std::string after = to_hex(key) + "\n" + *before;
      wipe(key);
      if (auto written = replace_text(settings_.source.file, *before, after); !written) return written;
      old_keys_ = 1;
    }
    auto current = sealing().current_key();
    if (!current) return std::move(current).error();
    key_ = *std::move(current);
    return {};
  }

  Result<void> note() const {
    std::error_code ignored;
    if (!fs::exists(data_ / "reeve.db", ignored)) return {};  // no server ran here
    JsonWriter json;
    json.begin_object().member("at", format_time(system_clock().now()));
    json.member("by", arguments_.by.empty() ? system_user_name() : arguments_.by).member("key", key_).end_object();
    const std::string_view kind = "sealing.rotated";
    if (auto left = leave_note(common_, kind, json.text()); !left) return left;
    auto store = open_store(common_, false);
    if (!store) return std::move(store).error();
    const std::string key = std::string(kind) + ":" + to_hex(as_bytes(sha256(json.text())));
    return (*store)->notifications().announce({key, std::string(kind), system_clock().now(), json.text()});
  }

  Result<void> seal_config() {
    const std::string file = config_file(common_);
    std::vector<Diagnostic> ignored;
    const Config config = read_config(file, ignored);
    const auto before = read_text(file);
    if (!before) return before.error();
    std::string after = *before;
    std::size_t changed = 0;
    for (const ConfigSecret& secret : config.secrets) {
      if (secret.form != ConfigSecret::Form::kSealed) continue;
      const auto current = sealing().is_current(secret.sealed);
      const std::size_t at = after.find(secret.sealed);
      if (!current || *current || at == std::string::npos) continue;  // look() tells of what is left
      auto clear = sealing().open(secret.sealed, secret.place);
      if (!clear) continue;
      const auto sealed = sealing().seal(*clear, secret.place);
      wipe(*clear);
      if (!sealed) return sealed.error();
      after.replace(at, secret.sealed.size(), *sealed);
      ++changed;
    }
    if (changed == 0) return {};
    if (auto written = replace_text(file, *before, after); !written) return written;
    sealed_ += changed;
    return {};
  }

  Result<void> seal_files() {
    const auto secrets = kept_secrets(common_);
    if (!secrets) return secrets.error();
    for (const KeptSecret& secret : *secrets) {
      if (!secret.may_be_sealed_anew || secret.file == config_file(common_)) continue;
      if (secret.state != KeptSecret::State::kOldKey && secret.state != KeptSecret::State::kClear) continue;
      const auto sealed = seal_private_file(secret.file, secret.place);
      if (!sealed) return with_context(sealed.error(), secret.file.string());
      if (*sealed) ++sealed_;
    }
    return {};
  }

  Result<void> look() {
    auto secrets = kept_secrets(common_);
    if (!secrets) return std::move(secrets).error();
    for (KeptSecret& secret : *secrets) {
      const bool is_left = secret.state == KeptSecret::State::kOldKey || secret.state == KeptSecret::State::kUnreadable;
      if (is_left) left_.push_back(std::move(secret));
    }
    return {};
  }

  Result<void> drop_old_keys() {
    const auto before = read_text(settings_.source.file);
    if (!before) return before.error();
    const auto lines = key_lines(*before);
    if (lines.size() < 2) return {};
    auto written = replace_text(settings_.source.file, *before, std::string(lines.front()) + "\n");
    if (written) dropped_ = lines.size() - 1;
    return written;
  }

  const Common& common_;
  const SecretArguments& arguments_;
  SealingSettings settings_;
  fs::path data_;
  std::string key_;
  std::vector<KeptSecret> left_;
  std::size_t old_keys_ = 0, sealed_ = 0, dropped_ = 0;
  bool resumed_ = false;
};

}  // namespace

int secret_rotate_command(const Common& common, const SecretArguments& arguments) {
  Rotation rotation(common, arguments);
  if (const auto done = rotation.run(); !done) {
    const bool no = done.error().code == ErrorCode::kConflict;
    return fail(common, no ? kAnswerIsNo : exit_code_of(done.error()), done.error().message);
  }
  return rotation.print();
}

}  // namespace reeve::app
