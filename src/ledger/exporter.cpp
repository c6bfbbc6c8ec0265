#include <algorithm>

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/entry_json.h"
#include "ledger/export_position.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

namespace {

constexpr Duration kLookInterval = std::chrono::milliseconds(200);
/// So often at most the position is written: a disk that also holds the log has better things to sync.
constexpr Duration kKeepInterval = std::chrono::seconds(1);
/// A look goes no further, so that a long log of unwanted entries does not keep the thread from stopping.
constexpr std::uint64_t kEntriesOfALook = 20'000;
constexpr std::string_view kProgressKind = "ledger.exported";

}  // namespace

Result<std::unique_ptr<Exporter>> Exporter::create(Options options, std::unique_ptr<ExportSink> sink) {
  const std::string& condition = options.settings.filter;
  auto filter = EntryFilter::compile(condition.empty() ? "true" : condition);
  if (!filter) return with_context(filter.error(), "the filter of the export " + options.settings.name);
  return std::unique_ptr<Exporter>(new Exporter(std::move(options), *std::move(filter), std::move(sink)));
}

Exporter::Exporter(Options options, EntryFilter filter, std::unique_ptr<ExportSink> sink)
    : options_(std::move(options)),
      filter_(std::make_unique<const EntryFilter>(std::move(filter))),
      sink_(std::move(sink)),
      records_(options_.mapping, options_.source, options_.settings.filter.empty() ? nullptr : filter_.get()) {
  status_.name = options_.settings.name;
}

Exporter::~Exporter() = default;

/// A position that was lost is found again in the ledger, which knows about where this sink was, and never less.
Result<ExportPosition> Exporter::begin_without_position() {
  const std::uint64_t end = reader_->size();
  std::optional<std::uint64_t> told;
  auto read = reader_->read(0, [&](const StoredEntry& stored) {
    if (stored.index >= end) return false;
    if (read_entry_facts(stored.bytes).kind != kProgressKind) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (document && document->root().at("detail.sink").string_or("") == options_.settings.name) {
      told = static_cast<std::uint64_t>(document->root().at("detail.to").int_or(0));
    }
    return true;
  });
  if (!read) return std::move(read).error();
  const std::uint64_t next = told.value_or(options_.settings.from_start ? 0 : end);
  // A span may need an intent from further back; one that is not found again is made of its outcome.
  return ExportPosition{next, next};
}

Result<void> Exporter::begin() {
  auto reader = LogReader::open(options_.ledger);
  if (!reader) return std::move(reader).error();
  reader_ = *std::move(reader);
  const auto file = export_position_file(options_.directory, options_.settings.name);
  auto position = read_export_position(file, options_.source.log);
  const bool known = position.ok();
  if (!known) {
    if (position.error().code != ErrorCode::kNotFound) {
      log_warning("the position of an export is looked for in the ledger",
                  {{"export", options_.settings.name}, {"why", position.error().message}});
    }
    position = begin_without_position();
    if (!position) return std::move(position).error();
  }
  if (const std::uint64_t size = reader_->size(); position->next > size) {
    log_warning("the ledger is shorter than what was exported of it; the export goes on at its end",
                {{"export", options_.settings.name}, {"position", position->next}, {"entries", size}});
    position = ExportPosition{size, size};
  }
  acknowledged_ = told_ = position->next;
  read_next_ = std::min(position->read_from, position->next);
  batch_ = records_.empty_batch(acknowledged_);
  kept_ = acknowledged_;
  begun_ = true;
  if (known) return {};
  // From here on the ledger can tell where the export began, should the file be lost.
  news_to_tell_ = true;
  tell_progress(true);
  return write_export_position(file, options_.source.log, *position);
}

/// Reads on until the batch is full or the log at its end.
Result<void> Exporter::fill() {
  const ExportSettings& settings = options_.settings;
  std::uint64_t looked_at = 0;
  return reader_->read(read_next_, [&](const StoredEntry& stored) {
    read_next_ = stored.index + 1;
    if (stored.index < acknowledged_) {
      static_cast<void>(records_.record(stored));
      return ++looked_at < kEntriesOfALook;
    }
    if (batch_.records.empty()) batch_begun_ = options_.clock->steady();
    records_.add(batch_, stored);
    if (read_entry_facts(stored.bytes).kind != kProgressKind) news_to_tell_ = true;
    return ++looked_at < kEntriesOfALook && batch_.records.size() < settings.entries_max &&
           batch_.bytes < settings.bytes_max;
  });
}

