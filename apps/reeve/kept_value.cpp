#include "reeve/kept_value.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/private_file.h"
#include "core/sealing.h"

namespace reeve::app {

namespace {

Error failure(const std::filesystem::path& path, const char* what, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

Result<void> write_durably(const std::filesystem::path& path, const std::string& value) {
  ::unlink(path.c_str());  // what an interrupted start with the same process id left
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failure(path, "made", errno);
  const bool written =
      ::write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size()) && ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  if (written) return {};
  ::unlink(path.c_str());
  return failure(path, "written", code);
}

}  // namespace

Result<std::string> kept_value(const std::filesystem::path& path, const std::function<std::string()>& make) {
  auto kept = read_private_file(path);
  if (!kept) return kept.error();
  if (*kept) return **std::move(kept);
  const std::filesystem::path draft = path.string() + "." + std::to_string(::getpid()) + ".new";
  if (auto written = write_durably(draft, make()); !written) return written.error();
  // A link, unlike a rename, does not replace what another process put there meanwhile.
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0;
  const int code = errno;
  ::unlink(draft.c_str());
  if (!linked && code != EEXIST) return failure(path, "made", code);
  kept = read_private_file(path);
  if (!kept) return kept.error();
  if (!*kept) return failure(path, "read", ENOENT);
  return **std::move(kept);
}

std::string place_of_file(const std::filesystem::path& path) { return "data." + path.filename().string(); }

Result<std::string> kept_secret(const std::filesystem::path& path, const std::function<std::string()>& make) {
  const auto seals = sealing().configured();
  if (!seals) return seals.error();
  const std::string place = place_of_file(path);
  std::error_code ignored;
  std::string first;
  if (!std::filesystem::exists(path, ignored)) {
    auto text = sealing().to_file(make(), place);
    if (!text) return text;
    first = *std::move(text);
  }
  auto content = kept_value(path, [&] { return first; });
  if (!content) return content;
  if (*seals && !is_sealed(*content)) {
    if (auto sealed = seal_private_file(path, place); !sealed) return std::move(sealed).error();
  }
  auto secret = sealing().from_file(*std::move(content), place);
  return secret ? std::move(secret) : with_context(std::move(secret).error(), path.string());
}

}  // namespace reeve::app
