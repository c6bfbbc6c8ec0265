#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"
#include "evidence/progress_count.h"

namespace reeve::evidence {

namespace {

/// Keeps the samples of lowest rank; see Sample.
class Sampler {
 public:
  Sampler(const Sha256& root, std::size_t size) : seed_(to_base64(as_bytes(root))), size_(size) {}

  void offer(std::vector<Sample>& samples, std::string_view name, const ledger::StoredEntry& stored) const {
    const Sha256 rank = sha256(seed_ + "\n" + std::string(name) + "\n" + std::to_string(stored.index));
    const auto place =
        std::find_if(samples.begin(), samples.end(), [&](const Sample& sample) { return rank < sample.rank; });
    if (place == samples.end() && samples.size() >= size_) return;
    samples.insert(place, {rank, stored.index, std::string(stored.bytes)});
    if (samples.size() > size_) samples.pop_back();
  }

 private:
  std::string seed_;
  std::size_t size_;
};

/// Finds the times in which nothing was recorded, from the entries that starts and failures leave.
class DownWatch {
 public:
  void see(std::uint64_t index, Instant time, const JsonValue& entry, bool in_period, std::vector<DownSpan>& down) {
    const std::string_view kind = entry["kind"].string_or("");
    if (in_period && kind == "service.started" && last_) {
      down.push_back({*last_, time, index, stopped_ ? "stopped" : "ended unasked", 0});
    }
    if (in_period && kind == "ledger.gap") {
      const auto since = parse_time(entry.at("detail.since").string_or(""));
      down.push_back({since ? *since : time, time, index, "records lost", entry.at("detail.lost").int_or(0)});
    }
    stopped_ = kind == "service.stopped";
    last_ = time;
  }

 private:
  std::optional<Instant> last_;
  bool stopped_ = false;
};

struct SignedCheckpoint {
  std::string note;
  ledger::Checkpoint checkpoint;
};

/// The newest; what witnesses cosigned is preferred where it signs no less.
Result<SignedCheckpoint> newest_checkpoint(ledger::LogReader& reader, const std::filesystem::path& ledger,
                                           const std::string& key) {
  auto note = reader.checkpoint();
  if (!note) return std::move(note).error();
  auto checkpoint = ledger::open_checkpoint(*note, key);
  if (!checkpoint) return std::move(checkpoint).error();
  const auto cosigned = ledger::read_cosigned_checkpoint(ledger);
  if (cosigned) {
    const auto other = ledger::open_checkpoint(*cosigned, key);
    if (other && other->size == checkpoint->size) return SignedCheckpoint{*cosigned, *other};
  }
  return SignedCheckpoint{*std::move(note), *std::move(checkpoint)};
}

bool meets_any(const std::vector<Condition>& conditions, const JsonValue& entry) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const Condition& condition) { return condition.filter.matches(entry); });
}

void sort_into(StreamFound& found, const ledger::StoredEntry& stored, const JsonValue& entry, const Sampler& sampler) {
  if (!meets_any(found.stream->entries, entry)) return;
  found.entries.add(stored.index);
  sampler.offer(found.samples, found.stream->name, stored);
  for (FigureFound& figure : found.figures) {
    if (!figure.figure->when.filter.matches(entry)) continue;
    figure.entries.add(stored.index);
    if (figure.figure->exception) {
      sampler.offer(figure.samples, found.stream->name + "/" + figure.figure->name, stored);
    }
  }
}

Result<void> choose(Assessment& assessment, const Catalogue& catalogue) {
  for (const std::string& name : assessment.question.frameworks) {
    const Framework* framework = catalogue.find(name);
    if (framework == nullptr) {
      return Error{ErrorCode::kNotFound, "there is no framework '" + printable(name, 60) +
                                             "'; 'reeve ledger evidence --list' prints those that there are"};
    }
    assessment.frameworks.push_back(framework);
    for (const Control& control : framework->controls) {
      for (const std::string& wanted : control.streams) {
        const Stream& stream = catalogue.streams.find(wanted)->second;
        StreamFound found{&stream, {}, {}, {}};
        for (const Figure& figure : stream.figures) found.figures.push_back({&figure, {}, {}});
        assessment.streams.emplace(wanted, std::move(found));
      }
    }
  }
  return {};
}

