#include "catalog/models_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::catalog {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CosyVoicePlacesTest : public ::testing::Test {
 protected:
  CosyVoicePlacesTest() { config_.dir = dir_.path() / "models"; }

  // A model as its authors publish it.
  void Publish(const std::filesystem::path& folder) {
    for (const char* file : {"llm.pt", "flow.pt", "hift.pt", "CosyVoice-BlankEN/vocab.json"}) {
      Put(folder / file, "");
    }
  }
  void Put(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    ASSERT_TRUE(WriteFileAtomically(path, text));
  }

  std::map<std::string, Pack> List() {
    problems_.clear();
    std::map<std::string, Pack> packs;
    for (Pack& pack : ListPacks(config_, &problems_)) packs.emplace(pack.id, std::move(pack));
    return packs;
  }

  const testing::TempDir dir_;
  ModelsConfig config_;
  std::vector<Error> problems_;
};

TEST_F(CosyVoicePlacesTest, APublishedFolderIsAModel) {
  config_.cosyvoice.model = dir_.path() / "CosyVoice2-0.5B";
  Publish(config_.cosyvoice.model);
  const auto packs = List();
  ASSERT_TRUE(packs.contains("cosyvoice2-default"));
  const Pack& pack = packs.at("cosyvoice2-default");
  EXPECT_EQ(pack.engine, "cosyvoice2");
  EXPECT_EQ(pack.kind, "tts");
  EXPECT_EQ(pack.folder, config_.cosyvoice.model);
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(CosyVoicePlacesTest, EachFolderOfTheVoicepacksIsAModelByItsName) {
  config_.cosyvoice.voicepacks = dir_.path() / "packs";
  Publish(dir_.path() / "packs/anna");
  Put(dir_.path() / "packs/bert/model.toml",
      "[model]\nid = \"x/y\"\nengine = \"cosyvoice2\"\nkind = \"tts\"\n[files]\n"
      "[options]\nslots = 4\n");
  const auto packs = List();
  ASSERT_EQ(packs.size(), 2U);
  EXPECT_EQ(packs.at("cosyvoice2-anna").folder, dir_.path() / "packs/anna");
  EXPECT_EQ(packs.at("cosyvoice2-bert").options.at("slots"), "4");
}

TEST_F(CosyVoicePlacesTest, ASnapshotOfTheHubsClientIsFound) {
  config_.cosyvoice.hf_cache = dir_.path() / "hub";
  config_.cosyvoice.hf_repo = "some/repo";
  const auto repo = dir_.path() / "hub/models--some--repo";
  Put(repo / "refs/main", "abc123\n");
  Publish(repo / "snapshots/abc123");
  EXPECT_EQ(List().at("cosyvoice2-default").folder, repo / "snapshots/abc123");
  config_.cosyvoice.hf_repo = "other/repo";
  EXPECT_THAT(List(), IsEmpty());
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].message, HasSubstr("models--other--repo"));
}

TEST_F(CosyVoicePlacesTest, VersionOneIsRefusedByName) {
  config_.cosyvoice.model = dir_.path() / "CosyVoice-300M";
  Put(config_.cosyvoice.model / "llm.pt", "");
  EXPECT_THAT(List(), IsEmpty());
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].message, HasSubstr("version 1"));
}

TEST_F(CosyVoicePlacesTest, AModelOfTheSameNameAmongTheOthersGoesBefore) {
  config_.cosyvoice.voicepacks = dir_.path() / "packs";
  Publish(dir_.path() / "packs/anna");
  Put(config_.dir / "anna/model.toml",
      "[model]\nid = \"cosyvoice2-anna\"\nengine = \"tone\"\nkind = \"tts\"\n[files]\n");
  EXPECT_EQ(List().at("cosyvoice2-anna").engine, "tone");
}

}  // namespace
}  // namespace parley::catalog
