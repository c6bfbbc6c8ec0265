#include "content/pattern_part.h"

#include <algorithm>

#include "content/text_frequency.h"

namespace reeve::content {

namespace {

constexpr std::size_t kStringsMax = 64;  // of one set; more and the set is no longer followed
constexpr std::uint32_t kBeforeMax = 200;
constexpr std::uint32_t kRepeatFollowed = 2, kRepeatShown = 12;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

double frequency_of(const RequiredLiteral& literal) {
  if (literal.bytes.size() < 2) return 1;
  double all = text_frequency(literal.bytes);
  // Of a letter's two cases the other one is a tenth or so.
  const bool has_capital = std::ranges::any_of(literal.bytes, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (has_capital && !literal.folded) all *= 0.1;
  if (literal.border_before) all *= 0.3;
  if (literal.border_after) all *= 0.3;
  if (literal.line_begin || literal.indented) all *= 0.1;
  // Those of two bytes are for words only.
  return literal.bytes.size() == 2 ? std::max(all, 2 * kFrequencyMax) : all;
}

/// A literal more makes every look a little slower, as much as if it stood so often more.
double cost_of(const RequiredLiterals& required) {
  constexpr double kOfALiteral = 1.5e-6;
  return required.frequency + kOfALiteral * static_cast<double>(required.any_of.size());
}

double frequency_of(const std::vector<RequiredLiteral>& literals) {
  double sum = 0;
  for (const RequiredLiteral& literal : literals) sum += frequency_of(literal);
  return std::min(1.0, sum);
}

/// Whether `left` stands wherever `right` does, at the same place.
bool covers(const RequiredLiteral& left, const RequiredLiteral& right) {
  return right.bytes.starts_with(left.bytes) && left.folded == right.folded && !left.border_after &&
         left.border_before <= right.border_before && left.line_begin <= right.line_begin &&
         left.indented <= (right.indented || right.line_begin);
}

std::optional<Strings> joined(const Strings& left, const Strings& right) {
  if (left.size() * right.size() > kStringsMax) return std::nullopt;
  Strings all;
  for (const std::string& a : left) {
    for (const std::string& b : right) all.push_back(a + b);
  }
  return all;
}

/// `kept` stands for `left_out`, too, which begins with it.
void take_over(RequiredLiteral& kept, const RequiredLiteral& left_out) {
  const std::string_view rest = std::string_view(left_out.bytes).substr(kept.bytes.size());
  kept.before = either(kept.before, left_out.before);
  kept.behind = either(kept.behind, followed(edge_of(rest, left_out.folded, false), left_out.behind));
}

}  // namespace

void prune(std::vector<RequiredLiteral>& literals) {
  std::ranges::sort(literals, {}, [](const RequiredLiteral& literal) {
    return std::pair(literal.bytes.size(), std::string_view(literal.bytes));
  });
  std::vector<RequiredLiteral> kept;
  for (RequiredLiteral& literal : literals) {
    const auto other = std::ranges::find_if(kept, [&](const RequiredLiteral& one) { return covers(one, literal); });
    if (other == kept.end()) {
      kept.push_back(std::move(literal));
    } else {
      take_over(*other, literal);
    }
  }
  literals = std::move(kept);
}

void PatternSequence::add(const PatternPart& part) {
  const bool begins_here = run_ == Strings{""};
  const bool border_before = begins_here && border_before_, line_begin = begins_here && line_begin_;
  const bool indented = blanks_since_line_ && !line_begin;
  blanks_since_line_ = blanks_since_line_ && part.blank;
  folded_ = folded_ || part.folded;
  std::optional<Strings> longer = part.exact ? joined(run_, *part.exact) : std::nullopt;
  if (longer) {
    run_ = *std::move(longer);
    if (begins_here) indented_ = indented;
  } else {
    close(false);
    const bool begins = part.exact && std::ranges::none_of(*part.exact, &std::string::empty);
    run_ = begins ? *part.exact : Strings{""};
    indented_ = indented;
    run_before_ = begins ? whole_.tail : followed(part.tail, whole_.tail);
    kept_before_run_ = kept_;
  }
  put_behind_best(part);
  if (part.best) {
    RequiredLiterals inner = *part.best;
    if (inner.before_most == 0) {
      for (RequiredLiteral& literal : inner.any_of) {
        literal.line_begin = literal.line_begin || line_begin;
        literal.indented = literal.indented || indented;
        literal.border_before = literal.border_before || (border_before && is_border_word_byte(literal.bytes.front()));
      }
    }
    for (RequiredLiteral& literal : inner.any_of) literal.before = followed(literal.before, whole_.tail);
    inner.before_least = add_widths(inner.before_least, whole_.least());
    inner.before_most = add_widths(inner.before_most, whole_.most());
    keep(std::move(inner));
  }
  if (run_ == Strings{""}) kept_before_run_ = kept_;
  if (whole_.exact) whole_.exact = part.exact ? joined(*whole_.exact, *part.exact) : std::nullopt;
  whole_.head = followed(whole_.head, part.head);
  whole_.tail = followed(part.tail, whole_.tail);
}

void PatternSequence::put_behind_best(const PatternPart& part) {
  if (!whole_.best) return;
  for (RequiredLiteral& literal : whole_.best->any_of) literal.behind = followed(literal.behind, part.head);
}

void PatternSequence::add_border() {
  if (run_ == Strings{""}) {
    border_before_ = true;
    return;
  }
  close(true);
  begin_run_here();
  border_before_ = true;
}

void PatternSequence::add_line_begin() {
  if (run_ == Strings{""}) line_begin_ = blanks_since_line_ = true;
}

PatternPart PatternSequence::finish() {
  close(false);
  whole_.folded = folded_;
  return whole_;
}

void PatternSequence::begin_run_here() {
  run_ = {""};
  run_before_ = whole_.tail;
  kept_before_run_ = kept_;
}

void PatternSequence::close(bool border_after) {
  if (run_ != Strings{""}) {
    RequiredLiterals candidate;
    candidate.before_least = run_before_.least;
    candidate.before_most = run_before_.most;
    for (const std::string& bytes : run_) {
      RequiredLiteral literal;
      literal.bytes = bytes;
      literal.folded = folded_;
      if (folded_) std::ranges::transform(literal.bytes, literal.bytes.begin(), lower);
      literal.border_before = border_before_ && !bytes.empty() && is_border_word_byte(bytes.front());
      literal.border_after = border_after && !bytes.empty() && is_border_word_byte(bytes.back());
      literal.line_begin = line_begin_;
      literal.indented = indented_;
      literal.before = run_before_;
      candidate.any_of.push_back(std::move(literal));
    }
    keep_later();
    keep_ending(candidate);
    keep(std::move(candidate));
  }
  border_before_ = line_begin_ = indented_ = false;
}

void PatternSequence::keep_later() {
  constexpr std::size_t kMost = 4;
  // What was kept since the run began may be a part of it.
  if (!whole_.best || kept_ != kept_before_run_) return;
  LaterLiteral later{.any_of = {}, .folded = folded_, .frequency = 0};
  Strings strings = run_;
  std::ranges::sort(strings);  // what begins with another stands behind it
  for (std::string& bytes : strings) {
    if (bytes.size() < 2) return;
    if (!later.any_of.empty() && bytes.starts_with(later.any_of.back())) continue;
    later.frequency += text_frequency(bytes);
    later.any_of.push_back(std::move(bytes));
  }
  if (later.any_of.size() > kMost || later.frequency >= whole_.best->later.frequency) return;
  if (folded_) {
    for (std::string& bytes : later.any_of) std::ranges::transform(bytes, bytes.begin(), lower);
  }
  whole_.best->later = std::move(later);
}

void PatternSequence::keep(RequiredLiterals candidate) {
  for (const std::size_t length : {SIZE_MAX, std::size_t{12}, std::size_t{8}, std::size_t{6}, std::size_t{5}}) {
    shorten(candidate.any_of, length);
    prune(candidate.any_of);
    candidate.frequency = frequency_of(candidate.any_of);
    if (candidate.frequency >= 1 || candidate.before_most > kBeforeMax) return;
    if (whole_.best && cost_of(candidate) >= cost_of(*whole_.best)) continue;
    whole_.best = candidate;
    ++kept_;
  }
}

void PatternSequence::shorten(std::vector<RequiredLiteral>& literals, std::size_t length) {
  for (RequiredLiteral& literal : literals) {
    if (literal.bytes.size() <= length) continue;
    const std::string_view rest = std::string_view(literal.bytes).substr(length);
    literal.behind = followed(edge_of(rest, literal.folded, false), literal.behind);
    literal.bytes.resize(length);
    literal.border_after = false;
  }
}

void PatternSequence::keep_ending(const RequiredLiterals& candidate) {
  const std::string& first = candidate.any_of.front().bytes;
  std::size_t common = first.size(), shortest = first.size(), longest = 0;
  for (const RequiredLiteral& literal : candidate.any_of) {
    const auto ends = std::mismatch(first.rbegin(), first.rend(), literal.bytes.rbegin(), literal.bytes.rend());
    common = std::min(common, static_cast<std::size_t>(ends.first - first.rbegin()));
    shortest = std::min(shortest, literal.bytes.size());
    longest = std::max(longest, literal.bytes.size());
  }
  if (candidate.any_of.size() < 2 || common < 3) return;
  RequiredLiteral ending = candidate.any_of.front();
  ending.bytes = first.substr(first.size() - common);
  ending.border_before = ending.line_begin = ending.indented = false;
  std::optional<EdgeBytes> before;
  for (const RequiredLiteral& literal : candidate.any_of) {
    const std::string_view rest = std::string_view(literal.bytes).substr(0, literal.bytes.size() - common);
    const EdgeBytes one = followed(edge_of(rest, literal.folded, true), literal.before);
    before = before ? either(*before, one) : one;
  }
  ending.before = *before;
  RequiredLiterals one;
  one.any_of.push_back(std::move(ending));
  one.before_least = add_widths(candidate.before_least, static_cast<std::uint32_t>(shortest - common));
  one.before_most = add_widths(candidate.before_most, static_cast<std::uint32_t>(longest - common));
  keep(std::move(one));
}

namespace {

/// What a branch of an alternation requires: all that it is, or what it holds.
std::optional<RequiredLiterals> required_of_branch(const PatternPart& branch) {
  std::optional<RequiredLiterals> best = branch.best;
  if (branch.exact) {
    RequiredLiterals whole;
    for (const std::string& bytes : *branch.exact) {
      RequiredLiteral literal;
      literal.bytes = bytes;
      literal.folded = branch.folded;
      whole.any_of.push_back(std::move(literal));
    }
    whole.frequency = frequency_of(whole.any_of);
    if (whole.frequency < 1 && (!best || cost_of(whole) < cost_of(*best))) best = std::move(whole);
  }
  return best;
}

}  // namespace

PatternPart alternation(const std::vector<PatternPart>& branches) {
  if (branches.size() == 1) return branches.front();
  PatternPart all;
  all.exact = Strings{};
  all.best = RequiredLiterals{};
  all.best->before_least = kFar;
  all.head = branches.front().head;
  all.tail = branches.front().tail;
  all.blank = true;
  for (const PatternPart& branch : branches) {
    all.blank = all.blank && branch.blank;
    all.head = either(all.head, branch.head);
    all.tail = either(all.tail, branch.tail);
    all.folded = all.folded || branch.folded;
    if (all.exact && branch.exact) {
      all.exact->insert(all.exact->end(), branch.exact->begin(), branch.exact->end());
    } else {
      all.exact = std::nullopt;
    }
    const auto required = required_of_branch(branch);
    if (!required) {
      all.best = std::nullopt;
    } else if (all.best) {
      all.best->before_least = std::min(all.best->before_least, required->before_least);
      all.best->before_most = std::max(all.best->before_most, required->before_most);
      all.best->any_of.insert(all.best->any_of.end(), required->any_of.begin(), required->any_of.end());
    }
  }
  if (all.exact && all.exact->size() > kStringsMax) all.exact = std::nullopt;
  if (all.best) all.best->frequency = frequency_of(all.best->any_of);
  return all;
}

PatternPart repeated(const PatternPart& part, std::uint32_t least, std::uint32_t most) {
  PatternPart all;
  all.folded = part.folded;
  all.blank = part.blank;
  all.head = repeated(part.head, least, most);
  all.tail = repeated(part.tail, least, most);
  if (least >= 1 && part.best) {
    all.best = part.best;  // in the first of them
    const EdgeBytes others = repeated(part.head, least - 1, most - 1);
    for (RequiredLiteral& literal : all.best->any_of) literal.behind = followed(literal.behind, others);
  }
  if (!part.exact) return all;
  if (most <= kRepeatFollowed) {
    Strings so_far{""}, each;
    for (std::uint32_t count = 0; count <= most; ++count) {
      if (count >= least) each.insert(each.end(), so_far.begin(), so_far.end());
      const auto longer = joined(so_far, *part.exact);
      if (!longer) return all;
      so_far = *longer;
    }
    if (each.size() <= kStringsMax) all.exact = std::move(each);
    return all;
  }
  if (least > kRepeatFollowed && part.exact->size() == 1) {
    const std::uint32_t shown = std::min(least, kRepeatShown);
    RequiredLiteral literal;
    literal.folded = part.folded;
    for (std::uint32_t i = 0; i < shown; ++i) literal.bytes += part.exact->front();
    RequiredLiterals candidate;
    literal.behind = repeated(part.head, least - shown, most == kFar ? kFar : most - shown);
    candidate.any_of.push_back(std::move(literal));
    candidate.frequency = frequency_of(candidate.any_of);
    if (candidate.frequency < 1) all.best = std::move(candidate);
  }
  return all;
}

}  // namespace reeve::content