Result<void> count(ledger::LogReader& reader, Assessment& assessment, const Progress& progress) {
  const Question& question = assessment.question;
  const std::uint64_t begin = reader.first_at(question.from);
  ProgressCount done(progress, reader.size() - std::min(begin, reader.size()));
  const Sampler sampler(assessment.checkpoint.root, question.samples);
  DownWatch watch;
  std::optional<Error> unreadable;
  auto read = reader.read(begin, [&](const ledger::StoredEntry& stored) {
    if (!done.one_more()) {
      unreadable = ProgressCount::given_up();
      return false;
    }
    const auto document = JsonDocument::parse(stored.bytes);
    const auto time = document ? parse_time(document->root()["time"].string_or("")) : Result<Instant>(Instant{});
    if (!document || !time) {
      unreadable = Error{ErrorCode::kCorrupt,
                         "entry " + std::to_string(stored.index) + " cannot be read; 'reeve ledger verify' says more"};
      return false;
    }
    if (*time >= question.until) return false;
    const JsonValue entry = document->root();
    const bool is_signed = stored.index < assessment.checkpoint.size;
    const bool in_period = *time >= question.from && is_signed;
    watch.see(stored.index, *time, entry, in_period, assessment.down);
    if (!is_signed && *time >= question.from) ++assessment.not_signed;
    if (!in_period) return true;
    assessment.period.add(stored.index);
    for (auto& [name, found] : assessment.streams) sort_into(found, stored, entry, sampler);
    return true;
  });
  if (unreadable) return *std::move(unreadable);
  return read;
}

}  // namespace

Result<Assessment> assess(const std::filesystem::path& ledger, const Catalogue& catalogue, Question question,
                          const Progress& progress) {
  Assessment assessment;
  assessment.question = std::move(question);
  if (auto chosen = choose(assessment, catalogue); !chosen) return std::move(chosen).error();
  auto reader = ledger::LogReader::open(ledger);
  if (!reader) return std::move(reader).error();
  auto key = (*reader)->verifier_key();
  if (!key) return std::move(key).error();
  auto checkpoint = newest_checkpoint(**reader, ledger, *key);
  if (!checkpoint) return std::move(checkpoint).error();
  assessment.verifier_key = *std::move(key);
  assessment.checkpoint_note = std::move(checkpoint->note);
  assessment.checkpoint = std::move(checkpoint->checkpoint);
  if (auto counted = count(**reader, assessment, progress); !counted) return std::move(counted).error();
  assessment.whole = assessment.period.count() <= assessment.question.entries_max;
  return assessment;
}

// ---- Controls

ControlState state_of(const Assessment& assessment, const Framework& framework, const Control& control) {
  ControlState state;
  for (const std::string& name : control.streams) {
    const StreamFound& found = assessment.streams.find(name)->second;
    if (!found.stream->gap.empty()) {
      state.gaps.emplace_back(name);
    } else if (found.stream->proofs ? assessment.period.count() > 0 : found.entries.count() > 0) {
      state.with_entries.emplace_back(name);
    } else {
      state.without_entries.emplace_back(name);
    }
    // What proofs prove is every entry of the pack, and belongs to no control more than to another.
    state.entries.unite(found.entries);
  }
  IndexSet exceptions;
  for (const std::string& name : control.streams) {
    for (const FigureFound& figure : assessment.streams.find(name)->second.figures) {
      if (figure.figure->exception) exceptions.unite(figure.entries);
    }
  }
  state.exceptions = exceptions.count();
  const bool complete = state.without_entries.empty() && state.gaps.empty();
  if (!state.with_entries.empty()) {
    state.name = complete ? "evidenced" : "partly";
  } else {
    state.name = state.without_entries.empty() ? "gap" : "no entries";
  }
  for (const LegalDate& date : framework.dates) {
    const auto& ids = date.controls;
    if (ids.empty() || std::find(ids.begin(), ids.end(), control.id) != ids.end()) state.date = &date;
  }
  state.applies = state.date == nullptr || state.date->from < assessment.question.until;
  return state;
}

Coverage coverage_of(const Assessment& assessment, const Framework& framework) {
  Coverage coverage;
  for (const Control& control : framework.controls) {
    const ControlState state = state_of(assessment, framework, control);
    ++coverage.controls;
    if (state.name == "evidenced") {
      ++coverage.evidenced;
      if (control.strength == "direct") ++coverage.direct;
    }
    if (state.name == "partly") ++coverage.partly;
    if (state.name == "no entries") ++coverage.no_entries;
    if (state.name == "gap") ++coverage.gap;
  }
  return coverage;
}

Coverage coverage_of(const Assessment& assessment) {
  Coverage sum;
  for (const Framework* framework : assessment.frameworks) {
    const bool counted_in_another =
        std::any_of(assessment.frameworks.begin(), assessment.frameworks.end(),
                    [&](const Framework* other) { return other->name == framework->part_of; });
    if (counted_in_another) continue;
    const Coverage one = coverage_of(assessment, *framework);
    sum.controls += one.controls;
    sum.evidenced += one.evidenced;
    sum.partly += one.partly;
    sum.no_entries += one.no_entries;
    sum.gap += one.gap;
    sum.direct += one.direct;
  }
  return sum;
}

}  // namespace reeve::evidence
