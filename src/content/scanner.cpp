// The path of a body: known texts, normalise, patterns and finders, decode and again, settle.

#include <algorithm>
#include <array>

#include "content/allow_marker.h"
#include "content/confirm.h"
#include "content/content.h"
#include "content/decode.h"
#include "content/detector_set.h"
#include "content/first_stage.h"
#include "content/layer.h"
#include "content/settle.h"
#include "content/text_walk.h"
#include "content/verdict_cache.h"

namespace reeve::content {

void Layer::clear() {
  buffer.clear();
  pieces.clear();
  origins.clear();
  checkpoints.clear();
}

void Layer::release_above(std::size_t bytes) {
  buffer.release_above(bytes);
  if (origins.capacity() * sizeof(OriginRun) > bytes) origins = {};
}

namespace {

constexpr std::size_t kScannedMax = 1UL << 30U;  // bytes of one call
constexpr std::size_t kKeptMemory = 4UL << 20U;
// Texts that are looked at together: so much is near, masks and all. A larger one is alone, and so the first of its
// group: of one text at most large masks are kept.
constexpr std::size_t kGroupBytes = 32UL << 10U, kGroupPieces = 32;

}  // namespace

struct Scanner::State final : CandidateWatcher {
  VerdictCache* cache = nullptr;
  Explain explain;
  Report report;
  std::array<Layer, kDepthMax + 1> layers;
  std::unique_ptr<FirstStage> first;
  std::uint64_t first_serial = 0;  // of the set it is for
  DecodeBudget decode_budget;
  AllowMarkers markers;  // of the first layer
  std::uint64_t work_least = 1UL << 20U, decoded_least = 1UL << 20U;
  std::vector<Candidate> candidates;
  std::vector<std::uint32_t> last_end;  // by pattern: where its last match in the piece ended; zero between pieces

  /// A piece of a layer, of those that are looked at together.
  struct PieceWork {
    std::size_t piece = 0;  // in its layer
    TextOrigin origin = TextOrigin::kUser;
    TextMasks masks;
    DecodeMasks decode_masks;
    std::span<const LiteralHit> hits, word_hits;  // in it, and in its long words
    std::span<const MatchRun> runs, word_runs;
    std::size_t words_end = 0;  // of its long words, in those of the group
    std::vector<Candidate> candidates;
    bool gave_up = false;
  };
  std::vector<PieceWork> works;

  // Of the call in hand.
  const DetectorSet* set = nullptr;
  std::string_view body;
  std::span<const BodyText> texts;
  ConfirmBudget budget;
  std::vector<std::pair<std::uint32_t, VerdictKey>> new_texts;
  std::vector<KnownFinding> known;
  std::size_t depth = 0, piece = 0;  // what the watcher is told of

  void begin(const DetectorSet& of, std::string_view bytes, std::span<const BodyText> parts);
  bool is_known(std::uint32_t i);
  void remember();
  void read_texts();
  void scan_layer(std::size_t at);
  void scan_group(std::size_t at, std::span<PieceWork> group);
  void read_group(const Layer& layer, std::span<PieceWork> group);
  void confirm_patterns(const Layer& layer, PieceWork& work);
  void find_in_group(const Layer& layer, std::span<PieceWork> group);
  void keep_found(const Layer& layer, PieceWork& work);
  void confirm_in_text(const Piece& here, std::string_view text, std::span<const LiteralHit> hits,
                       std::span<const MatchRun> runs);
  void confirm_in_words(const PieceWork& work, std::string_view text);
  CandidateWatcher* watcher() { return explain ? this : nullptr; }
  void keep(const Candidate& candidate);
  std::uint32_t text_of(std::size_t at, std::size_t index) const;
  RawSpan in_body(std::size_t at, std::size_t index, std::size_t start, std::size_t end) const;
  void fail(std::string_view reason);
  void add_label(std::string_view label);
  void finish();

