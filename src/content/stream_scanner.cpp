// A growing text: its tail is looked at by the rules for whole texts whenever a word that may matter ends, a line ends
// or much has come. The same text gives the same findings however it was cut; see stream_pace.h for when looks are due.

#include <algorithm>
#include <array>

#include "content/content.h"
#include "content/decode.h"
#include "content/stream_pace.h"

namespace reeve::content {

namespace {

constexpr std::size_t kGuard = 96;           // what begins this near to a chosen start may have begun before it
constexpr std::size_t kWaitingBefore = 192;  // context of what waits
constexpr std::size_t kLineWithin = 160, kWordWithin = 96;  // how far behind the wanted start a border is taken
constexpr std::size_t kPlacesMax = 24;
constexpr std::size_t kDocumentsMax = 64;
// Documents are judged where the tail's borders, which are none of the document's, are not near.
constexpr std::size_t kDocumentBefore = 448, kDocumentBehind = 1024;
constexpr std::uint64_t kWorkLeast = 256UL << 10U, kDecodedLeast = 64UL << 10U;

/// Where a text that starts at `at` or a little behind it is cut from what is before: at a line's start, else at a
/// word's, and within a run that goes on and on where four characters of base64 begin.
std::size_t border_from(std::string_view text, std::size_t at) {
  if (at == 0 || at >= text.size()) return std::min(at, text.size());
  if (text[at - 1] == '\n') return at;
  const std::string_view near = text.substr(at, kLineWithin);
  if (const std::size_t line = near.find('\n'); line != std::string_view::npos) return at + line + 1;
  for (std::size_t i = 0; i < std::min(near.size(), kWordWithin); ++i) {
    const auto before = static_cast<unsigned char>(text[at + i - 1]);
    if (before < 0x80 && !is_token_byte(text[at + i - 1]) && text[at + i - 1] != '\\' && text[at + i - 1] != '%') {
      return at + i;
    }
  }
  std::size_t run = at;
  while (run > 0 && is_token_byte(text[run - 1])) --run;
  if (run > 0 && run < at && text[run - 1] == '\\') ++run;  // the n of a line feed
  std::size_t to = at + (4 - (at - run) % 4) % 4;
  while (to < text.size() && (static_cast<unsigned char>(text[to]) & 0xC0U) == 0x80U) ++to;
  return to;
}

bool holds(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

}  // namespace

struct StreamScanner::State {
  State(std::shared_ptr<const Detectors> used, TextOrigin of) : detectors(std::move(used)), origin(of) {
    tail.reserve(kTailMax);
  }

  /// Where something was found. Sorted by nothing; the oldest is forgotten first.
  struct Place {
    std::uint64_t start = 0;
    std::uint32_t size = 0;
    std::uint16_t detector = 0;
    std::uint16_t confidence = 0;  // in ten-thousandths
  };

  using Look = StreamPace::Look;
  Scanner& scanner() const;
  void feed(std::string_view text, std::vector<Finding>& findings);
  void look(Look how, bool last, std::vector<Finding>& findings);
  void judge(Finding finding, std::size_t from, Look how, bool last, std::vector<Finding>& findings);
  bool is_document_due(const Finding& finding, Look how, bool last) const;
  bool may_go_on(const Finding& finding) const;
  void drop();
  void fail(std::string_view reason);

  bool is_new(const Finding& finding);
  bool is_new_document(const Finding& finding);
  std::uint16_t number_of(const Finding& finding) const {
    return static_cast<std::uint16_t>(finding.detector - detectors->list().data());
  }

  std::shared_ptr<const Detectors> detectors;
  TextOrigin origin;
  bool complete = true;
  bool cut_in_run = false;  // the tail begins inside a run of characters without a border
  std::uint8_t places_count = 0, documents_count = 0;
  std::string_view incomplete_reason;
  std::string tail;
  std::uint64_t tail_start = 0;
  std::uint64_t forgotten = 0;       // what begins before it may have been found
  std::uint64_t waiting = kNothing;  // where the first thing begins that may go on
  StreamPace pace;
  std::array<Place, kPlacesMax> places;
  std::array<std::uint16_t, kDocumentsMax> documents{};  // detectors, or with a label its hash

