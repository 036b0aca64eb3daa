#include "net/multipart.h"

#include <gtest/gtest.h>

namespace parley::net {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=B";

TEST(MultipartForm, FieldsAndFilesAreFound) {
  const std::string whole =
      "preamble\r\n--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
      "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
      "Content-Type: audio/wav\r\n\r\nRIFF\r\n--A\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"x[]\"\r\n\r\n\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"x[]\"\r\n\r\ny\r\n--B--\r\nepilogue";
  const auto parsed = MultipartForm::Parse("Multipart/Form-Data; boundary=\"B\"", whole);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->Field("model"), "whisper-1");
  const FormPart* file = parsed->Find("file");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->file_name, "a.wav");
  EXPECT_EQ(file->content_type, "audio/wav");
  EXPECT_EQ(file->data, "RIFF\r\n--A");
  EXPECT_EQ(parsed->Fields("x[]"), (std::vector<std::string_view>{"", "y"}));
  EXPECT_EQ(parsed->Find("nothing"), nullptr);
}

TEST(MultipartForm, EveryCutOfAFormIsRefused) {
  const std::string whole = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--B--";
  ASSERT_TRUE(MultipartForm::Parse(kType, whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(MultipartForm::Parse(kType, whole.substr(0, size))) << size;
  }
}

TEST(MultipartForm, BadFormsAreRefusedWithTheReason) {
  struct Case {
    std::string type, body, says;
  };
  const Case cases[] = {
      {"application/json", "{}", "expected multipart/form-data"},
      {"multipart/form-data", "--B--", "needs a boundary"},
      {"multipart/form-data; boundary=" + std::string(71, 'x'), "", "needs a boundary"},
      {std::string(kType), "no boundary here", "does not occur"},
      {std::string(kType), "--Bxx", "not followed by a line end"},
      {std::string(kType), "--B\r\nno colon\r\n\r\nv\r\n--B--", "without ':'"},
      {std::string(kType), "--B\r\nX: y\r\n\r\nv\r\n--B--", "has no name"},
      {std::string(kType), "--B\r\n" + std::string(9000, 'h') + "\r\n\r\nv\r\n--B--",
       "no end of its header"},
  };
  for (const Case& one : cases) {
    const auto form = MultipartForm::Parse(one.type, one.body);
    ASSERT_FALSE(form) << one.body;
    EXPECT_NE(form.error().message.find(one.says), std::string::npos) << form.error().message;
  }
}

TEST(MultipartForm, TooManyPartsAreRefused) {
  std::string body;
  for (int i = 0; i < 65; ++i) {
    body += "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n";
  }
  const auto form = MultipartForm::Parse(kType, body + "--B--");
  ASSERT_FALSE(form);
  EXPECT_NE(form.error().message.find("64"), std::string::npos);
}

}  // namespace
}  // namespace parley::net
