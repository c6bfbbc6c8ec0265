// A growing text: the pattern engine keeps its own state over any cut; what it finds is confirmed in a short tail of
// the text, on which the finders run as words are completed.

#include <algorithm>

#include "content/confirm.h"
#include "content/decode.h"
#include "content/detector_set.h"
#include "content/normalise.h"

namespace reeve::content {

namespace {

constexpr std::size_t kTailMax = 4032, kTailKept = 3008;
constexpr std::size_t kPieceMax = kTailMax - kTailKept;
constexpr std::size_t kSettledAfter = 256;   // a match that might grow is taken when this much stands behind it
constexpr std::size_t kFindersBefore = 448;  // bytes of context that finders see before what is new
constexpr std::size_t kFindersEach = 96;     // they run when this much is new and a word is complete
constexpr std::size_t kFindersAtLatest = 384;
constexpr std::size_t kPendingMax = 64;
constexpr std::uint64_t kWorkOfPiece = 64UL << 10U;

bool is_word_byte(char c) { return is_token_byte(c) || c == '=' || c == '.' || c == '@'; }

/// Memory that scanning needs and that no channel owns: one for each thread.
struct Workshop {
  std::uint64_t serial = 0;
  std::unique_ptr<PatternScratch> scratch;
  TextMasks masks;
  std::vector<Candidate> candidates;
  Buffer window;

  static Workshop& of(const DetectorSet& set) {
    static thread_local Workshop shop;
    if (shop.scratch == nullptr || shop.serial != set.serial()) {
      shop.scratch = set.stream().make_scratch();
      shop.serial = set.serial();
    }
    shop.scratch->runs_max = 4096;
    return shop;
  }
};

}  // namespace

struct StreamScanner::State {
  State(std::shared_ptr<const Detectors> used, TextOrigin of)
      : detectors(std::move(used)), set(DetectorSet::of(*detectors)), origin(of), stream(set.stream()) {}

  /// A match whose end has been seen and that may still grow. Places count from the channel's start.
  struct Pending {
    std::uint32_t pattern = 0;
    std::uint64_t first_end = 0, last_end = 0;
  };
  struct Confirmed {
    std::uint32_t pattern = 0;
    std::uint64_t end = 0;
  };

  std::uint64_t end_of_tail() const { return tail_start + tail.size(); }
  void feed_piece(std::string_view text, std::vector<Finding>& findings);
  void take(const std::vector<MatchRun>& runs, std::uint64_t piece_start);
  void confirm(bool all, std::vector<Finding>& findings);
  void confirm_one(const Pending& match, std::vector<Finding>& findings);
  void run_finders(bool all, std::vector<Finding>& findings);
  void add(const Candidate& candidate, std::uint64_t start, std::vector<Finding>& findings) const;

