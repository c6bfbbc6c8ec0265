#pragma once

// A TLS connection of a thread that may block: for senders in the background, never on a loop. Part of the net room's
// face. Certificates are always verified, also that the name is the host's.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace reeve::net {

struct TlsStreamOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string root_file;                        // trusted besides the system's roots; empty: none
  std::string certificate, key;                 // of this side, PEM files; empty: none
  Moment deadline{};                            // of everything until close()
  const std::atomic<bool>* stopping = nullptr;  // ends waiting within a tenth of a second once true; may be null
};

class TlsStream {
 public:
  static Result<std::unique_ptr<TlsStream>> connect(const TlsStreamOptions& options);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;

  Result<void> write(std::string_view bytes);
  /// Says that nothing follows (close_notify), and waits until the other side has read to that point and says so too.
  /// An error when the connection ends before: then some of what was written may not have been read.
  Result<void> close();

 private:
  struct State;
  explicit TlsStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reeve::net