void Exporter::note_failure(const std::string& why) {
  const ExportSettings& settings = options_.settings;
  Duration wait = settings.first;
  for (int i = 0; i < failed_ && wait < settings.longest; ++i) wait *= 2;
  next_attempt_ = options_.clock->steady() + std::min(wait, settings.longest);
  if (failed_++ == 0) log_warning("an export is held up and is tried again", {{"export", settings.name}, {"why", why}});
  write_trouble(export_trouble_file(options_.directory, settings.name), printable(why, 500));
  const std::lock_guard lock(mutex_);
  ++status_.failures;
  status_.failed_in_a_row = failed_;
  status_.last_error = printable(why, 500);
}

void Exporter::note_success() {
  if (failed_ > 0) {
    log_info("an export goes on", {{"export", options_.settings.name}, {"attempts", failed_ + 1}});
    remove_trouble(export_trouble_file(options_.directory, options_.settings.name));
  }
  failed_ = 0;
  const std::lock_guard lock(mutex_);
  status_.failed_in_a_row = 0;
  status_.last_error.clear();
}

void Exporter::deliver() {
  if (auto done = sink_->deliver(batch_, options_.clock->now()); !done) return note_failure(done.error().message);
  note_success();
  acknowledged_ = batch_.end;
  {
    const std::lock_guard lock(mutex_);
    status_.records += batch_.records.size();
  }
  batch_ = records_.empty_batch(acknowledged_);
}

void Exporter::keep_position() {
  if (kept_ == acknowledged_) return;
  const Moment now = options_.clock->steady();
  const auto file = export_position_file(options_.directory, options_.settings.name);
  auto kept = write_export_position(file, options_.source.log, {acknowledged_, records_.needed_from(acknowledged_)});
  last_kept_ = now;
  if (kept) {
    kept_ = acknowledged_;
  } else {
    log_error("the position of an export cannot be kept; after a restart entries are sent again",
              {{"export", options_.settings.name}, {"why", kept.error().message}});
  }
}

void Exporter::tell_progress(bool at_once) {
  const Moment now = options_.clock->steady();
  if (!news_to_tell_ || (!at_once && now - last_told_ < options_.settings.progress)) return;
  JsonWriter detail;
  detail.begin_object().member("format", options_.settings.format).member("from", told_);
  detail.member("sink", options_.settings.name).member("to", acknowledged_).end_object();
  options_.tell(detail.text());
  told_ = acknowledged_;
  last_told_ = now;
  news_to_tell_ = false;
}

Duration Exporter::step() {
  const Moment now = options_.clock->steady();
  if (failed_ > 0 && now < next_attempt_) {
    // The log grows meanwhile, and so does the lag that others look at.
    if (const std::uint64_t size = begun_ ? reader_->size() : 0; begun_) {
      const std::lock_guard lock(mutex_);
      status_.log_size = size;
    }
    return std::min<Duration>(next_attempt_ - now, kLookInterval);
  }
  if (auto begun = begun_ ? Result<void>() : begin(); !begun) {
    note_failure(begun.error().message);
    return kLookInterval;
  }
  const ExportSettings& settings = options_.settings;
  const auto full = [&] { return batch_.records.size() >= settings.entries_max || batch_.bytes >= settings.bytes_max; };
  const std::uint64_t before = read_next_;
  if (!full()) {
    if (auto filled = fill(); !filled) {
      note_failure(filled.error().message);
      return kLookInterval;
    }
  }
  if (batch_.records.empty()) {
    acknowledged_ = std::max(acknowledged_, batch_.end);
    batch_ = records_.empty_batch(acknowledged_);
    if (failed_ > 0) note_success();
  } else if (full() || failed_ > 0 || now - batch_begun_ >= settings.wait) {
    deliver();
  }
  const bool idle = read_next_ == before && batch_.records.empty();
  if (idle || now - last_kept_ >= kKeepInterval) keep_position();
  if (acknowledged_ > told_) tell_progress(false);
  const std::uint64_t size = reader_->size();
  const std::lock_guard lock(mutex_);
  status_.acknowledged = acknowledged_;
  status_.log_size = size;
  return read_next_ < size && failed_ == 0 ? Duration::zero() : kLookInterval;
}

void Exporter::finish() {
  if (!begun_) return;
  keep_position();
  if (acknowledged_ > told_) tell_progress(true);
}

ExportStatus Exporter::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace reeve::ledger
