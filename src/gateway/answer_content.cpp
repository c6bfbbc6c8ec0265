#include "gateway/answer_content.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::gateway {

namespace {

/// A word longer than this does not wait for its end: whatever it is, a client must not wait for ever.
constexpr std::size_t kHeldBytesMax = 1024;

/// Bytes of which secrets and identifiers are made. Anything else ends a word.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z') ||
         std::string_view("_-+/=.~%$@:&#").find(c) != std::string_view::npos;
}

/// How much of the end of `text` is a word that may go on.
std::size_t unfinished_word(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && size < kHeldBytesMax && is_word_byte(text[text.size() - 1 - size])) ++size;
  return size == kHeldBytesMax ? 0 : size;
}

TextOrigin origin_of(wire::AnswerFilter::Kind kind) {
  return kind == wire::AnswerFilter::Kind::kText ? TextOrigin::kAssistant : TextOrigin::kToolArguments;
}

content::Restorer::Writing writing_of(wire::AnswerFilter::Kind kind) {
  using Writing = content::Restorer::Writing;
  return kind == wire::AnswerFilter::Kind::kToolArguments ? Writing::kInsideJson : Writing::kPlain;
}

/// What stands in the place of something taken out of an answer.
std::string mask_of(std::string_view type) {
  std::string mask = "REDACTED_";
  for (const char c : type) mask += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return mask;
}

}  // namespace

AnswerContent::Channel& AnswerContent::channel(std::uint32_t number, Kind kind) {
  const auto [at, is_new] = channels_.try_emplace(number);
  Channel& found = at->second;
  if (!is_new) return found;
  if (options_.detectors) found.scanner.emplace(options_.detectors, origin_of(kind));
  if (options_.session) found.restorer.emplace(*options_.session, writing_of(kind));
  return found;
}

// ---- Looking

