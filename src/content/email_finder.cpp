// E-mail addresses: from every "@" to both sides.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "content/check_digits.h"
#include "content/contact_finders.h"
#include "content/context_table.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kLocalMax = 64, kDomainMax = 190;
constexpr float kNotPersonal = 0.3F, kMaybe = 0.6F;

/// Words of a list with blanks between, to be looked for.
class WordSet {
 public:
  explicit WordSet(std::string_view list) {
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(' '), list.size());
      if (end > 0) words_.push_back(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    std::ranges::sort(words_);
  }
  bool holds(std::string_view word) const { return std::ranges::binary_search(words_, word); }

 private:
  std::vector<std::string_view> words_;
};

/// Top-level domains of more than two letters that people have mail under.
const WordSet& top_level_domains() {
  static const WordSet kWords(
      "com net org edu gov mil int info biz name pro mobi jobs travel museum aero coop asia tel cat post app dev cloud "
      "tech "
      "online site store shop blog xyz club top live email space website world today company agency digital solutions "
      "services systems network group media studio design global team software finance financial capital bank "
      "insurance "
      "health healthcare care clinic hospital doctor dental pharmacy law legal lawyer attorney consulting engineering "
      "energy academy school university education events photography restaurant hotel tours vip win fun icu work works "
      "ninja guru expert support center zone link click news press page wiki land house homes estate properties london "
      "paris berlin nyc tokyo amsterdam wien koeln cologne hamburg bayern ruhr saarland nrw swiss gmbh ltd inc llc "
      "africa "
      "joburg eus gal scot wales cymru brussels vlaanderen gent frl ist istanbul moscow barcelona madrid quebec sydney "
      "melbourne miami vegas boston tax fund money loans credit cash market markets trade trading industries "
      "international enterprises partners ventures holdings management marketing foundation charity church community "
      "social chat games game art music film video camera photo photos pictures graphics codes computer technology "
      "tools "
      "training institute science research bio eco green earth farm garden kitchen coffee beer wine pizza fitness yoga "
      "run "
      "bike auto car cars taxi limo flights cruises vacations rentals apartments construction builders contractors "
      "plumbing repair cleaning supply supplies equipment parts fashion clothing shoes jewelry boutique gifts toys "
      "kids "
      "baby family dating singles wedding life love one plus red blue pink black ooo rocks cool wtf lol sucks gmx "
      "local localdomain lan corp internal intranet home test example invalid localhost");
  return kWords;
}

/// Two letters that end file names rather than domains.
const WordSet& file_endings() {
  static const WordSet kWords("js ts go rb db gz xz kt cs hs ex vb hh pm zz xx aa ui id_ ok");
  return kWords;
}

/// Domains that stand for any domain.
const WordSet& sample_domains() {
  static const WordSet kWords(
      "foo.com bar.com baz.com foo.bar foo.org test.com test.org test.de domain.com domain.tld email.com mail.test "
      "company.com yourcompany.com yourdomain.com mydomain.com mycompany.com somedomain.com sample.com somewhere.com "
      "host.com abc.com xyz.com acme.com acme.org acme.io contoso.com b.com b.co bar.org site.com website.com "
      "server.com "
      "app.com demo.com your-domain.com my-domain.com corp.com evil.com attacker.com");
  return kWords;
}

/// Names in front of "@" that stand for anybody.
const WordSet& sample_names() {
  static const WordSet kWords(
      "user users username foo bar baz test tester testing test1 test2 example sample demo me you your yourname name "
      "your.name your-name your_name first.last firstname.lastname name.surname email mail e-mail someone somebody "
      "anyone "
      "person someuser myuser user1 user2 user3 admin root info hello contact a b c x y z me2 abc xyz usr u author dev "
      "developer owner john jane alice bob carol joe dave eve nobody customer client guest member team");
  return kWords;
}

/// Mailboxes of machines, not of people.
const WordSet& machines() {
  static const WordSet kWords(
      "noreply no-reply no_reply donotreply do-not-reply root postmaster mailer-daemon daemon nobody git hg svn "
      "hostmaster "
      "bounce bounces notifications notification unsubscribe webmaster abuse actions npm-bot dependabot");
  return kWords;
}

bool is_local(char c) {
  return is_alphanumeric(c) || holds("._+-'!#$&*=~", c) || static_cast<unsigned char>(c) >= 0x80;
}
bool is_domain(char c) { return is_alphanumeric(c) || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80; }

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), lower_case);
  return lower;
}

/// What is said of those who wrote something: near their address, and on its line.
struct CreditWords {
  static constexpr std::uint32_t kNamed = 0, kBy = 1;
  ContextTable near, line;

