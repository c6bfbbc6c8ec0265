#pragma once

// Taking values out of a body, and putting them back into the answer. Part of content.h, which includes it.
//
// A placeholder is 20 characters of [A-Z0-9], begins with "RV" and two letters for the class, and ends with a check
// character: an identifier in every language, of fixed length, the same for the same value in the same session, so that
// a provider's prompt cache keeps hitting. It says nothing of the value to whoever lacks the session's key.
//
// What comes back damaged must not go on as if it were text. These count as damaged, in an answer:
//   - the shape in its exact case ("RV", a class, 16 more of [A-Z0-9]) with a wrong check character, or with nothing
//     behind it in this session (never was, expired, somebody else's);
//   - "RV" in any case, followed by letters and digits to 12 or more, where the first 12 are the beginning of one of
//     this session's placeholders or the last 8 the end of one, whatever their case: so every change of case shows, and
//     every single character behind "RV" that was changed, lost or added.
// What stood in the request and would be taken for one of these is replaced by a placeholder, too, so that a model may
// repeat whatever it was shown.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/body_text.h"
#include "core/result.h"
#include "core/time.h"

namespace reeve::content {

struct Finding;

inline constexpr std::size_t kPlaceholderBytes = 20;

/// Where sealed originals rest, so that a session can go on after a restart. Implemented by the store; thread-safe.
class PlaceholderStore {
 public:
  virtual ~PlaceholderStore() = default;
  struct Row {
    std::string scope;        // 32 bytes: a keyed hash of principal and session
    std::string placeholder;  // 20 characters
    std::string sealed;       // AES-256-GCM under the scope's key
    Instant expires;
  };
  virtual Result<void> put(const std::vector<Row>& rows) = 0;
  virtual Result<std::optional<Row>> get(std::string_view scope, std::string_view placeholder) = 0;
  virtual Result<std::uint64_t> remove_expired(Instant now) = 0;
  /// Every row whose scope begins with these bytes: the first 16 are the principal's, all 32 one session's.
  virtual Result<std::uint64_t> remove_scope(std::string_view scope) = 0;
};

/// The values behind placeholders, by session. Thread-safe. Originals are in memory only sealed, and only until they
/// expire: `keep` after they were last used. When memory is full, the sessions that were not used for longest go first,
/// those with a store only once they are written there.
class Vault {
 public:
  struct Options {
    std::string key;  // 32 secret bytes: the root from which scopes' keys come
    Duration keep = std::chrono::hours(24 * 7);
    std::size_t bytes_max = 64UL << 20U;
    PlaceholderStore* store = nullptr;  // null: memory only
    const Clock* clock = &system_clock();
  };
  explicit Vault(Options options);
  ~Vault();

  /// One session of one principal: nobody else's placeholders are restored in it. Thread-safe; copies are cheap. Must
  /// not outlive its vault.
  class Session {
   public:
    /// The placeholder of a value. The same value gives the same one. kUnavailable when memory is full.
    Result<std::string> placeholder(std::string_view class_name, std::string_view value) const;
    /// The value, or nothing: not one of this session's, expired, or damaged.
    std::optional<std::string> value(std::string_view placeholder) const;
    /// True when `run` is most likely a placeholder of this session that was shortened, changed or written in another
    /// case: the second kind of damage above. Looks at what this process made or restored since it started.
    bool resembles_placeholder(std::string_view run) const;

   private:
    friend class Vault;
    struct State;
    std::shared_ptr<State> state_;
  };
  Session session(std::string_view principal, std::string_view session_id);
  /// Writes what is new to the store, drops what expired. Call now and then, from one thread.
  Result<void> flush();
  /// Forgets one session of a principal, or with an empty id all of them, here and in the store: what they had can
  /// never be restored again.
  Result<void> forget(std::string_view principal, std::string_view session_id = {});
  std::size_t bytes() const;  // in memory

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How a value is taken out.
enum class RedactWith { kToken, kMask, kRemove };

struct Replacement {
  std::size_t start = 0, end = 0;  // bytes of the body as sent
  RedactWith with = RedactWith::kToken;
  std::string_view class_name;
  std::string_view type;  // the detector's id; masks name it: "REDACTED_GITHUB_PERSONAL_TOKEN"
};

/// What was taken out once stays out: adds replacements of the same kind where the value of a secret stands again in
/// the texts behind it, whatever stands around it there, at up to three more levels of JSON than where it was found.
/// `replacements` are ordered and stay so. Looks for the first 64 values of 6 to 512 bytes.
void add_repeats(std::string_view body, const std::vector<BodyText>& texts, std::vector<Replacement>& replacements);

/// The body with values replaced: splices, everything else byte for byte. `replacements` are ordered and each lies in
/// one of `texts`, which are those that were scanned, so that each place is written in its own form. JSON stays valid:
/// a span is widened to whole characters and escapes; inside a JSON value it is cut at the borders of strings, and a
/// number or literal becomes a string. So a number comes back as a string, too. Restoring a token gives back exactly
/// what stood there, decoded once: an encoded run as the run it was. Tool arguments that are JSON source text inside a
/// JSON string are taken as the JSON value that they are.
///
/// Also replaces what looks like a placeholder and stood in the text already, with or without `replacements`. Errors:
/// a replacement outside of the texts (kInternal); no memory for originals (kUnavailable).
Result<std::string> redact(std::string_view body, const std::vector<BodyText>& texts,
                           const std::vector<Replacement>& replacements, const Vault::Session& session);

/// Puts originals back into one growing text: a channel of an answer. Holds back no more than could still become a
/// placeholder. Belongs to one thread.
class Restorer {
 public:
  /// How originals are written into the text: as they are, or as the inside of a JSON string (tool arguments that come
  /// as JSON source text).
  enum class Writing { kPlain, kInsideJson };
  Restorer(Vault::Session session, Writing writing);
  /// Appends to `out` what may go on now. Error: a placeholder came back damaged or is not of this session (its shape
  /// is right, its check character is not, or nothing stands behind it); nothing may go on then.
  Result<void> feed(std::string_view text, std::string& out);
  Result<void> end(std::string& out);
  std::size_t held_back() const { return held_.size(); }  // never more than a placeholder's 20 bytes
  std::uint64_t restored() const { return restored_; }

 private:
  Result<std::size_t> pass(std::string_view text, bool is_end, std::string& out);
  Result<void> judge(std::string_view text, bool is_end, std::string& out, std::size_t& passed);

  Vault::Session session_;
  Writing writing_;
  std::string held_;
  std::uint64_t restored_ = 0;
  bool failed_ = false;
};

}  // namespace reeve::content
