#include "catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/built_in.h"

namespace parley::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kHash(64, 'a');

std::string Entry(std::string_view id, std::string_view more = "") {
  return "[[model]]\nid = \"" + std::string(id) +
         "\"\nkind = \"tts\"\nengine = \"piper\"\nlicense = \"MIT\"\n" + std::string(more) +
         "[[model.file]]\nrole = \"model\"\nname = \"a.onnx\"\nsize = 3\nsha256 = \"" + kHash +
         "\"\nsources = [\"file:/x/a.onnx\"]\n";
}

std::string ProblemOf(std::string_view text) {
  const auto catalog = Catalog::Parse(text, "c.toml");
  return catalog ? "" : catalog.error().message;
}

TEST(Catalog, OursParsesAndItsDefaultsCoverAConversation) {
  const auto catalog = Catalog::Load(std::string(PARLEY_SOURCE_DIR) + "/models/catalog.toml");
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::vector<std::string> kinds;
  for (const Model& model : catalog->models()) {
    if (model.is_default) kinds.push_back(model.kind);
    EXPECT_GT(model.download_bytes(), 0u) << model.id;
    EXPECT_FALSE(model.license.empty()) << model.id;
  }
  EXPECT_THAT(kinds, ::testing::UnorderedElementsAre("tts", "asr", "llm", "vad", "endpoint"));
}

TEST(Catalog, TheBuiltInOneIsOurs) { EXPECT_TRUE(Catalog::Parse(BuiltInCatalog(), "built in")); }

TEST(Catalog, ReadsAnEntry) {
  const auto catalog =
      Catalog::Parse(Entry("piper/a", "options = { threads = 2, x = \"y\" }\n"), "c");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const Model& model = **catalog->Find("piper/a");
  EXPECT_EQ(model.options.at("threads"), "2");
  EXPECT_EQ(model.files.at(0).size_bytes, 3u);
  EXPECT_EQ(model.files.at(0).sources.at(0).parts.at(0).kind, SourceKind::kFile);
}

TEST(Catalog, AnUnknownModelListsThoseThereAre) {
  const auto catalog = Catalog::Parse(Entry("piper/a"), "c");
  EXPECT_THAT(catalog->Find("piper/b").error().message, HasSubstr("it has piper/a"));
}

TEST(Catalog, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_THAT(ProblemOf(Entry("piper/a", "licence = \"x\"\n")), HasSubstr("c.toml:6: licence"));
  EXPECT_THAT(ProblemOf(Entry("../a")), HasSubstr("c.toml:2: id must be"));
  EXPECT_THAT(ProblemOf(Entry("piper/a") + Entry("piper/a")), HasSubstr("stands there twice"));
  EXPECT_THAT(ProblemOf("[[model]]\nid = 3\n"), HasSubstr("id must be text"));
  EXPECT_THAT(ProblemOf("[[model]]\n"), HasSubstr("is missing"));
  EXPECT_THAT(ProblemOf("model = 3\n"), HasSubstr("a list of tables"));
}

TEST(ModelId, IsSafeAsAPath) {
  for (const char* good : {"piper/en_US-joe-medium", "a", "whisper/tiny.en"}) {
    EXPECT_TRUE(IsModelId(good)) << good;
  }
  for (const char* bad :
       {"", "/a", "a/", "a/b/c", "../a", "a/..", ".a", "a/.b", "a b", "-a", "a\n"}) {
    EXPECT_FALSE(IsModelId(bad)) << bad;
  }
}

TEST(Source, EachKindIsReadIntoItsParts) {
  EXPECT_EQ(ParseSource("pypi:a-b==1.0.0#x/y.onnx")->parts.at(0),
            (Part{SourceKind::kPypi, "a-b", "1.0.0", "x/y.onnx"}));
  EXPECT_EQ(ParseSource("npm:@s/p@0.3.1#y.bin")->parts.at(0),
            (Part{SourceKind::kNpm, "@s/p", "0.3.1", "y.bin"}));
  EXPECT_EQ(ParseSource("hf:org/repo@main#x/y.gguf")->parts.at(0),
            (Part{SourceKind::kHub, "org/repo", "main", "x/y.gguf"}));
  EXPECT_EQ(ParseSource("https://h/a.zip#m")->parts.at(0),
            (Part{SourceKind::kHttp, "https://h/a.zip", "", "m"}));
  EXPECT_EQ(ParseSource("file:~/v/a.onnx")->parts.at(0),
            (Part{SourceKind::kFile, "~/v/a.onnx", "", ""}));
  EXPECT_EQ(ParseSource("file:/a + file:/b")->parts.size(), 2u);
}

TEST(Source, NothingThatCouldBeAnOptionOrReachElsewhereIsTaken) {
  for (const char* bad :
       {"", "pypi:a#m", "pypi:a==#m", "pypi:-r==1#m", "pypi:a==--x#m", "pypi:a==1",
        "pypi:a==1#../m", "npm:a#m", "npm:@1#m", "npm:--x@1#m", "hf:o/../r@1#m",
        "http://example.org/a", "ftp://h/a", "http://localhost.example.org/", "https://h/a#/abs",
        "file:", "file:/a + ", "pypi:a==1\n#m"}) {
    EXPECT_FALSE(ParseSource(bad)) << bad;
  }
  EXPECT_TRUE(ParseSource("http://127.0.0.1:80/a"));
}

}  // namespace
}  // namespace parley::catalog
