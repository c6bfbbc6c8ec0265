// `reeve ledger content` and `reeve ledger erase`: reading and erasing the sealed content of calls. Both leave a note
// for the ledger before they do anything.

#include <unistd.h>

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/content_setup.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// The sealed records of a call, in the order of its entries.
Result<std::vector<ledger::SealedContent>> find_sealed(const Common& common, const std::string& request_id) {
  auto reader = open_ledger(common);
  if (!reader) return std::move(reader).error();
  std::vector<ledger::SealedContent> found;
  JsonWriter wanted;
  wanted.value(request_id);
  auto read = (*reader)->read(0, [&](const ledger::StoredEntry& stored) {
    if (stored.bytes.find(wanted.text()) == std::string_view::npos) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document || document->root()["request_id"].string_or("") != request_id) return true;
    const JsonValue sealed = document->root().at("content.sealed");
    if (!sealed.present()) return true;
    found.push_back({std::string(sealed["commitment"].string_or("")), std::string(sealed["kind"].string_or("")),
                     static_cast<std::uint64_t>(sealed["segment"].int_or(0)),
                     static_cast<std::uint64_t>(sealed["offset"].int_or(0))});
    return true;
  });
  if (!read) return std::move(read).error();
  if (found.empty()) {
    return Error{ErrorCode::kNotFound, "the ledger names no kept content for '" + printable(request_id, 80) +
                                           "': there is no such call, or 'ledger: {content: sealed}' was not set then"};
  }
  return found;
}

std::string read_note(const ContentArguments& arguments) {
  JsonWriter json;
  json.begin_object().member("at", format_time(system_clock().now()));
  json.member("by", arguments.by.empty() ? system_user_name() : arguments.by);
  json.member_if("reason", trim(arguments.reason));
  return json.member("request_id", arguments.request_id).end_object().take();
}

/// The sentence on the legal hold that keeps a subject's content; empty when none does.
std::string hold_on(const std::filesystem::path& data, const std::string& key, const std::string& subject) {
  const auto holds = ledger::content_holds(content_directory(data), key);
  if (!holds) return "the legal holds cannot be read: " + holds.error().message;
  for (const ledger::ContentHold& hold : *holds) {
    if (!hold.subject.empty() && hold.subject != subject) continue;
    return "a legal hold by " + printable(hold.by) + " since " + format_time(hold.since).substr(0, 10) +
           " keeps this content (" + printable(hold.reason, 200) + "); 'reeve ledger hold release' ends it";
  }
  return {};
}

void print_content(const ledger::OpenedContent& content, bool several) {
  // Whoever wrote the content may have meant it for a terminal; a file gets it byte for byte.
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  if (several || is_terminal) {
    std::fprintf(stderr, "%s\n", dim(content.kind + ", " + format_time(content.time)).c_str());
  }
  const std::string shown = is_terminal ? printable(content.bytes, content.bytes.size() * 4) : content.bytes;
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  if (is_terminal || several) std::fputc('\n', stdout);
}

void write_content(JsonWriter& json, const ledger::OpenedContent& content) {
  json.begin_object().member("kind", content.kind).member("time", format_time(content.time));
  if (is_utf8(content.bytes)) {
    json.member("text", content.bytes);
  } else {
    json.member("base64", to_base64(content.bytes));
  }
  json.end_object();
}

}  // namespace

int ledger_content_command(const Common& common, const ContentArguments& arguments) {
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const auto found = find_sealed(common, arguments.request_id);
  if (!found) return fail(common, kFailed, found.error().message);
  const auto key = content_key(common);
  if (!key) return fail(common, kFailed, key.error().message);
  if (auto noted = leave_note(common, "ledger.read", read_note(arguments)); !noted) {
    return fail(common, kFailed, "not shown, because it cannot be recorded: " + noted.error().message);
  }
  JsonWriter json;
  json.begin_object().member("request_id", arguments.request_id).key("content").begin_array();
  for (const ledger::SealedContent& sealed : *found) {
    const auto opened = ledger::open_content(content_directory(*data), *key, sealed);
    if (!opened) return fail(common, kFailed, sealed.kind + ": " + opened.error().message);
    if (common.json) {
      write_content(json, *opened);
    } else {
      print_content(*opened, found->size() > 1);
    }
  }
  if (common.json) std::printf("%s\n", json.end_array().end_object().text().c_str());
  return kDone;
}

int ledger_erase_command(const Common& common, const EraseArguments& arguments) {
  const std::string subject(trim(arguments.subject));
  const std::string reason(trim(arguments.reason));
  if (subject.empty()) return fail(common, kWrongUse, "--subject: whose content is to be erased, as entries name them");
  if (reason.empty()) return fail(common, kWrongUse, "--reason: an erasure is recorded with its reason");
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const auto key = content_key(common);
  const std::string held = key ? hold_on(*data, *key, subject) : std::string();
  JsonWriter note;
  note.begin_object().member("at", format_time(system_clock().now()));
  note.member("by", arguments.by.empty() ? system_user_name() : arguments.by).member_if("held", held);
  note.member("reason", reason).member("subject", subject).end_object();
  const std::string_view kind = held.empty() ? "content.erased" : "content.erasure_refused";
  if (auto noted = leave_note(common, kind, note.text()); !noted) {
    return fail(common, kFailed, "nothing was erased, because it cannot be recorded: " + noted.error().message);
  }
  if (!held.empty()) return fail(common, kAnswerIsNo, "not erased: " + held);

  bool erased = false;
  if (key) {
    const auto destroyed = ledger::erase_content(content_directory(*data), *key, subject);
    if (!destroyed) return fail(common, kFailed, "not erased: " + destroyed.error().message);
    erased = *destroyed;
  } else if (key.error().code != ErrorCode::kNotFound) {
    return fail(common, kFailed, "not erased: " + key.error().message);
  }
  // Originals behind placeholders, too. A running server forgets its own when it records the note.
  auto store = open_store(common, false);
  if (!store) return fail(common, kFailed, store.error().message);
  const auto root = vault_key(*data);
  if (!root) return fail(common, kFailed, root.error().message);
  content::Vault::Options options;
  options.key = *root;
  options.store = &(*store)->placeholders();
  content::Vault vault(std::move(options));
  if (auto forgotten = vault.forget(subject); !forgotten) return fail(common, kFailed, forgotten.error().message);

  if (common.json) {
    JsonWriter json;
    json.begin_object().member("subject", subject).member("had_content", erased).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n", erased
                            ? "Erased: the key of this subject's content is destroyed. Its proofs in the ledger hold."
                            : "There was no kept content of this subject. What stood behind placeholders is gone.");
  }
  return kDone;
}

}  // namespace reeve::app
