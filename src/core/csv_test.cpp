#include "core/csv.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(Csv, WhatASpreadsheetWouldCalculateIsText) {
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uFF1D1+1", "\uFF0B1", "\uFF0D1", "\uFF20a"}) {
    EXPECT_EQ(csv_cell(formula), std::string("'") + formula);
  }
  EXPECT_EQ(csv_cell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(csv_cell("\n=1"), "\"'\n=1\"");
  EXPECT_EQ(csv_cell("=HYPERLINK(\"http://evil\",\"x\")"), "\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\"");
  EXPECT_EQ(csv_cell("a=1"), "a=1");
}

TEST(Csv, NothingBreaksALine) {
  EXPECT_EQ(csv_cell(""), "");
  EXPECT_EQ(csv_cell("a, b"), "\"a, b\"");
  EXPECT_EQ(csv_cell("say \"no\"\r\nnow"), "\"say \"\"no\"\"\r\nnow\"");
  const std::string cells[] = {"a", "=b,c", ""};
  EXPECT_EQ(csv_line(cells), "a,\"'=b,c\",\r\n");
}

}  // namespace
}  // namespace reeve