  void looked_at(std::uint32_t detector, std::size_t start, std::size_t end, bool kept, std::string_view why) override {
    const RawSpan span = in_body(depth, piece, start, end);
    explain(set->list()[detector].id, span.start, span.end, kept, why);
  }
};

void Scanner::State::begin(const DetectorSet& of, std::string_view bytes, std::span<const BodyText> parts) {
  set = &of;
  body = bytes;
  texts = parts;
  report.findings.clear();
  report.labels.clear();
  report.bytes = report.scanned_bytes = 0;
  report.complete = true;
  report.incomplete_reason = {};
  if (first == nullptr || first_serial != of.serial()) {
    first = std::make_unique<FirstStage>(of);
    first_serial = of.serial();
    last_end.assign(of.patterns().size(), 0);
  }
  new_texts.clear();
  markers.reset();
  for (Layer& layer : layers) layer.clear();
}

void Scanner::State::fail(std::string_view reason) {
  if (report.complete) report.incomplete_reason = reason;
  report.complete = false;
}

/// Whether the cache knows text `i`; its findings are taken over then.
bool Scanner::State::is_known(std::uint32_t i) {
  if (cache == nullptr || explain) return false;
  const BodyText& text = texts[i];
  const VerdictKey key =
      cache->state_->key(body.substr(text.offset, text.length), text.form, text.origin, set->serial());
  known.clear();
  if (!cache->state_->find(key, known)) {
    new_texts.emplace_back(i, key);
    return false;
  }
  for (const KnownFinding& one : known) {
    Finding finding;
    finding.detector = &set->list()[one.detector];
    finding.start = text.offset + one.start;
    finding.end = text.offset + one.end;
    finding.confidence = one.confidence;
    finding.origin = text.origin;
    finding.text = i;
    finding.depth = one.depth;
    finding.marked_allowed = one.marked_allowed;
    finding.is_document = one.is_document;
    finding.label = one.label;
    report.findings.push_back(finding);
  }
  return true;
}

/// What was found in texts that were new. After an incomplete scan nothing is known of any of them.
void Scanner::State::remember() {
  if (!report.complete) return;
  // Findings are by start, as texts are.
  auto finding = report.findings.begin();
  for (const auto& [index, key] : new_texts) {
    const BodyText& text = texts[index];
    known.clear();
    while (finding != report.findings.end() && finding->start < text.offset) ++finding;
    for (; finding != report.findings.end() && finding->start < text.offset + text.length; ++finding) {
      known.push_back({static_cast<std::uint32_t>(finding->detector - set->list().data()),
                       static_cast<std::uint32_t>(finding->start - text.offset),
                       static_cast<std::uint32_t>(finding->end - text.offset), finding->confidence, finding->depth,
                       finding->marked_allowed, finding->is_document, finding->label});
    }
    cache->state_->put(key, known);
  }
}

void Scanner::State::read_texts() {
  Layer& layer = layers[0];
  std::uint64_t known_texts = 0;
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    const BodyText& text = texts[i];
    report.bytes += text.length;
    if (text.length == 0) continue;
    if (layer.buffer.size() + text.length >= kScannedMax) {
      fail("the texts are larger than 1 GiB");
      continue;
    }
    if (is_known(i)) {
      ++known_texts;
      continue;
    }
    report.scanned_bytes += text.length;
    Piece piece_read;
    piece_read.text = i;
    piece_read.begin = layer.buffer.size();
    piece_read.checkpoints = static_cast<std::uint32_t>(layer.checkpoints.size());
    normalise(body.substr(text.offset, text.length), text.form != TextForm::kPlain, layer.buffer, layer.checkpoints);
    piece_read.end = layer.buffer.size();
    piece_read.checkpoints_count = static_cast<std::uint32_t>(layer.checkpoints.size()) - piece_read.checkpoints;
    layer.pieces.push_back(piece_read);
    layer.buffer.push('\n');  // what pattern and finder would take over this border is never confirmed
  }
  if (cache != nullptr) cache->state_->count(known_texts, new_texts.size());
}

