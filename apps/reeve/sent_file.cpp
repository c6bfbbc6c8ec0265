#include "reeve/sent_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "reeve/api_callers.h"

namespace reeve::app {

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

/// A file on its way to a client. Only the thread that reads it touches it between two pieces.
class SentFile {
 public:
  explicit SentFile(std::filesystem::path path) : path_(std::move(path)) {}
  SentFile(const SentFile&) = delete;
  SentFile& operator=(const SentFile&) = delete;
  ~SentFile() {
    if (file_ >= 0) ::close(file_);
  }

  /// False when there is no such file.
  bool open() {
    file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status{};
    if (file_ < 0 || ::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    return true;
  }
  std::uint64_t bytes() const { return bytes_; }
  /// The next piece; empty at the end, and when the file cannot be read.
  ApiAnswer read_piece() {
    ApiAnswer answer;
    answer.body.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, bytes_ - offset_)));
    std::size_t filled = 0;
    while (filled < answer.body.size()) {
      const ssize_t got = ::pread(file_, answer.body.data() + filled, answer.body.size() - filled,
                                  static_cast<off_t>(offset_ + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    offset_ += filled;
    answer.body.resize(filled);
    return answer;
  }

 private:
  const std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t bytes_ = 0, offset_ = 0;
};

}  // namespace

Task<void> send_file(net::Exchange& exchange, ApiThread& thread, std::filesystem::path path, net::Headers headers,
                     ApiAnswer missing, std::string_view busy) {
  // Shared, since the thread may still read for a client that has gone.
  const auto file = std::make_shared<SentFile>(std::move(path));
  ApiAnswer piece = co_await thread.answer(
      [file, missing = std::move(missing)] { return file->open() ? file->read_piece() : missing; }, exchange.loop());
  if (piece.status == 503) co_return co_await respond(exchange, problem(503, "Unavailable", busy));
  if (piece.status != 200) co_return co_await respond(exchange, piece);
  std::uint64_t left = file->bytes();
  if (piece.body.size() == left) {
    // Nobody is left to tell when an answer cannot be sent.
    const auto sent = co_await exchange.respond(200, headers, piece.body);
    static_cast<void>(sent);
    co_return;
  }
  auto sent = co_await exchange.start(200, headers, left);
  while (left > 0) {
    // Returning before the end cuts the connection, which tells the client.
    if (!sent || piece.status != 200 || piece.body.empty()) co_return;
    sent = co_await exchange.write(piece.body);
    left -= piece.body.size();
    if (left > 0) piece = co_await thread.answer([file] { return file->read_piece(); }, exchange.loop());
  }
  sent = co_await exchange.finish();
}

}  // namespace reeve::app
