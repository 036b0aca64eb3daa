#include "cli/speech_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AudioFormat, FollowsTheFilesEnding) {
  EXPECT_EQ(*AudioFormatOf("a/b.wav"), "wav");
  EXPECT_EQ(*AudioFormatOf("b.mp3"), "mp3");
  EXPECT_THAT(AudioFormatOf("b.ogg").error().message, HasSubstr(".wav, .mp3 or .pcm"));
}

TEST(TranscriptionForm, HoldsFileAndFields) {
  const std::string form =
      TranscriptionForm("xx", "a.wav", std::string("\0\r\n--", 5), "m", "", "json");
  EXPECT_THAT(form,
              HasSubstr("--xx\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n"));
  EXPECT_THAT(form, HasSubstr(std::string("\r\n\r\n\0\r\n--\r\n--xx--\r\n", 17)));
  EXPECT_THAT(form, Not(HasSubstr("name=\"language\"")));
}

TEST(TranscriptionForm, AFileNameCannotEndItsField) {
  EXPECT_THAT(TranscriptionForm("xx", "a\"\r\nX: y.wav", "", "m", "", ""),
              HasSubstr("filename=\"a%22__X: y.wav\""));
}

}  // namespace
}  // namespace parley::cli
