#include <algorithm>

#include "content/json_text.h"
#include "content/placeholder.h"
#include "content/redaction.h"

namespace reeve::content {

namespace {

Error damaged() {
  return {ErrorCode::kCorrupt,
          "A protected value came back from the model in a damaged form, so the original cannot be put back safely and "
          "the answer was stopped here. Send the request again; if it happens again, ask the model to copy the names "
          "that begin with RV exactly as they are."};
}

Error unknown() {
  return {
      ErrorCode::kNotFound,
      "The answer names a protected value that is not known in this session, so the original cannot be put back and "
      "the answer was stopped here. The value has expired, or belongs to another session: start a new session, or "
      "send again the file or text that held it."};
}

}  // namespace

Restorer::Restorer(Vault::Session session, Writing writing) : session_(std::move(session)), writing_(writing) {}

Result<void> Restorer::feed(std::string_view text, std::string& out) {
  if (failed_) return damaged();
  const std::size_t before = out.size();
  // Joined only while something is held back, which is never more than a placeholder.
  const bool joined = !held_.empty();
  if (joined) held_.append(text);
  auto passed = pass(joined ? std::string_view(held_) : text, false, out);
  if (!passed) {
    failed_ = true;
    held_.clear();
    out.resize(before);
    return std::move(passed).error();
  }
  if (joined) {
    held_.erase(0, *passed);
  } else {
    held_.assign(text.substr(*passed));
  }
  return {};
}

Result<void> Restorer::end(std::string& out) {
  if (failed_) return damaged();
  const std::size_t before = out.size();
  auto passed = pass(held_, true, out);
  held_.clear();
  if (passed) return {};
  failed_ = true;
  out.resize(before);
  return std::move(passed).error();
}

/// Passes on what is settled; says how many bytes of `text` that were.
Result<std::size_t> Restorer::pass(std::string_view text, bool is_end, std::string& out) {
  std::size_t passed = 0;
  while (true) {
    const std::size_t start = find_placeholder_start(text, passed);
    out.append(text.substr(passed, start - passed));
    if (start >= text.size()) return text.size();
    passed = start;
    if (auto judged = judge(text.substr(start), is_end, out, passed); !judged) return std::move(judged).error();
    if (passed == start) return passed;  // held back
  }
}

/// What begins at `text` may be a placeholder: an original is written for it, it is passed on as text, it is an error,
/// or more must be seen first and nothing changes.
Result<void> Restorer::judge(std::string_view text, bool is_end, std::string& out, std::size_t& passed) {
  const std::string_view run = leading_run(text);
  const std::string_view whole = run.substr(0, std::min(run.size(), kPlaceholderBytes));
  if (has_placeholder_shape(whole)) {
    if (!is_sound_placeholder(whole)) return damaged();
    const std::optional<std::string> original = session_.value(whole);
    if (!original) return unknown();
    if (writing_ == Writing::kInsideJson) {
      append_json_inside(out, *original);
    } else {
      append_plain(out, *original);
    }
    ++restored_;
    passed += kPlaceholderBytes;
    return {};
  }
  const bool may_grow = run.size() == text.size() && run.size() <= kPlaceholderBytes;
  if (may_grow && !is_end) return {};
  if (session_.resembles_placeholder(run)) return damaged();
  out += text[0];
  ++passed;
  return {};
}

}  // namespace reeve::content