/// The bytes of the body behind a place of a piece: through every encoding around it, outermost whole.
RawSpan Scanner::State::in_body(std::size_t at, std::size_t index, std::size_t start, std::size_t end) const {
  while (at > 0) {
    const Layer& layer = layers[at];
    const Piece& inner = layer.pieces[index];
    if (inner.origins == Piece::kWhole) {
      start = inner.outer_start;
      end = inner.outer_end;
    } else {
      end = layer.origin(inner, std::max(end, start + 1) - 1).end;
      start = layer.origin(inner, start).start;
    }
    index = inner.parent;
    --at;
  }
  const Layer& layer = layers[0];
  const Piece& outer = layer.pieces[index];
  const BodyText& text = texts[outer.text];
  const RawSpan span = raw_span(body.substr(text.offset, text.length), text.form != TextForm::kPlain,
                                layer.checkpoints.data() + outer.checkpoints, outer.checkpoints_count, start, end);
  return {text.offset + span.start, text.offset + span.end};
}

/// The index of the text in which a piece stands.
std::uint32_t Scanner::State::text_of(std::size_t at, std::size_t index) const {
  for (; at > 0; --at) index = layers[at].pieces[index].parent;
  return layers[0].pieces[index].text;
}

void Scanner::State::keep(const Candidate& candidate) {
  const Detector& detector = set->detectors()[candidate.detector];
  Finding finding;
  finding.text = text_of(depth, piece);
  finding.origin = texts[finding.text].origin;
  const bool elsewhere =
      detector.origins != 0 && (detector.origins & (1U << static_cast<unsigned>(finding.origin))) == 0;
  const float confidence = elsewhere ? std::min(candidate.confidence, detector.elsewhere) : candidate.confidence;
  if (elsewhere && confidence == 0) return;
  std::size_t start = candidate.start, end = candidate.end, index = piece;
  finding.detector = &set->list()[candidate.detector];
  finding.confidence = confidence;
  finding.label = candidate.label;
  finding.depth = static_cast<std::uint8_t>(depth);
  finding.is_document = detector.whole;
  const RawSpan span = in_body(depth, index, start, end);
  finding.start = span.start;
  finding.end = span.end;
  for (std::size_t at = depth; at > 0; --at) {
    start = layers[at].pieces[index].outer_start;
    end = layers[at].pieces[index].outer_end;
    index = layers[at].pieces[index].parent;
  }
  const Piece& outer = layers[0].pieces[index];
  finding.marked_allowed = markers.on_line(layers[0].text(outer), outer.begin, start, end);
  report.findings.push_back(finding);
}

void Scanner::State::confirm_in_text(const Piece& here, std::string_view text, std::span<const LiteralHit> hits,
                                     std::span<const MatchRun> runs) {
  const PatternIndex& patterns = set->text_patterns();
  const auto begin = static_cast<std::uint32_t>(here.begin), size = static_cast<std::uint32_t>(text.size());
  for (const LiteralHit& hit : hits) {
    const RequiredAt& required = patterns.required()[hit.literal];
    confirm_literal(*set, required, {hit.literal, hit.start - begin, hit.last - begin}, text,
                    last_end[required.pattern], budget, candidates, watcher());
  }
  for (const LiteralHit& hit : hits) last_end[patterns.required()[hit.literal].pattern] = 0;
  for (const MatchRun& run : runs) {
    const MatchRun there{patterns.patterns_without()[run.pattern], std::min(run.first_end - begin, size),
                         std::min(run.last_end - begin, size)};
    confirm_run(*set, there, text, last_end[there.pattern], budget, candidates, watcher());
  }
  for (const MatchRun& run : runs) last_end[patterns.patterns_without()[run.pattern]] = 0;
}

