#pragma once

// The documents of this room, read and checked one by one: Policy, Exception, Ladder, PolicyTest. What only shows when
// they are looked at together is bundle.cpp's. Private to the policy room.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/document.h"

namespace reeve::policy {

/// A case that stands in a rule or in a PolicyTest: these facts must end like that.
struct RuleTest {
  std::string name;
  Point point = Point::kModelCall;
  std::string given;             // JSON
  std::optional<Effect> expect;  // nothing: `none`, the rule does not match
  std::string rule;              // the decisive rule expected; empty for any
  std::string exception;         // expected to be used; empty for none named
  YamlValue source;              // for messages
};

struct RewriteSource {
  std::string target;  // "tool.arguments.command"
  std::string expression;
  YamlValue source;
};

struct Rule {
  RuleInfo info;
  Selector selector;
  std::vector<RewriteSource> rewrites;
  std::vector<RuleTest> tests;
  YamlValue source;
};

struct Exception {
  ExceptionInfo info;
  Selector selector;
  YamlValue source;
};

struct TestSuite {
  std::string name;
  std::vector<RuleTest> tests;
  YamlValue source;
};

/// Each gives nothing when the document has an error; complaints then say which.
std::optional<Rule> read_rule(const YamlValue& document, std::vector<Diagnostic>& complaints);
std::optional<Exception> read_exception(const YamlValue& document, std::vector<Diagnostic>& complaints);
std::optional<LadderInfo> read_ladder(const YamlValue& document, std::vector<Diagnostic>& complaints);
std::optional<TestSuite> read_test_suite(const YamlValue& document, std::vector<Diagnostic>& complaints);

/// The tests under `tests`. `points`: where the document's rules decide. `own`: the effect of the rule they stand in,
/// nothing in a suite of its own.
std::vector<RuleTest> read_tests(DocumentReader& reader, const std::vector<Point>& points, std::optional<Effect> own);

/// Whether the effect can be on the point: docs/policy.md, "may stand on".
bool effect_fits(Effect effect, Point point);

}  // namespace reeve::policy