  CreditWords() {
    near.add({{"copyright", "(c)", "author", "maintainer", "maintained", "contributor"}, 160, false});
    near.add({{"by"}, 60, false});
    line.add({{"license", "licensed", "spdx", "signed off by", "co authored by", "reviewed by", "acked by",
               "contributed by", "written by", "report bugs", "bug reports", "bugs to"},
              100,
              false});
  }
};

class EmailFinder final : public PreparedFinder {
 public:
  EmailFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
    for (const std::uint32_t index : mine) detectors_.push_back({index, all[index].confidence});
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override {
    const std::string_view text = input.text;
    std::size_t last_end = 0;
    Credit credit;
    for_each_place(input.masks.at, text.size(), [&](std::size_t at) {
      if (found.size() > kFoundMax || at == 0 || !is_local(text[at - 1]) || !may_begin_domain(text, at + 1)) return;
      const std::size_t begin = local_begin(text, at, last_end);
      if (begin == at) return;
      const std::size_t end = domain_end(text, at + 1);
      if (end == 0) return;
      const float sureness = judge(text, begin, at, end, credit);
      if (sureness == 0) return;
      last_end = end;
      for (const auto& [index, confidence] : detectors_) {
        found.push_back({index, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end),
                         std::min(sureness, confidence)});
      }
    });
  }

 private:
  /// What was last said of an address: less when it is an author's, or a login.
  struct Credit {
    std::size_t at = 0;
    float sureness = 1;
  };

  static bool may_begin_domain(std::string_view text, std::size_t at) {
    return at < text.size() && (is_alphanumeric(text[at]) || static_cast<unsigned char>(text[at]) >= 0x80);
  }

  static std::size_t local_begin(std::string_view text, std::size_t at, std::size_t limit) {
    std::size_t begin = at;
    while (begin > limit && at - begin < kLocalMax && is_local(text[begin - 1])) {
      // A sign of Chinese, Japanese or Korean is the word in front, not a part of the address.
      if (static_cast<unsigned char>(text[begin - 1]) >= 0x80) {
        std::size_t lead = begin - 1;
        while (lead > limit && (static_cast<unsigned char>(text[lead]) & 0xc0U) == 0x80U) --lead;
        if (static_cast<unsigned char>(text[lead]) >= 0xe0) break;
        begin = lead;
      } else {
        --begin;
      }
    }
    while (begin < at && holds(".'+-=!#$&*~_", text[begin]) && text[begin] != '_') ++begin;
    // Behind "=" stands a value: "to=jane.roe@host.org".
    const auto equals = text.substr(begin, at - begin).rfind('=');
    if (equals != std::string_view::npos) begin += equals + 1;
    if (begin == at || text[at - 1] == '.' || text.substr(begin, at - begin).find("..") != std::string_view::npos)
      return at;
    return begin;
  }

  /// The end of a domain with a top level that exists; 0: none begins here.
  static std::size_t domain_end(std::string_view text, std::size_t begin) {
    std::size_t end = begin;
    while (end < text.size() && end - begin < kDomainMax && is_domain(text[end])) {
      if (static_cast<unsigned char>(text[end]) >= 0xe3 && end + 1 < text.size()) break;  // as in local_begin
      if (text[end] == '.' && (end + 1 == text.size() || !is_domain(text[end + 1]) || text[end + 1] == '.')) break;
      ++end;
    }
    if (end == begin || !(is_alphanumeric(text[begin]) || static_cast<unsigned char>(text[begin]) >= 0x80)) return 0;
    while (end > begin && holds("-.", text[end - 1])) --end;
    const auto domain = text.substr(begin, end - begin);
    const auto dot = domain.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return 0;
    const auto top = domain.substr(dot + 1);
    const bool all_lower = std::ranges::none_of(top, [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool all_upper = std::ranges::none_of(top, [](char c) { return c >= 'a' && c <= 'z'; });
    if (top.size() < 2 || (!all_lower && !all_upper)) return 0;
    if (top.starts_with("xn--") || static_cast<unsigned char>(top[0]) >= 0x80) return end;
    if (!std::ranges::all_of(top, is_letter)) return 0;
    const std::string lower = lowered(top);
    if (lower.size() == 2 ? file_endings().holds(lower) : !top_level_domains().holds(lower)) return 0;
    return end;
  }

  /// How sure, 0: it is none.
  static float judge(std::string_view text, std::size_t begin, std::size_t at, std::size_t end, Credit& credit) {
    if (begin > 0) {
      const char before = text[begin - 1];
      if (before == '@' || before == '%' || before == '\\' || before == '}') return 0;
      if (is_user_of_url(text, begin)) return 0;
    }
    if (end < text.size()) {
      const char after = text[end], second = end + 1 < text.size() ? text[end + 1] : ' ';
      if (after == '@' || after == '_' || after == '(') return 0;
      // "git@host:path", "user@host:/path"
      if (after == ':' && (second == '/' || second == '~' || is_alphanumeric(second))) return 0;
      if (after == '/' && is_alphanumeric(second)) return kNotPersonal;
    }
    const std::string local = lowered(text.substr(begin, at - begin)),
                      domain = lowered(text.substr(at + 1, end - at - 1));
    if (machines().holds(local)) return kNotPersonal;
    if (is_sample_domain(domain)) return is_sample_name(local) ? kNotPersonal : kMaybe;
    if (local == "user" || local == "username" || local == "your.email" || local == "foo") return kNotPersonal;
    // Addresses close to each other are of one kind: a list of authors, or of customers.
    if (credit.at == 0 || begin - credit.at > 48) {
      const bool credited = is_credit(text, begin);
      const float sureness = credited && is_author_line(text, begin) ? kMaybe : kNotPersonal;
      credit = {begin, credited || is_login(text, begin) ? sureness : 1};
    }
    return credit.sureness;
  }

  /// "Author: Ada <ada@host.org>" on a line of its own, as logs and records have it; not in a comment, beside a
  /// copyright or a licence, or as a package's own field in quotes.
  static bool is_author_line(std::string_view text, std::size_t begin) {
    const std::size_t from = begin > 160 ? begin - 160 : 0;
    const auto head = text.substr(from, begin - from);
    static const ContextWords kTerms{
        {"copyright", "(c)", "license", "licensed", "licence", "spdx", "all rights", "package", "version"}, 160, false};
    if (has_context(text, begin, begin, kTerms)) return false;
    auto line = head.substr(head.rfind('\n') == std::string_view::npos ? 0 : head.rfind('\n') + 1);
    line = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    for (const std::string_view label : {"Author: ", "Committer: ", "Commit: ", "Maintainer: "}) {
      if (line.starts_with(label)) return true;
    }
    return false;
  }

  static bool is_user_of_url(std::string_view text, std::size_t begin) {
    for (std::size_t i = begin; i > 0 && begin - i < 80; --i) {
      const char c = text[i - 1];
      if (c == ' ' || c == '\n' || c == '"' || c == '\'' || c == '<' || c == '?' || c == '&' || c == ',') return false;
      if (c == '/' && i >= 2 && text[i - 2] == '/') return true;
    }
    return false;
  }

  static bool is_sample_domain(std::string_view domain) {
    for (const std::string_view top : {".test", ".example", ".invalid", ".localhost", ".local", ".localdomain"}) {
      if (domain.ends_with(top)) return true;
    }
    for (const std::string_view second : {"example.com", "example.org", "example.net", "example.edu", "example.de",
                                          "example.co.uk", "example.io", "test.com", "domain.com"}) {
      if (domain == second || (domain.size() > second.size() && domain.ends_with(second) &&
                               domain[domain.size() - second.size() - 1] == '.')) {
        return true;
      }
    }
    return sample_domains().holds(domain);
  }

  static bool is_sample_name(std::string_view local) {
    return local.size() < 3 || sample_names().holds(local) || local.find("test") != std::string_view::npos ||
           local.find("example") != std::string_view::npos || local.find("your") != std::string_view::npos ||
           local.find("user") != std::string_view::npos || local.find("foo") != std::string_view::npos;
  }

  /// Who wrote a program says so in it, on purpose: copyright lines, authors, sign-offs.
  static bool is_credit(std::string_view text, std::size_t begin) {
    static const CreditWords kWords;
    const std::size_t from = begin > 160 ? begin - 160 : 0;
    const auto head = text.substr(from, begin - from);
    ContextTable::Near near;
    kWords.near.look(head, head.size(), head.size(), near);
    if (near.holds(CreditWords::kNamed) || (head.ends_with('<') && near.holds(CreditWords::kBy))) return true;
    const auto line = head.substr(head.rfind('\n') == std::string_view::npos ? 0 : head.rfind('\n'));
    kWords.line.look(line, line.size(), line.size(), near);
    return !near.is_empty();
  }

  /// "ssh user@host", "scp", "rsync".
  static bool is_login(std::string_view text, std::size_t begin) {
    const std::size_t from = begin > 24 ? begin - 24 : 0;
    static const ContextWords kLogins{
        {"ssh", "scp", "rsync", "sftp", "ssh copy id", "mosh", "psql", "git clone"}, 24, false};
    const auto head = text.substr(from, begin - from);
    return has_context(head, head.size(), head.size(), kLogins);
  }

  std::vector<std::pair<std::uint32_t, float>> detectors_;
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_email(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<EmailFinder>(all, mine);
}

}  // namespace reeve::content
