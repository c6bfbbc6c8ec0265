#include <algorithm>

#include "content/json_text.h"
#include "content/placeholder.h"
#include "content/redaction.h"
#include "core/json.h"

namespace reeve::content {

namespace {

constexpr std::size_t kToolArgumentsDepthMax = 128;

/// A piece of the body that is written anew.
struct Splice {
  std::size_t start = 0, end = 0;
  std::string written;
};

/// What may stand before and behind a value that stood outside of quotes.
enum class Quotes { kNone, kPlain, kEscaped };

/// Where a value stands, and the value decoded.
struct Place {
  std::size_t start = 0, end = 0;
  std::string value;
  Quotes quotes = Quotes::kNone;
};

bool is_utf8_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// To whole UTF-8 characters, where it is UTF-8.
void widen_to_characters(std::string_view text, std::size_t& start, std::size_t& end) {
  for (int i = 0; i < 3 && start > 0 && start < text.size() && is_utf8_continuation(text[start]); ++i) --start;
  for (int i = 0; i < 3 && end < text.size() && is_utf8_continuation(text[end]); ++i) ++end;
}

/// To whole escapes. `escape` is the first one that may touch the span, and is moved on behind it.
void widen_to_escapes(std::string_view text, std::size_t& start, std::size_t& end, std::size_t& escape) {
  while (escape < end) {
    const std::size_t escape_end = end_of_json_unit(text, escape);
    if (start > escape && start < escape_end) start = escape;
    if (end > escape && end < escape_end) end = escape_end;
    escape = text.find('\\', escape_end);
  }
}

/// Spans of one text become places of it. Spans come in order.
class PlaceFinder {
 public:
  PlaceFinder(std::string_view text, TextForm form)
      : text_(text), form_(form), escape_(form == TextForm::kPlain ? std::string_view::npos : text.find('\\')) {}
  void find(std::size_t start, std::size_t end, std::vector<Place>& places);

 private:
  void in_string(std::size_t string_start, std::size_t string_end, std::size_t start, std::size_t end,
                 std::vector<Place>& places);

  std::string_view text_;
  TextForm form_;
  std::size_t escape_;    // the first that widen_to_escapes has not passed
  std::size_t done_ = 0;  // behind the last place
  JsonScalar scalar_;     // the last one seen, of a JSON value
};

void PlaceFinder::in_string(std::size_t string_start, std::size_t string_end, std::size_t start, std::size_t end,
                            std::vector<Place>& places) {
  const std::string_view inside = text_.substr(0, string_end);
  widen_to_characters(inside, start, end);
  widen_to_escapes(text_, start, end, escape_);
  start = std::max({start, done_, string_start});
  if (start >= end) return;
  Place place{start, end, {}, Quotes::kNone};
  decode_json_inside(text_.substr(start, end - start), place.value);
  places.push_back(std::move(place));
  done_ = end;
}

void PlaceFinder::find(std::size_t start, std::size_t end, std::vector<Place>& places) {
  if (form_ == TextForm::kPlain) {
    widen_to_characters(text_, start, end);
    start = std::max(start, done_);
    if (start >= end) return;
    places.push_back({start, end, std::string(text_.substr(start, end - start)), Quotes::kNone});
    done_ = end;
    return;
  }
  if (form_ == TextForm::kJsonString) return in_string(0, text_.size(), start, end, places);
  // A span may reach over several strings and numbers; what holds them together stays.
  while (true) {
    if (scalar_.end > start && scalar_.start < end) {
      if (scalar_.is_string) {
        in_string(scalar_.start, scalar_.end, std::max(start, scalar_.start), std::min(end, scalar_.end), places);
      } else if (scalar_.start >= done_) {
        const std::string_view bare = text_.substr(scalar_.start, scalar_.end - scalar_.start);
        places.push_back({scalar_.start, scalar_.end, std::string(bare), Quotes::kPlain});
        done_ = scalar_.end;
      }
    }
    if (scalar_.end >= end || scalar_.end == text_.size()) return;
    scalar_ = next_json_scalar(text_, scalar_.end);
  }
}

/// The r of an escape begins nothing.
bool is_escaped_at(std::string_view text, std::size_t at) {
  std::size_t backslashes = 0;
  while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 != 0;
}

std::string mask_of(std::string_view type) {
  std::string mask = "REDACTED_";
  for (const char c : type) {
    mask += is_letter_or_digit(c) ? static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) : '_';
  }
  return mask;
}

/// One text of the body, and what is replaced in it.
class TextRedaction {
 public:
  TextRedaction(std::string_view body, const BodyText& text, const Vault::Session& session)
      : text_(text), session_(session), inside_(body.substr(text.offset, text.length)) {}

