#include "ledger/evidence.h"

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kPacksMax = 1000;

std::string readme(const Contradiction& what, Instant now) {
  std::string text = "# Two checkpoints of " + printable(what.origin, 256) + " that do not go together\n\n";
  text += "Found by this witness at " + format_time(now) + ". The log is named above; `log.vkey` is its key.\n\n";
  text +=
      "| file | what |\n|---|---|\n"
      "| `seen.checkpoint` | the log's checkpoint of " +
      std::to_string(what.seen_size) +
      " entries, which this witness cosigned earlier |\n"
      "| `submitted.checkpoint` | the log's checkpoint of " +
      std::to_string(what.submitted_size) +
      " entries, which came now |\n"
      "| `submitted.proof` | the old size and the consistency proof that came with it |\n"
      "| `log.vkey` | the key that signed both |\n\n";
  if (what.certain) {
    text +=
        "Both are signed by the log, have the same size, and have different roots. That cannot happen to a log that "
        "only grows: **it has told two different stories**, or somebody else has its key. The two files are the whole "
        "proof; nobody has to trust this witness.\n";
  } else {
    text +=
        "The log signed both, but the proof that the second goes on from the first does not hold. Either the log's "
        "history was changed, or whoever sent it sent a wrong proof: anybody who has a checkpoint can send one. To "
        "tell "
        "which, ask the log's owner for a right proof between the two:\n\n"
        "    reeve ledger consistency seen.checkpoint\n\n"
        "If the owner cannot give one, the history was changed.\n";
  }
  text +=
      "\nWhat to do: keep this folder, copy it to somewhere else, and tell whoever relies on the log and whoever runs "
      "it. A log that was restored from an old copy and then written to gives the same picture as one that was "
      "tampered with; its owner has to show which entries differ.\n";
  return text;
}

}  // namespace

EvidenceFolder::EvidenceFolder(FileSystem& system, std::string directory)
    : system_(system), directory_(std::move(directory)) {}

std::optional<std::string> EvidenceFolder::keep(const Contradiction& what, Instant now) {
  const std::string name = to_hex(as_bytes(sha256(what.seen + what.submitted)).substr(0, 8));
  std::string path = directory_ + "/" + name;
  std::vector<std::string> packs;
  system_.list(directory_, &packs);
  for (const std::string& pack : packs) {
    if (pack == name) return std::nullopt;
  }
  log_error(what.certain ? "SPLIT VIEW: a log signed two roots for one size"
                         : "a signed checkpoint came with a proof that does not hold",
            {{"log", what.origin},
             {"seen_size", what.seen_size},
             {"submitted_size", what.submitted_size},
             {"evidence", packs.size() < kPacksMax ? path : "not kept: there are too many packs"}});
  if (packs.size() >= kPacksMax) return std::nullopt;
  // Written aside and named at the end, so that there is no half of a pack.
  const std::string draft = path + ".new";
  Result<void> written = make_directory(system_, draft, 0750);
  const std::pair<std::string_view, std::string> files[] = {{"seen.checkpoint", what.seen},
                                                            {"submitted.checkpoint", what.submitted},
                                                            {"submitted.proof", std::string(what.lines)},
                                                            {"log.vkey", what.log_keys},
                                                            {"README.md", readme(what, now)}};
  for (const auto& [file, content] : files) {
    if (written) written = replace_file(system_, draft + "/" + std::string(file), content, Writing::kDurable, 0640);
  }
  if (written && system_.rename(draft, path) != 0) written = file_error("rename", draft, errno);
  if (written) written = sync_directory(system_, directory_);
  if (written) return path;
  log_error("evidence cannot be kept", {{"why", written.error().message}});
  return std::nullopt;
}

}  // namespace reeve::ledger
