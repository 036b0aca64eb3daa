#include "ports/contract_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::ports {
namespace {

using Outcome = ContractCheck::Outcome;
using ::testing::HasSubstr;

ContractReport Report() {
  ContractReport report;
  report.checks.push_back(RunContractCheck("greets", [] { return Status(); }));
  report.checks.push_back(RunContractCheck(
      "sings", []() -> Status { return Fail(Code::kUnimplemented, "it has no voice"); }));
  return report;
}

TEST(ContractReport, WhatDoesNotApplyIsNotHeldAgainstIt) {
  const ContractReport report = Report();
  EXPECT_EQ(report.checks[1].outcome, Outcome::kNotApplicable);
  EXPECT_TRUE(report.Passed());
  EXPECT_EQ(report.Summary(), "1 passed, 0 failed, 1 not applicable");
}

TEST(ContractReport, OneFailureFailsTheWholeAndSaysWhatWasSeen) {
  ContractReport report = Report();
  report.checks.push_back(RunContractCheck(
      "stops", []() -> Status { return Fail(Code::kFailedPrecondition, "it goes on \xff"); }));
  EXPECT_FALSE(report.Passed());
  EXPECT_THAT(report.ToText(), HasSubstr("it goes on"));
  const auto json = nlohmann::json::parse(report.ToJson({{"engine", "tone"}}));
  EXPECT_EQ(json["engine"], "tone");
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["checks"][1]["outcome"], "not applicable");
  EXPECT_THAT(json["checks"][2]["reason"].get<std::string>(), HasSubstr("it goes on"));
}

TEST(ContractReport, NothingCheckedIsNotPassed) { EXPECT_FALSE(ContractReport().Passed()); }

TEST(ContractReport, WithoutNamesAllChecksAreWanted) {
  EXPECT_TRUE(IsWanted({}, "greets"));
  EXPECT_TRUE(IsWanted({"sings", "greets"}, "greets"));
  EXPECT_FALSE(IsWanted({"sings"}, "greets"));
}

}  // namespace
}  // namespace parley::ports
