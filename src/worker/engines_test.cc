#include "worker/engines.h"

#include <gtest/gtest.h>

#include "catalog/models_config.h"
#include "config/loader.h"
#include "worker/worker_config.h"

namespace parley::worker {
namespace {

using engine::OptionValue;

TEST(Engines, AnEngineGetsThoseOfOurSettingsThatItTakes) {
  const catalog::Pack pack{.id = "x/y", .options = {{"slots", "3"}}};
  const EnginesConfig config{.style_control = false, .default_style = "calm", .fp16 = true};
  catalog::EngineManifest manifest;
  manifest.takes = {"style_control", "default_style", "profile_dir"};
  const auto options = LoadFor(pack, &manifest, config, "cpu").options;
  EXPECT_EQ(options, (std::map<std::string, OptionValue>{{"slots", int64_t{3}},
                                                         {"style_control", false},
                                                         {"default_style", std::string("calm")}}));
  EXPECT_EQ(LoadFor(pack, nullptr, config, "cpu").options.size(), 1U);
}

TEST(Engines, ASettingThatThereIsNotCannotBeTaken) {
  catalog::EngineManifest manifest{.name = "x", .kind = "tts", .takes = {"style_controll"}};
  const auto spec = SpecOf(manifest, {});
  ASSERT_FALSE(spec);
  EXPECT_NE(spec.error().message.find("there are style_control, default_style"), std::string::npos)
      << spec.error().message;
}

TEST(Engines, AModelsOwnOptionGoesBeforeTheSetting) {
  const catalog::Pack pack{.id = "x/y", .options = {{"default_style", "sad"}}};
  catalog::EngineManifest manifest;
  manifest.takes = {"default_style"};
  const auto load = LoadFor(pack, &manifest, {.default_style = "calm"}, "cpu");
  EXPECT_EQ(load.options.at("default_style"), OptionValue(std::string("sad")));
}

class CosyVoiceNames : public ::testing::Test {
 protected:
  void Load(std::map<std::string, std::string> env) {
    config::Binder binder;
    BindConfig(binder, config_);
    catalog::BindConfig(binder, models_);
    config::Sources sources;
    sources.env = std::move(env);
    const Status loaded = config::Load(binder, sources);
    ASSERT_TRUE(loaded) << loaded.error().message;
    AdoptCosyVoice(binder, models_.cosyvoice, config_);
  }

  WorkerConfig config_;
  catalog::ModelsConfig models_;
};

TEST_F(CosyVoiceNames, AFolderWithoutAModelsNameIsTheDefaultVoice) {
  Load({{"COSYVOICE_MODEL_PATH", "/m"}});
  EXPECT_EQ(config_.default_voice, "cosyvoice2-default");
  EXPECT_EQ(models_.cosyvoice.model_id, "cosyvoice2-default");
}

TEST_F(CosyVoiceNames, TheDefaultModelHasTheNameThatItIsGiven) {
  Load({{"COSYVOICE_MODEL_PATH", "/m"}, {"DEFAULT_MODEL_ID", "cosyvoice2-anna"}});
  EXPECT_EQ(config_.default_voice, "cosyvoice2-anna");
  EXPECT_EQ(models_.cosyvoice.model_id, "cosyvoice2-anna");
}

TEST_F(CosyVoiceNames, AnotherDefaultVoiceStays) {
  Load({{"COSYVOICE_MODEL_PATH", "/m"}, {"DEFAULT_MODEL_ID", "piper/en_US-joe-medium"}});
  EXPECT_EQ(config_.default_voice, "piper/en_US-joe-medium");
  EXPECT_EQ(models_.cosyvoice.model_id, "cosyvoice2-default");
}

TEST_F(CosyVoiceNames, EveryNameOfTheOriginalIsRead) {
  Load({{"COSYVOICE_VOICEPACK_DIR", "/packs"},
        {"COSYVOICE_HF_REPO", "a/b"},
        {"COSYVOICE_HF_CACHE", "/hub"},
        {"ENABLE_EMOTION_CONTROL", "false"},
        {"DEFAULT_EMOTION", "calm"},
        {"USE_FP16", "true"},
        {"ENABLE_PROFILING", "true"}});
  EXPECT_EQ(models_.cosyvoice.voicepacks, "/packs");
  EXPECT_EQ(models_.cosyvoice.hf_repo, "a/b");
  EXPECT_EQ(models_.cosyvoice.hf_cache, "/hub");
  EXPECT_FALSE(config_.engines.style_control);
  EXPECT_EQ(config_.engines.default_style, "calm");
  EXPECT_TRUE(config_.engines.fp16);
  EXPECT_TRUE(config_.engines.profiling);
}

}  // namespace
}  // namespace parley::worker
