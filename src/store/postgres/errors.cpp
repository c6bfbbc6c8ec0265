#include "store/postgres/errors.h"

#include <array>

namespace reeve::store {

namespace {

/// The first line whose state begins what the server said decides; so single states come before their class.
struct Meaning {
  std::string_view state;
  ErrorCode code;
  const char* sentence;  // after "PostgreSQL at ..., database ..."
};

constexpr std::array kMeanings = {
    Meaning{"28", ErrorCode::kDenied, " refuses this user; check user, password and the server's pg_hba.conf"},
    Meaning{"3D000", ErrorCode::kNotFound, " does not exist; make it with createdb"},
    Meaning{"42501", ErrorCode::kDenied,
            " does not let this user do that; it needs CREATE on the database, or to own the schema reeve"},
    Meaning{"53300", ErrorCode::kUnavailable, " has no free connection; raise max_connections or stop other clients"},
    Meaning{"53100", ErrorCode::kUnavailable, " has a full disk; free some space there"},
    Meaning{"53", ErrorCode::kUnavailable, " is out of resources; look at its log"},
    Meaning{"57014", ErrorCode::kTimeout, " took too long; look for what holds its locks, or why it is slow"},
    Meaning{"55P03", ErrorCode::kTimeout, " took too long; look for what holds its locks"},
    Meaning{"57P", ErrorCode::kUnavailable, " is stopping or starting; it is tried again"},
    Meaning{"25P03", ErrorCode::kUnavailable, " ended a session that stood still; it is tried again"},
    Meaning{"25006", ErrorCode::kUnavailable, " is a standby, or read-only; name the primary server"},
    Meaning{"40", ErrorCode::kUnavailable, " chose another's transaction over this one; it can be tried again"},
    Meaning{"08", ErrorCode::kUnavailable, " cannot be reached; check that it runs and can be reached from here"},
    Meaning{"23505", ErrorCode::kConflict, ": an entry like this is there already"},
    Meaning{"22", ErrorCode::kInvalid, " refuses this entry"},
    Meaning{"23", ErrorCode::kInvalid, " refuses this entry"},
    Meaning{"54", ErrorCode::kTooLarge, " cannot hold so much in one entry"},
    Meaning{"58", ErrorCode::kUnavailable, " has trouble with its disk; look at its log"},
    Meaning{"XX001", ErrorCode::kCorrupt, " is damaged; restore it from a backup"},
    Meaning{"XX002", ErrorCode::kCorrupt, " is damaged; restore it from a backup"},
};

}  // namespace

Error postgres_error(std::string_view sqlstate, const std::string& detail, const std::string& where) {
  const std::string because = " (PostgreSQL: " + detail + (sqlstate.empty() ? "" : ", " + std::string(sqlstate)) + ")";
  // Raised by our own functions, with a sentence of ours: another process has the name of this node.
  if (sqlstate == "RV001") return {ErrorCode::kConflict, detail};
  if (sqlstate.empty()) {
    return {ErrorCode::kUnavailable,
            where + " cannot be reached; check that it runs and can be reached from here" + because};
  }
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.state)) return {meaning.code, where + meaning.sentence + because};
  }
  return {ErrorCode::kInternal, where + " did not understand this program" + because};
}

}  // namespace reeve::store