Result<void> AnswerContent::judge_until(Channel& channel, std::uint64_t end) {
  const auto middle = std::stable_partition(channel.undecided.begin(), channel.undecided.end(),
                                            [end](const auto& finding) { return finding.end > end; });
  std::vector<content::Finding> whole(middle, channel.undecided.end());
  channel.undecided.erase(middle, channel.undecided.end());
  std::stable_sort(whole.begin(), whole.end(), [](const auto& a, const auto& b) {
    return std::pair(a.confidence, a.end - a.start) > std::pair(b.confidence, b.end - b.start);
  });
  for (const content::Finding& finding : whole) {
    const bool covered = std::any_of(whole.begin(), whole.end(), [&finding](const auto& better) {
      return &better < &finding && better.start < finding.end && finding.start < better.end;
    });
    if (covered) continue;
    found_.add(finding);
    std::string why;
    switch (options_.judge(found_, finding, why)) {
      case Verdict::kPass: break;
      case Verdict::kCut: return Error{ErrorCode::kDenied, std::move(why)};
      case Verdict::kTakeOut:
        found_.set_action(finding, "masked");
        channel.taken_out.push_back({finding.start, finding.end, content::RedactWith::kMask,
                                     finding.detector->class_name, finding.detector->id});
    }
  }
  std::sort(channel.taken_out.begin(), channel.taken_out.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
  return {};
}

Result<void> AnswerContent::judge_incomplete(std::string_view reason) {
  if (std::exchange(told_incomplete_, true)) return {};
  std::string why;
  if (options_.judge_incomplete(found_, reason, why) == Verdict::kPass) return {};
  return Error{ErrorCode::kDenied, std::move(why)};
}

Result<void> AnswerContent::judge(Channel& channel, std::uint64_t settled) {
  if (!channel.scanner->complete()) {
    if (auto judged = judge_incomplete(channel.scanner->incomplete_reason()); !judged) return judged;
  }
  return judge_until(channel, settled);
}

Result<std::uint64_t> AnswerContent::look_at(Channel& channel, std::string_view text) {
  if (!channel.scanner) return channel.looked += text.size();
  new_findings_.clear();
  channel.scanner->feed(text, new_findings_);
  channel.undecided.insert(channel.undecided.end(), new_findings_.begin(), new_findings_.end());
  channel.looked += text.size();
  channel.word += text;
  channel.word.erase(0, channel.word.size() - unfinished_word(channel.word));
  const std::uint64_t settled = channel.looked - channel.word.size();
  if (auto judged = judge(channel, settled); !judged) return judged.error();
  return settled;
}

Result<void> AnswerContent::look_to_the_end(Channel& channel) {
  if (channel.looked_to_the_end || !channel.scanner) return {};
  channel.looked_to_the_end = true;
  channel.word.clear();
  new_findings_.clear();
  channel.scanner->end(new_findings_);
  channel.undecided.insert(channel.undecided.end(), new_findings_.begin(), new_findings_.end());
  return judge(channel, channel.looked);
}

Result<std::uint64_t> AnswerContent::look(std::uint32_t number, Kind kind, std::string_view text) {
  return look_at(channel(number, kind), text);
}

Result<void> AnswerContent::look_end(std::uint32_t number, Kind kind) { return look_to_the_end(channel(number, kind)); }

// ---- Passing on

Result<void> AnswerContent::restore(Channel& channel, std::string_view text, std::string& out) {
  if (channel.restorer) return channel.restorer->feed(text, out);
  out += text;
  return {};
}

Result<void> AnswerContent::pass_on(Channel& channel, std::string_view text, std::string& out) {
  const std::uint64_t first = channel.passed;
  const std::uint64_t end = first + text.size();
  channel.passed = end;
  if (channel.taken_out.empty()) return restore(channel, text, out);
  std::uint64_t at = first;
  std::string passing;
  for (const content::Replacement& place : channel.taken_out) {
    if (place.end <= at || place.start >= end) continue;
    const std::uint64_t from = std::max<std::uint64_t>(place.start, at);
    passing += text.substr(at - first, from - at);
    // What began in an earlier piece, or within another place, is masked there.
    if (place.start >= at) passing += mask_of(place.type);
    at = std::min<std::uint64_t>(place.end, end);
  }
  passing += text.substr(at - first);
  std::erase_if(channel.taken_out, [end](const auto& place) { return place.end <= end; });
  return restore(channel, passing, out);
}

Result<void> AnswerContent::feed(std::uint32_t number, Kind kind, std::string_view text, std::string& out) {
  Channel& now = channel(number, kind);
  if (!now.scanner) return restore(now, text, out);
  if (now.held.empty() && now.passed + text.size() <= now.looked) return pass_on(now, text, out);
  // Not shown before, as the texts of answers that come in one piece.
  const Result<std::uint64_t> settled = look_at(now, text);
  if (!settled) return settled.error();
  now.held += text;
  const std::string ready = now.held.substr(0, *settled - now.passed);
  now.held.erase(0, ready.size());
  return pass_on(now, ready, out);
}

Result<void> AnswerContent::end(std::uint32_t number, Kind kind, std::string& out) {
  Channel& now = channel(number, kind);
  if (auto looked = look_to_the_end(now); !looked) return looked;
  if (auto passed = pass_on(now, std::exchange(now.held, {}), out); !passed) return passed;
  const Result<void> ended = now.restorer ? now.restorer->end(out) : Result<void>{};
  channels_.erase(number);
  return ended;
}

Result<void> AnswerContent::whole(std::uint32_t, Kind kind, std::string_view text, std::string& out) {
  Channel only;
  if (options_.session) only.restorer.emplace(*options_.session, writing_of(kind));
  if (options_.detectors) {
    const TextForm form = kind == Kind::kText ? TextForm::kPlain : TextForm::kJsonValue;
    const BodyText all{0, text.size(), form, origin_of(kind)};
    const content::Report& report = options_.scanner->scan(*options_.detectors, text, {&all, 1});
    only.undecided = report.findings;
    if (!report.complete) {
      if (auto judged = judge_incomplete(report.incomplete_reason); !judged) return judged;
    }
    if (auto judged = judge_until(only, text.size()); !judged) return judged;
  }
  if (auto passed = pass_on(only, text, out); !passed) return passed;
  return only.restorer ? only.restorer->end(out) : Result<void>{};
}

}  // namespace reeve::gateway