  /// Replacements that touch the text, in order.
  Result<void> replace(const std::vector<const Replacement*>& touching);
  /// Everything in the text that a restorer would stop at, though it is no placeholder of ours.
  Result<void> replace_lookalikes();
  std::vector<Splice>& splices() { return splices_; }

 private:
  bool open_tool_arguments();
  /// The first byte of the source that came from `at` in the text, or from behind it.
  std::size_t source_place(std::size_t at) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(source_places_, at) - source_places_.begin());
  }
  Result<void> add(const Replacement& replacement, const Place& place);
  Result<void> search_gap(std::size_t start, std::size_t end, std::vector<Splice>& behind);
  std::string run_behind(const std::vector<Splice>& behind) const;

  const BodyText& text_;
  const Vault::Session& session_;
  std::string_view inside_;
  std::vector<Splice> splices_;  // places from the text's start
  // Of tool arguments that are JSON source text inside a JSON string: that source, and whence each byte of it came.
  std::string source_;
  std::vector<std::size_t> source_places_;
};

/// True when the text is such: then its places are found in `source_`.
bool TextRedaction::open_tool_arguments() {
  if (text_.form != TextForm::kJsonString || text_.origin != TextOrigin::kToolArguments) return false;
  decode_json_inside(inside_, source_, &source_places_);
  source_places_.push_back(inside_.size());
  const std::size_t first = source_.find_first_not_of(" \t\r\n");
  return first != std::string::npos && (source_[first] == '{' || source_[first] == '[') &&
         JsonDocument::parse(source_, kToolArgumentsDepthMax).ok();
}

Result<void> TextRedaction::replace(const std::vector<const Replacement*>& touching) {
  if (touching.empty()) return {};
  const bool is_source = open_tool_arguments();
  PlaceFinder finder(is_source ? std::string_view(source_) : inside_, is_source ? TextForm::kJsonValue : text_.form);
  std::vector<Place> places;
  for (const Replacement* replacement : touching) {
    std::size_t start = std::max(replacement->start, text_.offset) - text_.offset;
    std::size_t end = std::min(replacement->end, text_.offset + text_.length) - text_.offset;
    if (is_source) {
      start = source_place(*std::prev(std::ranges::upper_bound(source_places_, start)));
      end = source_place(end);
    }
    places.clear();
    finder.find(start, end, places);
    for (Place& place : places) {
      if (is_source) {
        place.start = source_places_[place.start];
        place.end = source_places_[place.end];
        if (place.quotes == Quotes::kPlain) place.quotes = Quotes::kEscaped;
      }
      if (auto added = add(*replacement, place); !added) return added;
    }
  }
  return {};
}

Result<void> TextRedaction::add(const Replacement& replacement, const Place& place) {
  std::string written;
  if (replacement.with == RedactWith::kToken) {
    auto placeholder = session_.placeholder(replacement.class_name, place.value);
    if (!placeholder) return std::move(placeholder).error();
    written = *std::move(placeholder);
  } else if (replacement.with == RedactWith::kMask) {
    written = mask_of(replacement.type);
  }
  if (place.quotes != Quotes::kNone) {
    const std::string_view quote = place.quotes == Quotes::kPlain ? "\"" : "\\\"";
    written.insert(0, quote).append(quote);
  }
  splices_.push_back({place.start, place.end, std::move(written)});
  return {};
}

/// From the end to the beginning: what a lookalike is depends on what will stand behind it, never on what is before it.
Result<void> TextRedaction::replace_lookalikes() {
  std::vector<Splice> behind;  // the last one first
  std::size_t gap_end = inside_.size();
  for (std::size_t i = splices_.size();; --i) {
    const std::size_t gap_start = i > 0 ? splices_[i - 1].end : 0;
    if (auto searched = search_gap(gap_start, gap_end, behind); !searched) return searched;
    if (i == 0) break;
    gap_end = splices_[i - 1].start;
    behind.push_back(std::move(splices_[i - 1]));
  }
  std::ranges::reverse(behind);
  splices_ = std::move(behind);
  return {};
}

/// The letters and digits that will stand from the next splice on, as far as they matter.
std::string TextRedaction::run_behind(const std::vector<Splice>& behind) const {
  std::string whole;
  const auto runs_on = [&whole](std::string_view text) {
    const std::string_view run = leading_run(text);
    whole.append(run);
    return run.size() == text.size() && whole.size() <= kPlaceholderBytes;
  };
  for (std::size_t i = behind.size(); i > 0; --i) {
    const std::size_t gap = behind[i - 1].end;
    const std::size_t gap_end = i > 1 ? behind[i - 2].start : inside_.size();
    if (!runs_on(behind[i - 1].written) || !runs_on(inside_.substr(gap, gap_end - gap))) break;
  }
  return whole;
}

