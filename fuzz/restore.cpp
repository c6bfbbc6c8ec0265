// Redacting and restoring: any text with any spans replaced comes back as it was, whole and in any pieces; any answer
// is judged the same whole and in pieces. The first four bytes choose the form and the spans.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "content/json_text.h"
#include "core/check.h"
#include "core/json.h"

namespace {

using reeve::BodyText;
using reeve::TextForm;
using reeve::content::Replacement;
using reeve::content::Restorer;
using reeve::content::Vault;

Vault::Options vault_options() {
  Vault::Options options;
  options.key = std::string(32, 'k');
  return options;
}

/// Halves of characters, which plain text cannot hold, as a restorer writes them.
std::string without_halves(std::string_view text) {
  std::string out;
  reeve::content::append_plain(out, text);
  return out;
}

struct Restored {
  bool ok = true;
  std::string text;
};

template <typename NextSize>
Restored restore(const Vault::Session& session, Restorer::Writing writing, std::string_view text, NextSize next_size) {
  Restorer restorer(session, writing);
  Restored restored;
  while (restored.ok && !text.empty()) {
    const std::string piece(text.substr(0, next_size()));
    restored.ok = restorer.feed(piece, restored.text).ok();
    CHECK(restorer.held_back() <= reeve::content::kPlaceholderBytes);
    text.remove_prefix(piece.size());
  }
  restored.ok = restored.ok && restorer.end(restored.text).ok();
  return restored;
}

std::vector<Replacement> some_spans(std::minstd_rand& random, std::size_t begin, std::size_t end, bool only_tokens) {
  using reeve::content::RedactWith;
  std::vector<Replacement> spans;
  for (std::size_t at = begin; at < end && spans.size() < 20;) {
    const std::size_t start = at + random() % 40;
    const std::size_t span_end = start + 1 + random() % 20;
    if (span_end > end) break;
    const auto with = only_tokens ? RedactWith::kToken : static_cast<RedactWith>(random() % 3);
    spans.push_back({start, span_end, with, random() % 2 == 0 ? "secret" : "pii", "some-token"});
    at = span_end;
  }
  return spans;
}

void check_answer(const Vault::Session& session, std::string_view text, unsigned seed) {
  const auto writing = seed % 2 == 0 ? Restorer::Writing::kPlain : Restorer::Writing::kInsideJson;
  const Restored whole = restore(session, writing, text, [&text] { return text.size(); });
  std::minstd_rand random(seed);
  for (const std::size_t piece_max : {std::size_t{1}, std::size_t{30}}) {
    const Restored pieces = restore(session, writing, text, [&] { return 1 + random() % piece_max; });
    CHECK(whole.ok == pieces.ok);
    CHECK(!whole.ok || whole.text == pieces.text);
  }
}

void check_plain(const Vault::Session& session, std::string_view text, std::minstd_rand& random) {
  const std::vector<BodyText> texts = {{0, text.size(), TextForm::kPlain, reeve::TextOrigin::kUser}};
  const std::vector<Replacement> spans = some_spans(random, 0, text.size(), true);
  // Text may hold a part of a placeholder that this very text brings about: so the second time settles it.
  auto redacted = redact(text, texts, spans, session);
  for (int again = 0; again < 3 && redacted.ok(); ++again) redacted = redact(text, texts, spans, session);
  CHECK(redacted.ok());
  const Restored back = restore(session, Restorer::Writing::kPlain, *redacted, [&random] { return 1 + random() % 30; });
  CHECK(back.ok);
  CHECK(without_halves(back.text) == without_halves(text));
}

void check_json(const Vault::Session& session, std::string_view text, bool is_value, std::minstd_rand& random) {
  const std::string body = is_value ? std::string(text) : "\"" + std::string(text) + "\"";
  const auto before = reeve::JsonDocument::parse(body);
  if (!before) return;
  const std::size_t edge = is_value ? 0 : 1;
  const auto origin = random() % 2 == 0 ? reeve::TextOrigin::kToolArguments : reeve::TextOrigin::kUser;
  const TextForm form = is_value ? TextForm::kJsonValue : TextForm::kJsonString;
  const auto redacted = redact(body, {{edge, body.size() - 2 * edge, form, origin}},
                               some_spans(random, edge, body.size() - edge, false), session);
  CHECK(redacted.ok());
  CHECK(reeve::JsonDocument::parse(*redacted).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 4, size - 4);
  Vault vault(vault_options());
  const Vault::Session session = vault.session("dev@example.com", "one");
  const std::string known = session.placeholder("secret", "hunter2").value();
  CHECK(session.value(known) == "hunter2");
  std::minstd_rand random(data[1] + 1U);
  // A dollar stands for a placeholder of the session: no fuzzer finds one.
  std::string answer;
  for (const char c : text) answer += c == '$' ? known : std::string(1, c);
  check_answer(session, answer, data[2]);
  check_plain(session, answer, random);
  check_json(session, answer, data[0] % 2 == 0, random);
  return 0;
}
