#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/policy.h"

namespace reeve::policy {
namespace {

std::string file(const std::string& name) {
  std::ifstream stream(std::string(REEVE_SOURCE_DIR) + "/docs/" + name);
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

TEST(FactsDocument, IsTheOneThatIsKept) {
  EXPECT_EQ(file("facts.md"), facts_document()) << "write it again: reeve policy facts > docs/facts.md";
}

TEST(FactsDocument, TheSchemaIsTheOneThatIsKept) {
  EXPECT_EQ(file("governance.schema.json"), governance_schema())
      << "write it again: reeve policy facts --schema > docs/governance.schema.json";
}

}  // namespace
}  // namespace reeve::policy
