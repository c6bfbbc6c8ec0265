#pragma once

// What a person's commands keep of a sign-in: one sealed file below XDG_STATE_HOME/reeve (else ~/.local/state/reeve),
// readable by its owner only, with its key in a file beside it, so that neither alone is worth taking.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::app {

struct KeptSignIn {
  std::string server;  // its address
  std::string person, sign_in;
  std::vector<std::string> groups;
  std::string access_token, refresh_token;
  Instant access_expires, expires;
};

class SignInFile {
 public:
  static Result<SignInFile> open();

  /// Held until the object goes: one process at a time renews tokens. Waits for others, at most half a minute.
  class Lock {
   public:
    explicit Lock(int descriptor) : descriptor_(descriptor) {}
    Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    int descriptor_;
  };
  Result<Lock> lock() const;

  /// Nothing when nobody is signed in.
  Result<std::optional<KeptSignIn>> read() const;
  /// Whole and durable when it returns.
  Result<void> write(const KeptSignIn& kept) const;
  Result<void> remove() const;

 private:
  explicit SignInFile(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::filesystem::path directory_;
};

}  // namespace reeve::app