void Scanner::State::confirm_in_words(const PieceWork& work, std::string_view text) {
  const PatternIndex& patterns = set->word_patterns();
  const auto size = static_cast<std::uint32_t>(text.size());
  const LongWords& words = first->long_words;
  std::size_t word = work.word_hits.empty() ? 0 : words.index_at(work.word_hits.front().start);
  for (const LiteralHit& hit : work.word_hits) {
    while (words.end_of(word) <= hit.start) ++word;  // they are by start
    const RequiredAt& required = patterns.required()[hit.literal];
    // Most beginnings stand in words that are too short for what must follow.
    const std::size_t behind = words.end_of(word) - hit.start;
    if (behind + required.before_most < set->patterns()[required.pattern].width.least) continue;
    const std::uint32_t start = words.words[word].start + (hit.start - words.words[word].place);
    confirm_literal(*set, required, {hit.literal, start, start + (hit.last - hit.start)}, text,
                    last_end[required.pattern], budget, candidates, watcher());
  }
  for (const LiteralHit& hit : work.word_hits) last_end[patterns.required()[hit.literal].pattern] = 0;
  for (const MatchRun& run : work.word_runs) {
    // One byte further: what stands behind the word is the border that a pattern's tail needs, and $ cannot be it
    // there.
    const MatchRun there{patterns.patterns_without()[run.pattern], std::min(words.in_text(run.first_end - 1) + 1, size),
                         std::min(words.in_text(run.last_end - 1) + 2, size)};
    confirm_run(*set, there, text, last_end[there.pattern], budget, candidates, watcher());
  }
  for (const MatchRun& run : work.word_runs) last_end[patterns.patterns_without()[run.pattern]] = 0;
}

/// Masks and long words of the group's pieces, and where patterns may match in these.
void Scanner::State::read_group(const Layer& layer, std::span<PieceWork> group) {
  LongWords& words = first->long_words;
  words.clear();
  for (PieceWork& work : group) {
    const std::string_view text = layer.text(layer.pieces[work.piece]);
    work.origin = texts[text_of(depth, work.piece)].origin;
    work.candidates.clear();
    work.gave_up = false;
    work.masks.compute(text);
    work.decode_masks.compute(text);
    words.collect(text, work.masks, work.decode_masks);
    work.words_end = words.joined.size();
  }
  first->look_at_words(*set, group.size());
  if (first->words.overflowed) fail("too many possible values to look at each");
  std::span<const LiteralHit> hits(first->words.hits);
  std::span<const MatchRun> runs = first->words.runs();
  for (PieceWork& work : group) {
    const auto hits_end =
        std::ranges::find_if(hits, [&](const LiteralHit& hit) { return hit.start >= work.words_end; });
    work.word_hits = {hits.begin(), hits_end};
    hits = {hits_end, hits.end()};
    const auto runs_end =
        std::ranges::find_if(runs, [&](const MatchRun& run) { return run.first_end > work.words_end; });
    work.word_runs = {runs.begin(), runs_end};
    runs = {runs_end, runs.end()};
  }
}

void Scanner::State::confirm_patterns(const Layer& layer, PieceWork& work) {
  const Piece& here = layer.pieces[work.piece];
  const std::string_view text = layer.text(here);
  piece = work.piece;
  budget.whole.clear();
  candidates.swap(work.candidates);
  confirm_in_text(here, text, work.hits, work.runs);
  confirm_in_words(work, text);
  candidates.swap(work.candidates);
  if (budget.exhausted) fail("too many possible values to look at each");
}

/// One finder after the other, each over all pieces: what it reads and how it decides is near then.
void Scanner::State::find_in_group(const Layer& layer, std::span<PieceWork> group) {
  for (const auto& finder : set->finders()) {
    for (PieceWork& work : group) {
      if (work.candidates.size() > kFoundMax) continue;
      const std::size_t before = work.candidates.size();
      const FinderText finder_text{layer.text(layer.pieces[work.piece]), work.masks, work.origin, &work.gave_up};
      finder->find(finder_text, work.candidates);
      if (watcher() == nullptr) continue;
      for (std::size_t i = before; i < work.candidates.size(); ++i) {
        const Candidate& candidate = work.candidates[i];
        looked_at(candidate.detector, candidate.start, candidate.end, true, "found by its finder");
      }
    }
  }
}

void Scanner::State::keep_found(const Layer& layer, PieceWork& work) {
  const Piece& here = layer.pieces[work.piece];
  piece = work.piece;
  if (work.gave_up) fail("too many possible values to look at each");
  if (work.candidates.size() > kFoundMax) {
    fail("too many values in one text");
    work.candidates.resize(kFoundMax);
  }
  for (const Candidate& candidate : work.candidates) {
    if (here.cut_start && candidate.start == 0) continue;
    if (here.cut_end && candidate.end == here.end - here.begin) continue;
    keep(candidate);
  }
}

