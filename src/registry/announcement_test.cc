#include "registry/announcement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::registry {
namespace {

using ::testing::HasSubstr;

Announcement Full() {
  return {.instance = "abc",
          .host = "box",
          .address = "10.0.0.1:50051",
          .zone = "eu",
          .metrics_port = 9100,
          .waiting = 3,
          .first_audio_p50_ms = 60.5,
          .first_audio_p95_ms = 120,
          .capabilities = {.worker_id = "w1",
                           .version = "0.1.0",
                           .device = "cuda:0",
                           .draining = true,
                           .ready = false,
                           .not_ready_why = "draining",
                           .models = {{.id = "piper/joe",
                                       .kind = ports::ModelKind::kTts,
                                       .engine = "piper",
                                       .state = ports::ModelState::kFailed,
                                       .reason = "no \"file\"",
                                       .is_default = true,
                                       .pinned = true,
                                       .licence = "MIT",
                                       .voices = {"a", "b"},
                                       .languages = {"en-US"},
                                       .capabilities = {"marks"},
                                       .sample_rate_hz = 22'050,
                                       .slots = 2,
                                       .in_use = 1,
                                       .memory_bytes = 5'000'000'000,
                                       .device_memory_bytes = 7,
                                       .load_ms = 8},
                                      {.id = "whisper/tiny", .kind = ports::ModelKind::kAsr}}}};
}

TEST(Announcement, AllThatIsSaidIsUnderstood) {
  const auto again = FromJson(ToJson(Full()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, Full());
}

TEST(Announcement, WhatCannotBeUsedIsRefused) {
  EXPECT_FALSE(FromJson(""));
  EXPECT_FALSE(FromJson("[]"));
  EXPECT_FALSE(FromJson(R"({"instance":"a","address":"b"})"));
  EXPECT_FALSE(FromJson(std::string(kAnnouncementBytesMax + 1, ' ')));
  EXPECT_THAT(FromJson(std::string(100'000, '[')).error().message, HasSubstr("no JSON"));
}

TEST(Announcement, WhatANewerVersionSaysBesidesIsIgnored) {
  const auto read = FromJson(
      R"({"instance":"i","name":"n","address":"h:1","colour":"red","waiting":"many","models":[)"
      R"({"id":"x","kind":"smell","state":"ready"},{"id":"y","kind":"tts","state":"frozen"},)"
      R"({"id":"z","kind":"asr","state":"ready","slots":-5},7]})");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->capabilities.models.size(), 1u);
  EXPECT_EQ(read->capabilities.models[0].id, "z");
  EXPECT_EQ(read->capabilities.models[0].slots, 0);
  EXPECT_EQ(read->waiting, 0);
}

}  // namespace
}  // namespace parley::registry
