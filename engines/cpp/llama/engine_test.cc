// The real engine process with the real default model, spoken to as the worker does.
#include "llama/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/testing/skip.h"
#include "engine/testing/engine_probe.h"

namespace parley::llama {
namespace {

using engine::AllOf;
using ports::LanguageModel;
using ::testing::HasSubstr;
using Role = LanguageModel::Role;

std::filesystem::path Pack() {
  const char* cache = std::getenv("PARLEY_CACHE");
  const char* home = std::getenv("HOME");
  const std::filesystem::path root =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home ? home : "/") / ".cache/parley";
  return root / "models/llama/smollm2-135m-instruct";
}

class LlamaEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Pack())) {
      SkipCounted("the model llama/smollm2-135m-instruct is not in the cache");
    }
    engine::EngineSpec spec{.name = "llama", .kind = ports::ModelKind::kLlm};
    spec.command = {PARLEY_BIN_DIR "/parley-engine-llama"};
    auto probe = engine::EngineProbe::Spawn(std::move(spec));
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
  }

  Result<engine::Loaded> Load(std::map<std::string, engine::OptionValue> options = {}) {
    engine::Load load;
    load.pack = Pack();
    load.device = "cpu";
    load.options = std::move(options);
    return probe_->Load(std::move(load));
  }

  std::shared_ptr<engine::ProbeStream> Ask(engine::LlmStart request) {
    auto stream = probe_->Start({.request = std::move(request)});
    EXPECT_TRUE(stream) << stream.error().message;
    return stream ? *stream : nullptr;
  }

  // Greedy, a few tokens.
  static engine::LlmStart About(std::vector<LanguageModel::Message> messages, int max_tokens = 24) {
    engine::LlmStart request;
    request.messages = std::move(messages);
    request.sampling.temperature = 0;
    request.sampling.max_tokens = max_tokens;
    request.prefix_key = "one conversation";
    return request;
  }

  struct Reply {
    std::string text;
    engine::Done done;
    std::vector<engine::ErrorMessage> errors;
  };

  Reply Answer(engine::LlmStart request) {
    Reply reply;
    const auto events = Ask(std::move(request))->WaitIdle();
    EXPECT_TRUE(events);
    if (!events) return reply;
    for (const auto& delta : AllOf<engine::Delta>(*events)) reply.text += delta.text;
    for (const auto& done : AllOf<engine::Done>(*events)) reply.done = done;
    reply.errors = AllOf<engine::ErrorMessage>(*events);
    return reply;
  }

  const LanguageModel::Message system_{.role = Role::kSystem,
                                       .text = "Reply in one short sentence."};
  const LanguageModel::Message france_{.role = Role::kUser,
                                       .text = "What is the capital of France?"};
  std::unique_ptr<engine::EngineProbe> probe_;
};

TEST_F(LlamaEngine, KnowsTheCapitalOfFrance) {
  ASSERT_TRUE(Load());
  const Reply reply = Answer(About({system_, france_}));
  EXPECT_THAT(reply.text, HasSubstr("Paris"));
  EXPECT_EQ(reply.done.reason, engine::DoneReason::kStop);
  EXPECT_EQ(reply.done.cached_tokens, 0);
  EXPECT_GT(reply.done.prompt_tokens, 20);
}

TEST_F(LlamaEngine, ReadsAgainOnlyWhatIsNew) {
  ASSERT_TRUE(Load());
  const Reply first = Answer(About({system_, france_}));
  const Reply second = Answer(About({system_,
                                     france_,
                                     {.role = Role::kAssistant, .text = first.text},
                                     {.role = Role::kUser, .text = "And of Italy?"}}));
  EXPECT_GE(second.done.cached_tokens, first.done.prompt_tokens);
  EXPECT_LT(second.done.prompt_tokens - second.done.cached_tokens, 20);
}

TEST_F(LlamaEngine, AnswersTheSameWithAndWithoutMemory) {
  ASSERT_TRUE(Load());
  const Reply cold = Answer(About({system_, france_}));
  const Reply warm = Answer(About({system_, france_}));
  EXPECT_EQ(warm.text, cold.text);
  EXPECT_EQ(warm.done.cached_tokens, warm.done.prompt_tokens - 1);
}

TEST_F(LlamaEngine, StopsAtLengthAndAtAStopString) {
  ASSERT_TRUE(Load());
  const Reply cut = Answer(About({system_, france_}, 3));
  EXPECT_EQ(cut.done.reason, engine::DoneReason::kLength);
  EXPECT_EQ(cut.done.tokens, 3);
  engine::LlmStart request = About({system_, france_});
  request.sampling.stop = {" Paris"};
  const Reply stopped = Answer(std::move(request));
  EXPECT_EQ(stopped.done.reason, engine::DoneReason::kStop);
  EXPECT_EQ(stopped.text.find("Paris"), std::string::npos);
}

TEST_F(LlamaEngine, TheSameSeedSaysTheSame) {
  ASSERT_TRUE(Load());
  engine::LlmStart request = About({system_, {.role = Role::kUser, .text = "Tell me a story."}});
  request.sampling.temperature = 0.9;
  request.sampling.seed = 7;
  const Reply first = Answer(request);
  EXPECT_EQ(Answer(request).text, first.text);
  request.sampling.seed = 8;
  EXPECT_NE(Answer(request).text, first.text);
}

TEST_F(LlamaEngine, ForgetsTheOldestTurnsOfALongConversation) {
  ASSERT_TRUE(Load({{"context_tokens", int64_t{512}}}));
  std::vector<LanguageModel::Message> messages = {system_};
  for (int i = 0; i < 40; ++i) {
    messages.push_back({.role = Role::kUser, .text = "Here is a line number " + std::to_string(i)});
    messages.push_back({.role = Role::kAssistant, .text = "Thank you for the line."});
  }
  messages.push_back(france_);
  const Reply reply = Answer(About(std::move(messages)));
  EXPECT_TRUE(reply.errors.empty());
  EXPECT_FALSE(reply.text.empty());
  EXPECT_LE(reply.done.prompt_tokens, 512);
}

TEST_F(LlamaEngine, SaysWhenOneTurnAloneIsTooLong) {
  ASSERT_TRUE(Load({{"context_tokens", int64_t{512}}}));
  std::string text;
  for (int i = 0; i < 600; ++i) text += "word ";
  const Reply reply = Answer(About({{.role = Role::kUser, .text = text}}));
  ASSERT_EQ(reply.errors.size(), 1U);
  EXPECT_EQ(reply.errors[0].code, Code::kInvalidArgument);
  EXPECT_THAT(reply.errors[0].message, HasSubstr("context_tokens"));
}

TEST_F(LlamaEngine, ACancelFreesTheSlot) {
  ASSERT_TRUE(Load({{"slots", int64_t{1}}}));
  std::string text;
  for (int i = 0; i < 900; ++i) text += "word ";
  const auto stream = Ask(About({{.role = Role::kUser, .text = text}}, 500));
  probe_->process().Cancel(stream->id());
  ASSERT_TRUE(stream->WaitIdle(10'000));
  EXPECT_THAT(Answer(About({system_, france_})).text, HasSubstr("Paris"));
}

TEST_F(LlamaEngine, RefusesAnOptionThatItDoesNotKnow) {
  const auto loaded = Load({{"ctx", int64_t{2}}});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("ctx"));
}

}  // namespace
}  // namespace parley::llama