  static constexpr std::uint64_t kNothing = ~0ULL;
};

/// What scanning needs belongs to the thread, not to the channel.
Scanner& StreamScanner::State::scanner() const {
  static thread_local Scanner shared;
  shared.bound(kWorkLeast, kDecodedLeast);
  return shared;
}

void StreamScanner::State::fail(std::string_view reason) {
  if (complete) incomplete_reason = reason;
  complete = false;
}

/// Not found before: the same detector there, or another that was as sure.
bool StreamScanner::State::is_new(const Finding& finding) {
  if (finding.start < forgotten) return false;
  const std::uint16_t number = number_of(finding);
  const auto confidence = static_cast<std::uint16_t>(finding.confidence * 10'000);
  for (std::size_t i = 0; i < places_count; ++i) {
    const Place& place = places[i];
    if (finding.start < place.start + place.size && place.start < finding.end &&
        (place.detector == number || place.confidence >= confidence)) {
      return false;
    }
  }
  if (places_count == kPlacesMax) {
    forgotten = std::max(forgotten, places[0].start + places[0].size);
    std::move(places.begin() + 1, places.end(), places.begin());
    --places_count;
  }
  places[places_count++] = {finding.start, static_cast<std::uint32_t>(finding.end - finding.start), number, confidence};
  return true;
}

bool StreamScanner::State::is_new_document(const Finding& finding) {
  const auto label = static_cast<std::uint16_t>(std::hash<std::string_view>{}(finding.label));
  const std::uint16_t kind = finding.label.empty() ? number_of(finding) : label;
  const auto end = documents.begin() + documents_count;
  if (std::find(documents.begin(), end, kind) != end) return false;
  if (documents_count == kDocumentsMax) {
    fail("it is too many kinds of documents at once");
    return false;
  }
  documents[documents_count++] = kind;
  return true;
}

/// What is said of the whole text is said once, and not by what the tail's borders make of it.
bool StreamScanner::State::is_document_due(const Finding& finding, Look how, bool last) const {
  if (how != Look::kFar) return false;
  const bool after_start = tail_start == 0 || finding.start >= kDocumentBefore;
  return after_start && (last || tail.size() - finding.end >= kDocumentBehind);
}

/// Whether what stands behind may belong to the value. Places count from the tail's start.
bool StreamScanner::State::may_go_on(const Finding& finding) const {
  const std::size_t behind = tail.size() - finding.end;
  if (behind == 0) return true;
  if (behind >= kSettledBehind) return false;
  const std::string_view value = std::string_view(tail).substr(finding.start, finding.end - finding.start);
  const char next = tail[finding.end];
  if (holds(value, next)) return true;
  if (finding.detector->class_name == "secret") return false;
  if (holds(value, ' ')) return true;
  const bool between = next == ' ' || next == '-' || next == '.' || next == '/';
  return between && is_digit_byte(value.back()) && (behind == 1 || is_digit_byte(tail[finding.end + 1]));
}

void StreamScanner::State::judge(Finding finding, std::size_t from, Look how, bool last,
                                 std::vector<Finding>& findings) {
  finding.start += from;
  finding.end += from;
  finding.origin = origin;
  finding.text = 0;
  const bool in_run = from == 0 && cut_in_run && finding.depth > 0 && finding.start == 0;
  const bool from_start = tail_start + from == 0 || in_run;
  if (finding.is_document ? !is_document_due(finding, how, last) : !from_start && finding.start < from + kGuard) return;
  // What the next look would not see from its start is taken as it is now.
  const bool is_leaving =
      how == Look::kFar && tail.size() > kTailKept && finding.start < tail.size() - kTailKept + kLineWithin + kGuard;
  if (!last && !is_leaving && !finding.is_document && may_go_on(finding)) {
    waiting = std::min<std::uint64_t>(waiting, tail_start + finding.start);
    return;
  }
  finding.start += tail_start;
  finding.end += tail_start;
  if (finding.is_document ? is_new_document(finding) : is_new(finding)) findings.push_back(finding);
}

void StreamScanner::State::look(Look how, bool last, std::vector<Finding>& findings) {
  std::size_t from = 0;
  if (how == Look::kNear) {
    const std::size_t seen = pace.fresh() + kNearContext;
    from = tail.size() - std::min(tail.size(), seen);
    if (waiting != kNothing) {
      const std::uint64_t first = std::max(waiting - std::min<std::uint64_t>(waiting, kWaitingBefore), tail_start);
      from = std::min(from, static_cast<std::size_t>(first - tail_start));
    }
    from = border_from(tail, from);
    if (from + pace.fresh() >= tail.size()) from = 0;
  }
  waiting = kNothing;
  const std::string_view text = std::string_view(tail).substr(from);
  const TextForm form = origin == TextOrigin::kToolArguments ? TextForm::kJsonValue : TextForm::kPlain;
  const BodyText whole{0, text.size(), form, origin};
  const Report& report = scanner().scan(*detectors, text, {&whole, 1});
  if (!report.complete) fail(report.incomplete_reason);
  for (const Finding& finding : report.findings) judge(finding, from, how, last, findings);
  pace.looked(how, text.size(), waiting != kNothing);
  if (how == Look::kFar && !last) drop();
}

void StreamScanner::State::drop() {
  if (tail.size() <= kTailKept) return;
  const std::size_t to = border_from(tail, tail.size() - kTailKept);
  cut_in_run = to > 0 && to < tail.size() && is_token_byte(tail[to - 1]) && is_token_byte(tail[to]);
  // A run that goes on over lines of equal length.
  cut_in_run = cut_in_run || (to > 1 && tail[to - 1] == '\n' && is_token_byte(tail[to - 2]));
  tail.erase(0, to);
  tail_start += to;
}

void StreamScanner::State::feed(std::string_view text, std::vector<Finding>& findings) {
  while (!text.empty()) {
    Look due = Look::kNone;
    const std::size_t taken = pace.take(text, kTailMax - tail.size(), due);
    tail += text.substr(0, taken);
    text.remove_prefix(taken);
    if (due != Look::kNone) look(due, false, findings);
  }
}

StreamScanner::StreamScanner(std::shared_ptr<const Detectors> detectors, TextOrigin origin)
    : state_(std::make_unique<State>(std::move(detectors), origin)) {
  static_assert(sizeof(State) + kTailMax + 1 <= 4096);  // as content.h says
}
StreamScanner::~StreamScanner() = default;
StreamScanner::StreamScanner(StreamScanner&&) noexcept = default;

void StreamScanner::feed(std::string_view text, std::vector<Finding>& findings) { state_->feed(text, findings); }
void StreamScanner::end(std::vector<Finding>& findings) { state_->look(StreamPace::Look::kFar, true, findings); }
bool StreamScanner::complete() const { return state_->complete; }
std::string_view StreamScanner::incomplete_reason() const { return state_->incomplete_reason; }

}  // namespace reeve::content
