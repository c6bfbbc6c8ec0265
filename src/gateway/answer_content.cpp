#include "gateway/answer_content.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::gateway {

namespace {

/// A word longer than this is passed on in pieces: whatever it is, a client must not wait for ever.
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

/// What stands in the place of something taken out of an answer.
std::string mask_of(std::string_view type) {
  std::string mask = "REDACTED_";
  for (const char c : type) mask += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return mask;
}

}  // namespace

AnswerContent::Channel& AnswerContent::channel(std::uint32_t number, Kind kind) {
  const auto [at, is_new] = channels_.try_emplace({number, kind});
  Channel& found = at->second;
  if (!is_new) return found;
  const bool arguments = kind != Kind::kText;
  if (options_.detectors) {
    found.scanner.emplace(options_.detectors, arguments ? TextOrigin::kToolArguments : TextOrigin::kAssistant);
  }
  if (options_.session) {
    found.restorer.emplace(*options_.session, kind == Kind::kToolArguments ? content::Restorer::Writing::kInsideJson
                                                                           : content::Restorer::Writing::kPlain);
  }
  return found;
}

Result<void> AnswerContent::judge_new(Channel& channel) {
  for (const content::Finding& finding : new_findings_) {
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
  new_findings_.clear();
  return {};
}

Result<void> AnswerContent::restore(Channel& channel, std::string_view text, std::string& out) {
  if (channel.restorer) return channel.restorer->feed(text, out);
  out += text;
  return {};
}

Result<void> AnswerContent::pass_on(Channel& channel, std::uint64_t end, std::string& out) {
  const std::uint64_t first = channel.scanned - channel.held.size();
  for (const content::Replacement& place : channel.taken_out) {
    // A place is taken out as one.
    if (place.start < end && place.end > end) end = std::max<std::uint64_t>(first, place.start);
  }
  std::uint64_t at = first;
  std::string passing;
  for (const content::Replacement& place : channel.taken_out) {
    const std::uint64_t from = std::max<std::uint64_t>(place.start, at);
    if (place.end <= at || from >= end) continue;
    passing.append(channel.held, at - first, from - at);
    passing += mask_of(place.type);
    at = std::min<std::uint64_t>(place.end, end);
  }
  if (at < end) passing.append(channel.held, at - first, end - at);
  channel.held.erase(0, end - first);
  std::erase_if(channel.taken_out, [end](const auto& place) { return place.end <= end; });
  return restore(channel, passing, out);
}

Result<void> AnswerContent::feed(std::uint32_t number, Kind kind, std::string_view text, std::string& out) {
  Channel& now = channel(number, kind);
  if (!now.scanner) return restore(now, text, out);
  now.scanner->feed(text, new_findings_);
  now.scanned += text.size();
  if (!options_.takes_out) {
    if (auto judged = judge_new(now); !judged) return judged;
    return restore(now, text, out);
  }
  now.held += text;
  if (auto judged = judge_new(now); !judged) return judged;
  return pass_on(now, now.scanned - unfinished_word(now.held), out);
}

Result<void> AnswerContent::end(std::uint32_t number, Kind kind, std::string& out) {
  const auto at = channels_.find({number, kind});
  if (at == channels_.end()) return {};
  Channel& now = at->second;
  if (now.scanner) {
    now.scanner->end(new_findings_);
    if (auto judged = judge_new(now); !judged) return judged;
    if (auto passed = pass_on(now, now.scanned, out); !passed) return passed;
  }
  Result<void> ended = now.restorer ? now.restorer->end(out) : Result<void>{};
  channels_.erase(at);
  return ended;
}

std::uint64_t AnswerContent::restored() const {
  std::uint64_t sum = 0;
  for (const auto& [key, channel] : channels_) sum += channel.restorer ? channel.restorer->restored() : 0;
  return sum;
}

}  // namespace reeve::gateway
