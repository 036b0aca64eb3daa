#include "dialogue/scripted_language_model.h"

#include <gtest/gtest.h>

#include "dialogue/testing/collected.h"

namespace parley::dialogue {
namespace {

using Model = ports::LanguageModel;
using testing::Collected;

Model::Request Asking(const std::vector<std::string>& words) {
  Model::Request request;
  for (const std::string& text : words) {
    request.messages.push_back({Model::Role::kUser, text, {}, {}});
    request.messages.push_back({Model::Role::kAssistant, "yes", {}, {}});
  }
  if (!request.messages.empty()) request.messages.pop_back();
  return request;
}

TEST(Echo, SaysTheNewestWordsBack) {
  const auto model = MakeEcho({});
  Collected answer;
  const auto stream = model->Start(Asking({"old", "good morning"}), answer.sink());
  ASSERT_TRUE(answer.Wait());
  EXPECT_EQ(answer.text(), "You said: good morning");
  EXPECT_EQ(answer.deltas(), 4);
  EXPECT_EQ(answer.done()->reason, Model::DoneReason::kStop);
}

TEST(Script, SaysTheLineOfTheTurnHoweverOftenItIsAsked) {
  LlmConfig config;
  config.script = {"one", "two"};
  const auto model = MakeScript(config);
  for (const auto& [words, line] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"a"}, "one"}, {{"a"}, "one"}, {{"a", "b"}, "two"}, {{"a", "b", "c"}, "one"}}) {
    Collected answer;
    const auto stream = model->Start(Asking(words), answer.sink());
    ASSERT_TRUE(answer.Wait());
    EXPECT_EQ(answer.text(), line);
  }
}

TEST(Script, CancelEndsItAtOnceThoughTheNextWordIsFarAway) {
  LlmConfig config;
  config.script = {"one two"};
  config.script_word_ms = 1'000'000;
  const auto model = MakeScript(config);
  Collected answer;
  const auto stream = model->Start(Asking({"a"}), answer.sink());
  answer.WaitForText();
  stream->Cancel();
  ASSERT_TRUE(answer.Wait());
  EXPECT_EQ(answer.text(), "one");
  EXPECT_EQ(answer.done()->reason, Model::DoneReason::kCancelled);
}

TEST(Script, DestroyedStreamsSayNothingMore) {
  LlmConfig config;
  config.script_first_ms = 1'000'000;
  const auto model = MakeScript(config);
  Collected answer;
  model->Start(Asking({"a"}), answer.sink()).reset();
  EXPECT_EQ(answer.events(), 0);
}

}  // namespace
}  // namespace parley::dialogue