  std::shared_ptr<const Detectors> detectors;
  const DetectorSet& set;
  TextOrigin origin;
  PatternStream stream;
  std::string tail;
  std::uint64_t tail_start = 0;
  std::vector<Pending> pending;
  std::vector<Confirmed> confirmed;
  std::uint64_t finders_seen = 0;   // up to here finders have looked
  std::uint64_t finders_found = 0;  // where the last thing they found ends
};

void StreamScanner::State::add(const Candidate& candidate, std::uint64_t start, std::vector<Finding>& findings) const {
  const Detector& detector = set.detectors()[candidate.detector];
  const bool elsewhere = detector.origins != 0 && (detector.origins & (1U << static_cast<unsigned>(origin))) == 0;
  Finding finding;
  finding.detector = &set.list()[candidate.detector];
  finding.start = start + candidate.start;
  finding.end = start + candidate.end;
  finding.confidence = elsewhere ? std::min(candidate.confidence, detector.elsewhere) : candidate.confidence;
  finding.origin = origin;
  finding.is_document = detector.whole;
  finding.label = candidate.label;
  if (elsewhere && finding.confidence == 0) return;
  findings.push_back(finding);
}

void StreamScanner::State::take(const std::vector<MatchRun>& runs, std::uint64_t stream_start) {
  for (const MatchRun& run : runs) {
    const std::uint64_t first = stream_start + run.first_end, last = stream_start + run.last_end;
    const auto same = std::find_if(pending.begin(), pending.end(), [&](const Pending& match) {
      return match.pattern == run.pattern && match.last_end + 1 >= first;
    });
    if (same != pending.end()) {
      same->last_end = last;
    } else if (pending.size() < kPendingMax) {
      pending.push_back({run.pattern, first, last});
    }
  }
}

void StreamScanner::State::confirm_one(const Pending& match, std::vector<Finding>& findings) {
  if (match.first_end <= tail_start) return;  // longer than the tail
  auto last = std::find_if(confirmed.begin(), confirmed.end(),
                           [&](const Confirmed& one) { return one.pattern == match.pattern; });
  std::uint32_t last_end = 0;
  if (last != confirmed.end() && last->end > tail_start) last_end = static_cast<std::uint32_t>(last->end - tail_start);
  const MatchRun run{match.pattern, static_cast<std::uint32_t>(match.first_end - tail_start),
                     static_cast<std::uint32_t>(std::min<std::uint64_t>(match.last_end - tail_start, tail.size()))};
  std::vector<Candidate>& candidates = Workshop::of(set).candidates;
  candidates.clear();
  ConfirmBudget budget{kWorkOfPiece, false};
  confirm_run(set, run, tail, last_end, budget, candidates, nullptr);
  for (const Candidate& candidate : candidates) add(candidate, tail_start, findings);
  if (last == confirmed.end()) {
    confirmed.push_back({match.pattern, tail_start + last_end});
  } else {
    last->end = tail_start + last_end;
  }
}

/// Confirms matches that will not grow any more: a byte stands behind them that no value has.
void StreamScanner::State::confirm(bool all, std::vector<Finding>& findings) {
  std::size_t kept = 0;
  for (const Pending& match : pending) {
    const std::uint64_t behind = end_of_tail() - match.last_end;
    const bool ended = behind > 0 && !is_word_byte(tail[static_cast<std::size_t>(match.last_end - tail_start)]);
    if (all || ended || behind >= kSettledAfter) {
      confirm_one(match, findings);
    } else {
      pending[kept++] = match;
    }
  }
  pending.resize(kept);
  std::erase_if(confirmed, [this](const Confirmed& one) { return one.end <= tail_start; });
}

void StreamScanner::State::run_finders(bool all, std::vector<Finding>& findings) {
  if (set.finders().empty() || tail.empty()) return;
  Workshop& shop = Workshop::of(set);
  const std::uint64_t fresh = std::max(finders_seen, tail_start);
  std::size_t from = static_cast<std::size_t>(fresh - tail_start);
  from = from > kFindersBefore ? from - kFindersBefore : 0;
  while (from > 0 && from < tail.size() && is_word_byte(tail[from - 1])) ++from;  // not from within a word
  shop.window.clear();
  shop.window.append(std::string_view(tail).substr(from));
  shop.window.finish();
  const std::string_view text = shop.window.view();
  shop.masks.compute(text);
  shop.candidates.clear();
  for (const auto& finder : set.finders()) finder->find({text, shop.masks, origin}, shop.candidates);
  const std::uint64_t start = tail_start + from;
  std::sort(shop.candidates.begin(), shop.candidates.end(),
            [](const Candidate& left, const Candidate& right) { return left.start < right.start; });
  std::uint64_t seen = end_of_tail();
  for (const Candidate& candidate : shop.candidates) {
    if (start + candidate.start < finders_found) continue;
    if (!all && candidate.end == text.size()) {
      seen = std::min(seen, start + candidate.start);  // it may grow: looked at again
      continue;
    }
    finders_found = start + candidate.end;
    add(candidate, start, findings);
  }
  finders_seen = seen;
}

void StreamScanner::State::feed_piece(std::string_view text, std::vector<Finding>& findings) {
  if (tail.size() + text.size() > kTailMax) {
    const std::size_t drop = tail.size() - std::min(tail.size(), kTailKept - std::min(kTailKept, text.size()));
    tail.erase(0, drop);
    tail_start += drop;
  }
  tail += text;
  Workshop& shop = Workshop::of(set);
  stream.feed(text, *shop.scratch);
  if (!shop.scratch->runs.empty()) take(shop.scratch->runs, 0);
  if (!pending.empty()) confirm(false, findings);
  const std::uint64_t fresh = end_of_tail() - finders_seen;
  if (fresh >= kFindersAtLatest || (fresh >= kFindersEach && !is_word_byte(tail.back()))) run_finders(false, findings);
}

StreamScanner::StreamScanner(std::shared_ptr<const Detectors> detectors, TextOrigin origin)
    : state_(std::make_unique<State>(std::move(detectors), origin)) {}
StreamScanner::~StreamScanner() = default;
StreamScanner::StreamScanner(StreamScanner&&) noexcept = default;

void StreamScanner::feed(std::string_view text, std::vector<Finding>& findings) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPieceMax);
    state_->feed_piece(piece, findings);
    text.remove_prefix(piece.size());
  }
}

void StreamScanner::end(std::vector<Finding>& findings) {
  State& state = *state_;
  Workshop& shop = Workshop::of(state.set);
  state.stream.end(*shop.scratch);
  state.take(shop.scratch->runs, 0);
  state.confirm(true, findings);
  state.run_finders(true, findings);
}

}  // namespace reeve::content