void Scanner::State::scan_group(std::size_t at, std::span<PieceWork> group) {
  const Layer& layer = layers[at];
  depth = at;
  read_group(layer, group);
  for (PieceWork& work : group) confirm_patterns(layer, work);
  find_in_group(layer, group);
  for (PieceWork& work : group) keep_found(layer, work);
  if (at == kDepthMax) return;
  for (const PieceWork& work : group) {
    const std::string_view text = layer.text(layer.pieces[work.piece]);
    DecodeTask task{text, work.decode_masks, static_cast<std::uint32_t>(work.piece), layers[at + 1], decode_budget};
    decode(task);
  }
}

void Scanner::State::scan_layer(std::size_t at) {
  Layer& layer = layers[at];
  layer.buffer.finish();
  first->look(*set, layer.buffer.view());
  if (first->texts.overflowed) fail("too many possible values to look at each");
  const std::span<const LiteralHit> hits(first->texts.hits);
  const std::span<const MatchRun> runs = first->texts.runs();
  std::size_t hit = 0, run = 0, pending = 0, pending_bytes = 0;
  const auto scan_pending = [&] {
    scan_group(at, std::span(works).first(pending));
    pending = pending_bytes = 0;
  };
  for (std::size_t i = 0; i < layer.pieces.size(); ++i) {
    const Piece& here = layer.pieces[i];
    const std::size_t bytes = here.end - here.begin;
    // Explanations are told text by text.
    const bool is_full = pending == kGroupPieces || pending_bytes + bytes > kGroupBytes;
    if (pending > 0 && (is_full || watcher() != nullptr)) scan_pending();
    while (hit < hits.size() && hits[hit].start < here.begin) ++hit;  // begins on the border itself
    std::size_t hits_end = hit;
    while (hits_end < hits.size() && hits[hits_end].start < here.end) ++hits_end;
    while (run < runs.size() && runs[run].first_end <= here.begin) ++run;
    std::size_t runs_end = run;
    // A pattern that ends with "not a character of the token" takes the border behind the last piece's end as one.
    while (runs_end < runs.size() && runs[runs_end].first_end <= here.end + 1) ++runs_end;
    if (works.size() == pending) works.emplace_back();
    PieceWork& work = works[pending++];
    pending_bytes += bytes;
    work.piece = i;
    work.hits = hits.subspan(hit, hits_end - hit);
    work.runs = runs.subspan(run, runs_end - run);
    hit = hits_end;
    run = runs_end;
  }
  if (pending > 0) scan_pending();
}

void Scanner::State::add_label(std::string_view label) {
  if (std::find(report.labels.begin(), report.labels.end(), label) == report.labels.end()) {
    report.labels.push_back(label);
  }
}

void Scanner::State::finish() {
  settle(report.findings);
  remember();
  for (const Finding& finding : report.findings) {
    for (const std::string& label : finding.detector->labels) add_label(label);
    if (!finding.label.empty()) add_label(finding.label);
  }
  for (Layer& layer : layers) layer.release_above(kKeptMemory);
}

Scanner::Scanner(VerdictCache* cache) : state_(std::make_unique<State>()) { state_->cache = cache; }
Scanner::~Scanner() = default;
void Scanner::bound(std::uint64_t work_least, std::uint64_t decoded_least) {
  state_->work_least = work_least;
  state_->decoded_least = decoded_least;
}
void Scanner::explain_to(Explain explain) { state_->explain = std::move(explain); }

const Report& Scanner::scan(const Detectors& detectors, std::string_view body, std::span<const BodyText> texts) {
  State& state = *state_;
  state.begin(DetectorSet::of(detectors), body, texts);
  state.budget.bytes = state.work_least + 14 * body.size();
  state.budget.weighed_bytes = state.work_least / 2 + 4 * body.size();
  state.budget.exhausted = false;
  state.read_texts();
  state.decode_budget = {state.decoded_least + 4 * body.size(), false};
  for (std::size_t depth = 0; depth <= kDepthMax && !state.layers[depth].pieces.empty(); ++depth) {
    state.scan_layer(depth);
  }
  if (state.decode_budget.exhausted) state.fail("more stands encoded in the texts than is decoded");
  state.finish();
  return state.report;
}

}  // namespace reeve::content