Result<void> TextRedaction::search_gap(std::size_t start, std::size_t end, std::vector<Splice>& behind) {
  const std::string_view raw = inside_.substr(start, end - start);
  std::string decoded;
  std::vector<std::size_t> places;
  // Letters and digits are as they stand, unless somebody wrote one as an escape.
  const bool is_escaped = text_.form != TextForm::kPlain && raw.find("\\u00") != std::string_view::npos;
  if (is_escaped) decode_json_inside(raw, decoded, &places);
  places.push_back(raw.size());
  const std::string_view text = is_escaped ? std::string_view(decoded) : raw;
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; (at = find_placeholder_start(text, at)) < text.size(); ++at) starts.push_back(at);
  std::size_t limit = text.size();  // of what is not settled yet
  for (auto next = starts.rbegin(); next != starts.rend(); ++next) {
    const std::size_t at = *next;
    std::string run(leading_run(text.substr(at, limit - at)));
    const std::size_t inside_gap = run.size();
    if (at + run.size() == limit) run = leading_run(run.append(run_behind(behind)));
    if (run.size() < kPlaceholderBeginning || (run[1] | 0x20) != 'v') continue;
    const bool has_shape = has_placeholder_shape(std::string_view(run).substr(0, kPlaceholderBytes));
    if (!has_shape && !session_.resembles_placeholder(run)) continue;
    if (text_.form != TextForm::kPlain && !is_escaped && is_escaped_at(text, at)) continue;
    // Where it reaches into what is replaced already, its beginning alone is enough to break it.
    const std::size_t length = std::min(inside_gap, has_shape ? kPlaceholderBytes : run.size());
    auto placeholder = session_.placeholder("placeholder", text.substr(at, length));
    if (!placeholder) return std::move(placeholder).error();
    const std::size_t raw_start = is_escaped ? places[at] : at;
    const std::size_t raw_end = is_escaped ? places[at + length] : at + length;
    behind.push_back({start + raw_start, start + raw_end, *std::move(placeholder)});
    limit = at;
  }
  return {};
}

/// Gives out replacements text by text.
class ReplacementQueue {
 public:
  explicit ReplacementQueue(const std::vector<Replacement>& replacements) : replacements_(replacements) {}

  /// Those that touch the text, which stands behind all texts before. False when one before it touched none.
  bool touching(const BodyText& text, std::vector<const Replacement*>& touching) {
    touching.clear();
    const std::size_t text_end = text.offset + text.length;
    for (; next_ < replacements_.size(); ++next_) {
      const Replacement& replacement = replacements_[next_];
      if (replacement.start >= text_end) return true;
      if (replacement.end > text.offset && replacement.start < replacement.end) {
        touching.push_back(&replacement);
        touched_ = true;
        if (replacement.end > text_end) return true;  // the next text may have its rest
      }
      if (!touched_ && replacement.start < replacement.end) return false;
      touched_ = false;
    }
    return true;
  }
  bool is_done() {
    if (touched_) ++next_;
    while (next_ < replacements_.size() && replacements_[next_].start == replacements_[next_].end) ++next_;
    return next_ == replacements_.size();
  }

 private:
  const std::vector<Replacement>& replacements_;
  std::size_t next_ = 0;
  bool touched_ = false;  // the next one touched a text already
};

bool are_ordered(const std::vector<Replacement>& replacements) {
  std::size_t end = 0;
  for (const Replacement& replacement : replacements) {
    if (replacement.start > replacement.end || replacement.start < end) return false;
    end = replacement.end;
  }
  return true;
}

}  // namespace

Result<std::string> redact(std::string_view body, const std::vector<BodyText>& texts,
                           const std::vector<Replacement>& replacements, const Vault::Session& session) {
  const Error misplaced{ErrorCode::kInternal, "what is to be replaced does not lie in the texts of the request"};
  if (!are_ordered(replacements)) return misplaced;
  ReplacementQueue queue(replacements);
  std::vector<const Replacement*> touching;
  std::string out;
  out.reserve(body.size() + body.size() / 16 + 256);
  std::size_t texts_end = 0;
  std::size_t done = 0;
  for (const BodyText& text : texts) {
    if (text.offset < texts_end || text.offset > body.size() || text.length > body.size() - text.offset) {
      return misplaced;
    }
    texts_end = text.offset + text.length;
    if (!queue.touching(text, touching)) return misplaced;
    TextRedaction redaction(body, text, session);
    if (auto replaced = redaction.replace(touching); !replaced) return std::move(replaced).error();
    if (auto replaced = redaction.replace_lookalikes(); !replaced) return std::move(replaced).error();
    for (const Splice& splice : redaction.splices()) {
      out.append(body.substr(done, text.offset + splice.start - done)).append(splice.written);
      done = text.offset + splice.end;
    }
  }
  if (!queue.is_done()) return misplaced;
  out.append(body.substr(done));
  return out;
}

}  // namespace reeve::content
