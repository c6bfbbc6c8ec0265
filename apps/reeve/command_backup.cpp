#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

namespace fs = std::filesystem;

Error failure(const fs::path& path, const char* what, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

/// Whether `path` is `directory` or lies in it, symbolic links followed.
bool lies_in(const fs::path& path, const fs::path& directory) {
  std::error_code ignored;
  const fs::path way = fs::weakly_canonical(path, ignored).lexically_relative(fs::weakly_canonical(directory, ignored));
  return !way.empty() && *way.begin() != "..";
}

/// One backup: where it comes from, where it goes, and what was put there.
class Backup {
 public:
  Backup(const Common& common, fs::path to, bool with_content)
      : common_(common), to_(std::move(to)), with_content_(with_content) {}

  Result<void> make();
  void print() const;
  std::string to_json() const;

 private:
  Result<void> find_sources();
  Result<void> prepare();
  Result<void> copy_ledger();
  Result<void> copy_keys();
  Result<void> copy_kept_values();
  Result<void> copy_content();
  Result<void> copy_registered();
  Result<void> copy_bundles();
  Result<void> copy_directory(const fs::path& from, const fs::path& to, std::size_t& files);
  Result<void> copy_governance();
  Result<void> copy_file(const fs::path& from, const fs::path& to);
  Result<void> check();
  Result<void> finish();
  void say(const std::string& what, const std::string& how) const;
  std::function<void(std::uint64_t, std::uint64_t)> progress(const char* what) const;

  const Common& common_;
  const fs::path to_;
  const bool with_content_;  // what calls said, and the keys to it
  fs::path data_dir_;
  fs::path config_;      // empty: there is none
  fs::path governance_;  // same
  ledger::Checkpoint checkpoint_;
  std::uint64_t files_ = 0;       // of governance
  std::uint64_t registered_ = 0;  // files of registered code and data
  ledger::CopiedContent sealed_;
  Instant made_ = system_clock().now();
};

Result<void> Backup::find_sources() {
  const auto data_dir = data_directory(common_);
  if (!data_dir) return data_dir.error();
  data_dir_ = *data_dir;
  config_ = config_file(common_);
  governance_ = "governance";
  if (!config_.empty()) {
    // Its mistakes, such as variables that only the server has, do not matter here.
    std::vector<Diagnostic> complaints;
    governance_ = read_config(config_, complaints).governance_dir;
  }
  std::error_code ignored;
  if (!fs::is_directory(governance_, ignored)) governance_.clear();
  return {};
}

Result<void> Backup::prepare() {
  if (lies_in(to_, data_dir_) || (!governance_.empty() && lies_in(to_, governance_))) {
    return Error{ErrorCode::kInvalid, to_.string() + " lies inside what is to be backed up; name another directory"};
  }
  std::error_code failed;
  fs::create_directories(to_.parent_path().empty() ? "." : to_.parent_path(), failed);
  if (::mkdir(to_.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return failure(to_, "made", errno);
  if (!fs::is_empty(to_, failed) || failed) {
    return Error{ErrorCode::kInvalid, to_.string() + " is not an empty directory; name a new one for each backup"};
  }
  return {};
}

void Backup::say(const std::string& what, const std::string& how) const {
  if (common_.json) return;
  std::printf("%-14s %s\n", what.c_str(), how.c_str());
  std::fflush(stdout);
}

std::function<void(std::uint64_t, std::uint64_t)> Backup::progress(const char* what) const {
  if (common_.json || ::isatty(STDERR_FILENO) != 1) return {};
  return [what](std::uint64_t done, std::uint64_t total) {
    const auto percent = static_cast<unsigned long long>(total == 0 ? 100 : done * 100 / total);
    std::fprintf(stderr, "\r%s: %llu %% of %llu entries\033[K%s", what, percent, static_cast<unsigned long long>(total),
                 done == total ? "\r\033[K" : "");
  };
}

Result<void> Backup::copy_ledger() {
  auto copied = ledger::copy_signed(data_dir_ / "ledger", to_ / "data" / "ledger", progress("copying the ledger"));
  if (!copied) return with_context(copied.error(), "ledger");
  checkpoint_ = *std::move(copied);
  say("ledger", std::to_string(checkpoint_.size) + " entries of " + printable(checkpoint_.origin));
  return {};
}

Result<void> Backup::copy_keys() {
  if (auto copied = store::Store::copy_embedded(data_dir_, to_ / "data" / "reeve.db"); !copied) return copied;
  say("keys", "reeve.db: virtual keys as hashes, with their owners");
  return {};
}

Result<void> Backup::copy_file(const fs::path& from, const fs::path& to) {
  std::ifstream in(from, std::ios::binary);
  if (!in) return failure(from, "read", errno);
  std::ofstream out(to, std::ios::binary);
  // An empty file gives nothing to write, which would count as a failure.
  if (in.peek() != std::ifstream::traits_type::eof()) out << in.rdbuf();
  out.close();
  if (!out || in.bad()) return failure(to, "written", errno);
  return {};
}

Result<void> Backup::copy_kept_values() {
  for (const char* name : {"ledger.origin", "digest.key"}) {
    std::error_code ignored;
    if (!fs::exists(data_dir_ / name, ignored)) continue;
    if (auto copied = copy_file(data_dir_ / name, to_ / "data" / name); !copied) return copied;
  }
  if (config_.empty()) {
    say("configuration", "none here: there is no reeve.yaml; name it with --config to have it in the backup");
    return {};
  }
  if (auto copied = copy_file(config_, to_ / "reeve.yaml"); !copied) return copied;
  say("configuration", config_.string());
  return {};
}

Result<void> Backup::copy_directory(const fs::path& from, const fs::path& to, std::size_t& files) {
  std::error_code failed;
  fs::create_directory(to, failed);
  auto entries = fs::recursive_directory_iterator(from, failed);
  for (const auto end = fs::recursive_directory_iterator(); !failed && entries != end; entries.increment(failed)) {
    const fs::path copy = to / entries->path().lexically_relative(from);
    if (entries->is_directory() && !entries->is_symlink()) {
      fs::create_directory(copy, failed);
    } else if (entries->is_regular_file() && entries->path().extension().string().find(".part") != 0) {
      if (auto copied = copy_file(entries->path(), copy); !copied) return copied;
      ++files;
    }
  }
  return failed ? failure(from, "copied", failed.value()) : Result<void>();
}

/// After the ledger, which names it, and the database, which holds what placeholders stand for.
Result<void> Backup::copy_content() {
  if (!with_content_) {
    say("content", "left out: sealed content and its key, the key of placeholders");
    return {};
  }
  std::error_code ignored;
  for (const char* name : {"vault.key", "content.key"}) {
    if (!fs::exists(data_dir_ / name, ignored)) continue;
    if (auto copied = copy_file(data_dir_ / name, to_ / "data" / name); !copied) return copied;
  }
  if (fs::is_directory(data_dir_ / "content" / "sealed", ignored)) {
    fs::create_directory(to_ / "data" / "content", ignored);
    auto copied = ledger::copy_content(data_dir_ / "content" / "sealed", to_ / "data" / "content" / "sealed");
    if (!copied) return with_context(copied.error(), "sealed content");
    sealed_ = *copied;
  }
  say("content", std::to_string(sealed_.segments) + " segments of sealed content, " + std::to_string(sealed_.keys) +
                     " keys of people; the keys to it and to placeholders");
  return {};
}

/// Fingerprints of registered code and tables: without them, rules on one's own data would find nothing and say
/// nothing.
Result<void> Backup::copy_registered() {
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(data_dir_ / "content", failed)) {
    if (!entry.is_regular_file(failed) || entry.path().extension() == ".unfinished") continue;
    fs::create_directory(to_ / "data" / "content", failed);
    auto copied = copy_file(entry.path(), to_ / "data" / "content" / entry.path().filename());
    // Registered anew or taken away meanwhile: as if it had been before.
    if (!copied && fs::exists(entry.path(), failed)) return copied;
    if (copied) ++registered_;
  }
  if (registered_ != 0) say("own data", std::to_string(registered_) + " files of registered code and data");
  return {};
}

/// After the ledger: every bundle that it names was kept before it was used.
Result<void> Backup::copy_bundles() {
  std::error_code ignored;
  if (!fs::is_directory(data_dir_ / "policy", ignored)) return {};
  std::size_t files = 0;
  if (auto copied = copy_directory(data_dir_ / "policy", to_ / "data" / "policy", files); !copied) return copied;
  say("bundles", std::to_string(files) + " files: the rules that decided, their key, uses of exceptions");
  return {};
}

Result<void> Backup::copy_governance() {
  if (governance_.empty()) {
    say("governance", "none here");
    return {};
  }
  if (auto copied = copy_directory(governance_, to_ / "governance", files_); !copied) return copied;
  say("governance", std::to_string(files_) + " files of " + governance_.string());
  return {};
}

Result<void> Backup::check() {
  const auto report = ledger::verify(to_ / "data" / "ledger", progress("verifying the copy"));
  if (!report) return report.error();
  if (!report->ok) return Error{ErrorCode::kCorrupt, "the copy does not verify: " + report->problems.front()};
  if (report->entries != checkpoint_.size) {
    return Error{ErrorCode::kCorrupt, "the copy has " + std::to_string(report->entries) + " entries, and not the " +
                                          std::to_string(checkpoint_.size) + " that are signed"};
  }
  return {};
}

/// The last file tells that the others are there: on disk before it, and verified.
Result<void> Backup::finish() {
  const int directory = ::open(to_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return failure(to_, "opened", errno);
  int synced = ::syncfs(directory);
  int code = errno;
  Result<void> written;
  if (synced == 0) {
    std::ofstream file(to_ / "backup.json");
    file << to_json() << '\n';
    file.close();
    if (!file) written = failure(to_ / "backup.json", "written", errno);
    synced = ::syncfs(directory);
    code = errno;
  }
  ::close(directory);
  if (synced != 0) return failure(to_, "written to disk", code);
  return written;
}

Result<void> Backup::make() {
  // What it makes is nobody else's business: it holds the signing key, and perhaps keys of providers.
  ::umask(0077);
  if (auto found = find_sources(); !found) return found;
  std::error_code ignored;
  if (!fs::is_directory(data_dir_ / "ledger", ignored)) {
    return Error{ErrorCode::kUnavailable, "there is no ledger in " + data_dir_.string() +
                                              "; name the data directory with --data, or the configuration with "
                                              "--config"};
  }
  auto done = prepare();
  if (!done) return done;
  if (::mkdir((to_ / "data").c_str(), 0700) != 0) return failure(to_ / "data", "made", errno);
  // The ledger first: keys that are newer than it are recorded when a server starts on the copy.
  done = copy_ledger();
  if (done) done = copy_keys();
  if (done) done = copy_kept_values();
  if (done) done = copy_content();
  if (done) done = copy_registered();
  if (done) done = copy_bundles();
  if (done) done = copy_governance();
  if (done) done = check();
  if (done) done = finish();
  if (!done) return with_context(done.error(), "the backup in " + to_.string() + " is not complete, remove it");
  return {};
}

std::string Backup::to_json() const {
  JsonWriter json;
  json.begin_object().member("directory", fs::absolute(to_).lexically_normal().string());
  json.member("made", format_time(made_)).member("version", REEVE_VERSION).key("ledger").begin_object();
  json.member("origin", checkpoint_.origin).member("entries", checkpoint_.size);
  json.member("root", to_base64(as_bytes(checkpoint_.root))).member("verified", true).end_object();
  json.member_if("config", config_.string()).member_if("governance_dir", governance_.string());
  json.member("governance_files", files_).member("registered_files", registered_);
  json.key("content").begin_object().member("included", with_content_).member("segments", sealed_.segments);
  json.member("keys", sealed_.keys).member("bytes", sealed_.bytes).end_object().end_object();
  return json.take();
}

void Backup::print() const {
  if (common_.json) {
    std::printf("%s\n", to_json().c_str());
    return;
  }
  std::printf("\n%s  Every entry of the copy is in the signed tree of root %s.\n", green("Done and verified.").c_str(),
              to_base64(as_bytes(checkpoint_.root)).c_str());
  std::printf(
      "It holds the ledger's signing key, names of people and what stands in the configuration: keep %s as safe as the "
      "original.\n",
      to_.c_str());
  if (with_content_) {
    std::printf(
        "It also holds %s to what calls said, and to what placeholders stand for: whoever has it can read them, also "
        "what is erased later. Encrypt it where it leaves this machine, or make it with --without-content.\n",
        yellow("the keys").c_str());
  }
  std::printf("Not in it: %senvironment variables (provider keys), TLS certificates and keys.\n",
              with_content_ ? "" : "what calls said, ");
}

}  // namespace

int backup_command(const Common& common, const std::string& directory, bool without_content) {
  Backup backup(common, fs::path(directory).lexically_normal(), !without_content);
  if (const auto made = backup.make(); !made) {
    const bool unsound = made.error().code == ErrorCode::kCorrupt;
    return fail(common, unsound ? kAnswerIsNo : exit_code_of(made.error()), made.error().message);
  }
  backup.print();
  return kDone;
}

}  // namespace reeve::app
