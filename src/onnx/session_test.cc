#include "onnx/session.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "onnx/internal/version.h"
#include "onnx/testing/model_builder.h"

namespace parley::onnx {
namespace {

using testing::ModelBuilder;

// out = a + b, rows of three; count passes through.
std::string AddModel() {
  return ModelBuilder()
      .Input("a", {-1, 3})
      .Input("count", {1}, ModelBuilder::kInt64)
      .Floats("b", {3}, {10, 20, 30})
      .Node("Add", {"a", "b"}, {"out"})
      .Node("Identity", {"count"}, {"count_out"})
      .Output("out", {-1, 3})
      .Output("count_out", {1}, ModelBuilder::kInt64)
      .Build();
}

// A chain of `length` products of 384×384 matrices: many graph nodes, none of them long.
std::string LongModel(int length) {
  ModelBuilder builder;
  builder.Input("x0", {384, 384}).Floats("w", {384, 384}, std::vector<float>(384 * 384, 1e-3f));
  for (int i = 0; i < length; ++i) {
    builder.Node("MatMul", {"x" + std::to_string(i), "w"}, {"x" + std::to_string(i + 1)});
  }
  return builder.Output("x" + std::to_string(length), {384, 384}).Build();
}

class OnnxSession : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = Session::FromBytes(AddModel(), "add", {});
    ASSERT_TRUE(made) << made.error().message;
    session_ = std::move(*made);
  }

  const std::vector<float> a_{1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> a_shape_{2, 3};
  const std::vector<int64_t> count_{7};
  const std::vector<int64_t> count_shape_{1};
  std::unique_ptr<Session> session_;
};

TEST_F(OnnxSession, TheLibraryFoundServesTheHeadersApi) {
  EXPECT_TRUE(CheckRuntime());
  EXPECT_TRUE(RuntimeVersion().starts_with("1."));
}

TEST_F(OnnxSession, AnOlderLibraryIsRefusedWithBothVersions) {
  EXPECT_TRUE(internal::CheckVersion("1.21.0", 21));
  EXPECT_TRUE(internal::CheckVersion("1.32.0", 21));
  for (const char* version : {"1.20.9", "1", "", "2.1.0"}) {
    const Status status = internal::CheckVersion(version, 21);
    ASSERT_FALSE(status) << version;
    EXPECT_EQ(status.error().code, Code::kFailedPrecondition);
    EXPECT_NE(status.error().message.find("1.21"), std::string::npos);
  }
}

TEST_F(OnnxSession, InputsAndOutputsAreAsTheModelDeclaresThem) {
  ASSERT_EQ(session_->inputs().size(), 2u);
  EXPECT_EQ(session_->inputs()[0].name, "a");
  EXPECT_EQ(session_->inputs()[0].type, ElementType::kFloat);
  EXPECT_EQ(session_->inputs()[0].shape, (std::vector<int64_t>{-1, 3}));
  EXPECT_EQ(session_->inputs()[1].type, ElementType::kInt64);
  ASSERT_EQ(session_->outputs().size(), 2u);
  EXPECT_EQ(session_->outputs()[1].name, "count_out");
}

TEST_F(OnnxSession, ARunReturnsTheOutputsInTheOrderAskedFor) {
  const Feed feeds[] = {{"a", a_shape_, a_}, {"count", count_shape_, count_}};
  const char* const names[] = {"count_out", "out"};
  const auto values = session_->Run(feeds, names);
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ((*values)[0].ints()[0], 7);
  const auto out = (*values)[1].floats();
  EXPECT_EQ(std::vector<float>(out.begin(), out.end()),
            (std::vector<float>{11, 22, 33, 14, 25, 36}));
  EXPECT_EQ((*values)[1].shape()[0], 2);
}

TEST_F(OnnxSession, AValueOfOneRunFeedsTheNext) {
  const Feed feeds[] = {{"a", a_shape_, a_}, {"count", count_shape_, count_}};
  const char* const names[] = {"out", "count_out"};
  const auto first = session_->Run(feeds, names);
  ASSERT_TRUE(first);
  const Feed again[] = {{"a", (*first)[0]}, {"count", (*first)[1]}};
  const auto second = session_->Run(again, names);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ((*second)[0].floats()[5], 66);
}

TEST_F(OnnxSession, IntegersOf32BitsGoInAndComeOut) {
  const auto session = Session::FromBytes(ModelBuilder()
                                              .Input("n", {-1}, ModelBuilder::kInt32)
                                              .Node("Add", {"n", "n"}, {"twice"})
                                              .Output("twice", {-1}, ModelBuilder::kInt32)
                                              .Build(),
                                          "twice", {});
  ASSERT_TRUE(session) << session.error().message;
  const std::vector<int32_t> numbers{3, -4};
  const std::vector<int64_t> shape{2};
  const Feed feeds[] = {{"n", shape, numbers}};
  const char* const names[] = {"twice"};
  const auto values = (*session)->Run(feeds, names);
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ((*values)[0].type(), ElementType::kInt32);
  EXPECT_EQ((*values)[0].int32s()[1], -8);
}

TEST_F(OnnxSession, ARunWritesIntoTheCallersMemory) {
  const Feed feeds[] = {{"a", a_shape_, a_}, {"count", count_shape_, count_}};
  std::vector<float> out(6);
  std::vector<int64_t> count(1);
  const Sink sinks[] = {{"out", a_shape_, out}, {"count_out", count_shape_, count}};
  ASSERT_TRUE(session_->RunInto(feeds, sinks));
  EXPECT_EQ(out, (std::vector<float>{11, 22, 33, 14, 25, 36}));
  EXPECT_EQ(count[0], 7);
}

TEST_F(OnnxSession, AShapeThatDoesNotFitItsElementsIsRefusedByName) {
  const std::vector<int64_t> wrong{3, 3};
  const Feed feeds[] = {{"a", wrong, a_}, {"count", count_shape_, count_}};
  const char* const names[] = {"out"};
  const auto values = session_->Run(feeds, names);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Code::kInvalidArgument);
  EXPECT_EQ(values.error().message, "tensor 'a' has shape [3x3] but 6 elements");
}

