#include "ledger/log_keys.h"

#include "core/json.h"
#include "core/log.h"
#include "ledger/entry_json.h"
#include "ledger/log.h"

namespace reeve::ledger {

namespace {

// An entry is younger than its statement, unless somebody set the clock in between.
constexpr Duration kClockSetBack = std::chrono::hours(48);

/// Whether the entry with this statement is among the first `size`.
Result<bool> was_recorded(FileSystem& system, const SegmentList& segments, std::uint64_t size,
                          const KeyStatement& statement) {
  const auto from = segments.before(statement.time - kClockSetBack);
  FrameCursor cursor(system, segments);
  if (auto sought = cursor.seek(from ? from->first_index : 0); !sought) return std::move(sought).error();
  while (true) {
    const auto frame = cursor.next(size);
    if (!frame) return frame.error();
    if (!*frame) return false;
    if (read_entry_facts((*frame)->entry).kind != kKeyRotatedKind) continue;
    const auto entry = JsonDocument::parse((*frame)->entry);
    if (entry && entry->root().at("detail.statement").string_or("") == statement.note) return true;
  }
}

/// The key that was in use before, while it still signs.
void add_previous(FileSystem& system, const std::string& directory, const KeyStatement& last, Instant now,
                  CheckpointSigners& signers) {
  signers.earlier_key = last.old_key;
  signers.both_until = last.both_until;
  auto previous = load_signer(system, previous_key_path(directory), last.origin, false);
  if (previous && previous->verifier_key() == last.old_key && now < last.both_until) {
    signers.previous = *std::move(previous);
  } else if (auto destroyed = destroy_previous_key(system, directory); !destroyed) {
    log_error("a signing key that is out of use cannot be removed", {{"why", destroyed.error().message}});
  }
}

}  // namespace

Result<CheckpointStore> open_checkpoints(FileSystem& system, const LogOptions& options, const std::string& directory,
                                         bool fresh) {
  for (const std::string& path :
       {private_key_path(directory), previous_key_path(directory), next_key_path(directory)}) {
    if (auto sealed = seal_key_file(system, path); !sealed) return std::move(sealed).error();
  }
  auto signer = load_signer(system, private_key_path(directory), options.origin, fresh);
  if (!signer && signer.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kCorrupt, private_key_path(directory) +
                                          " is missing although the log has begun; restore it from a copy, or start a "
                                          "new directory with a new name"};
  }
  if (!signer) return std::move(signer).error();
  const auto statements = read_key_rotations(system, directory);
  if (!statements) return statements.error();
  const auto prepared = prepared_rotation(system, directory);
  if (!prepared) return prepared.error();
  CheckpointSigners signers{*std::move(signer), std::nullopt, {}, {}, {}};
  for (const KeyStatement& statement : *statements) signers.former_keys.push_back(statement.old_key);
  const std::string& own = signers.signer.verifier_key();
  if (!statements->empty() && own == statements->back().new_key) {
    add_previous(system, directory, statements->back(), options.clock->now(), signers);
  } else if (!statements->empty() && !(*prepared && (*prepared)->note == statements->back().note)) {
    return Error{ErrorCode::kCorrupt, private_key_path(directory) + " is not the key that took over last (" +
                                          key_rotations_path(directory) + "); restore both from one copy"};
  }
  CheckpointStore checkpoints(system, directory, options.anchor.string(), std::move(signers), *options.clock);
  if (auto loaded = checkpoints.load(); !loaded) return std::move(loaded).error();
  return checkpoints;
}

Result<void> finish_rotation(FileSystem& system, const std::string& directory, const SegmentList& segments,
                             std::uint64_t size, CheckpointStore& checkpoints) {
  const auto prepared = prepared_rotation(system, directory);
  if (!prepared) return prepared.error();
  if (!*prepared) return drop_rotation(system, directory);  // a key without its statement
  const KeyStatement& statement = **prepared;
  const bool exchanged = checkpoints.signer().verifier_key() == statement.new_key;
  const auto recorded = exchanged ? Result<bool>(true) : was_recorded(system, segments, size, statement);
  if (!recorded) return recorded.error();
  if (!*recorded) {
    log_warning("a rotation of the ledger's key that was only prepared is dropped", {{"reason", statement.reason}});
    return drop_rotation(system, directory);
  }
  log_info("a rotation of the ledger's key is finished", {{"key", statement.new_key}});
  if (auto published = publish_statement(system, directory, statement); !published) return published;
  if (!exchanged) {
    auto next = load_signer(system, next_key_path(directory), statement.origin, false);
    if (!next) return with_context(std::move(next).error(), "the key that took over");
    if (auto rotated = checkpoints.rotate_to(*std::move(next), statement.both_until); !rotated) return rotated;
  }
  auto done = exchange_keys(system, directory, statement);
  if (done) checkpoints.rotation_done();
  return done;
}

Result<PreparedRotation> begin_rotation(FileSystem& system, const std::string& directory, const std::string& origin,
                                        const KeyRotation& request, Instant now) {
  const auto unfinished = prepared_rotation(system, directory);
  if (!unfinished) return unfinished.error();
  if (*unfinished) {
    return Error{ErrorCode::kConflict, "an earlier rotation is not finished; the next start of the server does that"};
  }
  const auto own = load_signer(system, private_key_path(directory), origin, false);
  if (!own) return own.error();
  if (!request.old_key.empty() && request.old_key != own->verifier_key()) {
    return Error{ErrorCode::kConflict, "the ledger's key is another one by now; ask again"};
  }
  auto [signer, line] = make_signer(origin);
  auto statement = open_key_statement(make_key_statement(*own, signer, now, now + request.both_for, request.reason));
  if (!statement) return std::move(statement).error();
  if (auto kept = prepare_rotation(system, directory, *statement, line); !kept) return std::move(kept).error();
  JsonWriter json;
  json.begin_object().member("at", format_time(now)).member("both_until", format_time(statement->both_until));
  json.member_if("by", request.by).member("new", statement->new_key).member("old", statement->old_key);
  json.member("reason", statement->reason).member("statement", statement->note).end_object();
  return PreparedRotation{*std::move(statement), std::move(signer), json.take()};
}

}  // namespace reeve::ledger