TEST_F(OnnxSession, AnUnknownNameOrAMissingInputIsAnErrorThatNamesIt) {
  const Feed feeds[] = {{"a", a_shape_, a_}};
  const char* const names[] = {"nothing_of_that_name"};
  const auto values = session_->Run(feeds, names);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Code::kInvalidArgument);
  EXPECT_NE(values.error().message.find("nothing_of_that_name"), std::string::npos)
      << values.error().message;
}

TEST_F(OnnxSession, BrokenBytesAreDataLossAndAMissingFileNotFound) {
  const std::string model = AddModel();
  for (const std::string& bytes :
       {std::string(), std::string("not a model at all"), model.substr(0, model.size() / 2)}) {
    const auto made = Session::FromBytes(bytes, "voice", {});
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message.find("loading voice"), std::string::npos);
  }
  const auto missing = Session::FromFile("/nonexistent/model.onnx", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound) << missing.error().message;
}

TEST_F(OnnxSession, AFileLoadsAsItsBytesDo) {
  const parley::testing::TempDir dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "add.onnx", AddModel()));
  const auto made = Session::FromFile(dir.path() / "add.onnx", {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)->inputs().size(), 2u);
}

TEST_F(OnnxSession, ThreadsOutOfRangeAreRefusedWithTheRange) {
  const auto made = Session::FromBytes(AddModel(), "add", {.threads = 0});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalidArgument);
  EXPECT_NE(made.error().message.find("1 to 64"), std::string::npos);
}

TEST_F(OnnxSession, ACancelledTokenStopsARunBeforeItBegins) {
  CancelToken cancel;
  cancel.Cancel();
  const Feed feeds[] = {{"a", a_shape_, a_}, {"count", count_shape_, count_}};
  const char* const names[] = {"out"};
  const auto values = session_->Run(feeds, names, &cancel);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Code::kCancelled);
}

TEST(OnnxCancel, AnotherThreadStopsARunInFlightWithinANode) {
  const auto made = Session::FromBytes(LongModel(300), "long", {.optimize = false});
  ASSERT_TRUE(made) << made.error().message;
  const std::vector<float> x(384 * 384, 1.0f);
  const std::vector<int64_t> shape{384, 384};
  const Feed feeds[] = {{"x0", shape, x}};
  const char* const names[] = {"x300"};
  using Steady = std::chrono::steady_clock;
  const auto whole_start = Steady::now();
  ASSERT_TRUE((*made)->Run(feeds, names));
  const auto whole = Steady::now() - whole_start;

  CancelToken cancel;
  const auto start = Steady::now();
  std::thread canceller([&] {
    while (Steady::now() - start < whole / 10) std::this_thread::yield();
    cancel.Cancel();
  });
  const auto values = (*made)->Run(feeds, names, &cancel);
  canceller.join();
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Code::kCancelled) << values.error().message;
}

}  // namespace
}  // namespace parley::onnx
