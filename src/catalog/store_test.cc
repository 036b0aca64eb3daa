#include "catalog/store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/mount.h>

#include <thread>

#include "base/file.h"
#include "base/testing/skip.h"
#include "base/testing/temp_dir.h"
#include "catalog/testing/http_server.h"
#include "catalog/testing/make_archive.h"
#include "catalog/testing/quiet_progress.h"

namespace parley::catalog {
namespace {

using parley::testing::HttpServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string Sha256(std::string_view bytes) {
  unsigned char digest[32];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { fs::create_directories(bin_); }

  // A model of one file whose bytes must be `bytes`.
  Model ModelOf(std::string_view bytes, const std::vector<std::string>& sources) {
    Model model{.id = "piper/a", .kind = "tts", .engine = "piper", .license = "MIT"};
    File file{
        .role = "model", .name = "a.onnx", .size_bytes = bytes.size(), .sha256 = Sha256(bytes)};
    for (const std::string& source : sources) file.sources.push_back(*ParseSource(source));
    model.files.push_back(std::move(file));
    return model;
  }
  Store::Config Config() {
    Store::Config config{.models_dir = models_, .engines_dir = bin_};
    config.http = {.stall_ms = 300, .tries_max = 2, .backoff_ms = 1};
    config.clients = {.python = (bin_ / "python").string(), .npm = (bin_ / "npm").string()};
    return config;
  }
  Result<Store::Outcome> Pull(const Model& model) { return Store(Config(), work_).Pull(model); }
  fs::path Write(const fs::path& path, std::string_view bytes, int mode = 0644) {
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(WriteFileAtomically(path, bytes, mode));
    return path;
  }
  std::string Installed() { return ReadFile(models_ / "piper/a/a.onnx", 1 << 20).value_or(""); }

  parley::testing::TempDir dir_;
  const fs::path models_ = dir_.path() / "models";
  const fs::path bin_ = dir_.path() / "bin";
  testing::QuietProgress progress_;
  std::atomic<bool> cancelled_{false};
  Work work_{progress_, cancelled_};
};

TEST_F(StoreTest, ALocalFileBecomesAPackAndIsThenNotFetchedAgain) {
  const fs::path source = Write(dir_.path() / "src/a.onnx", "voice");
  const Model model = ModelOf("voice", {"file:" + source.string()});
  const auto first = Pull(model);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, Store::Outcome::kFetched);
  const auto pack = ReadPack(models_ / "piper/a");
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(pack->engine, "piper");
  fs::remove(source);
  EXPECT_EQ(*Pull(model), Store::Outcome::kAlreadyThere);
}

TEST_F(StoreTest, TheNextSourceIsTriedAfterA404) {
  HttpServer server([](const auto& request, auto& c) {
    request.target == "/gone" ? c.Respond(404, "") : c.Respond(200, "voice");
  });
  ASSERT_TRUE(Pull(ModelOf("voice", {server.Url("/gone"), server.Url("/there")})));
  EXPECT_EQ(Installed(), "voice");
}

TEST_F(StoreTest, AWrongHashIsRefusedKeptAsideAndTheNextSourceTried) {
  HttpServer server([](const auto& request, auto& c) {
    c.Respond(200, request.target == "/bad" ? "vOice" : "voice");
  });
  const auto failed = Pull(ModelOf("voice", {server.Url("/bad")}));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message,
              AllOf(HasSubstr(Sha256("vOice")), HasSubstr(Sha256("voice"))));
  const std::string aside = fmt::format("a.onnx.{}", Sha256("vOice").substr(0, 12));
  EXPECT_EQ(*ReadFile(models_ / ".refused" / aside, 100), "vOice");
  EXPECT_FALSE(fs::exists(models_ / "piper/a"));
  ASSERT_TRUE(Pull(ModelOf("voice", {server.Url("/bad"), server.Url("/good")})));
  EXPECT_EQ(Installed(), "voice");
}

TEST_F(StoreTest, HalfADownloadIsContinuedByTheNextRun) {
  const std::string body(50'000, 'v');
  std::atomic<bool> broken{true};
  HttpServer server([&](const auto& request, auto& c) {
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) {
      c.Write("HTTP/1.1 200 x\r\nContent-Length: 50000\r\n\r\n" + body.substr(0, 20'000));
      c.Close();
    } else if (broken) {
      c.Respond(503, "");
    } else {
      const size_t start = std::stoul(range->second.substr(6));
      c.Respond(206, body.substr(start),
                fmt::format("Content-Range: bytes {}-49999/50000\r\n", start));
    }
  });
  const Model model = ModelOf(body, {server.Url("/a")});
  EXPECT_FALSE(Pull(model));
  broken = false;
  ASSERT_TRUE(Pull(model));
  EXPECT_EQ(Installed(), body);
  EXPECT_EQ(server.requests().back().headers.at("range"), "bytes=20000-");
}

TEST_F(StoreTest, TheHubIsAskedByRevisionWithTheToken) {
  HttpServer server([](const auto&, auto& c) { c.Respond(200, "voice"); });
  const Model model = ModelOf("voice", {"hf:org/repo@abc123#x/a.onnx"});
  EXPECT_THAT(Pull(model).error().message, HasSubstr("models.hub_endpoint"));
  Store::Config config = Config();
  config.hub_endpoint = server.Url("");
  config.hub_token = Secret("t0ken");
  ASSERT_TRUE(Store(config, work_).Pull(model));
  EXPECT_EQ(server.requests()[0].target, "/org/repo/resolve/abc123/x/a.onnx");
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Bearer t0ken");
}

TEST_F(StoreTest, AMemberOfAnArchiveBehindAUrlIsTakenOut) {
  testing::MakeArchive(dir_.path() / "v.tar.gz", {{"v/a.onnx", "voice"}});
  const std::string archive = *ReadFile(dir_.path() / "v.tar.gz", 1 << 20);
  HttpServer server([&](const auto&, auto& c) { c.Respond(200, archive); });
  ASSERT_TRUE(Pull(ModelOf("voice", {server.Url("/v.tar.gz") + "#v/a.onnx"})));
  EXPECT_EQ(Installed(), "voice");
}

TEST_F(StoreTest, PartsOfOneFileAreJoined) {
  const fs::path one = Write(dir_.path() / "one", "voi");
  const fs::path two = Write(dir_.path() / "two", "ce");
  ASSERT_TRUE(
      Pull(ModelOf("voice", {fmt::format("file:{} + file:{}", one.string(), two.string())})));
  EXPECT_EQ(Installed(), "voice");
}

TEST_F(StoreTest, PackagesComeThroughTheirOrdinaryClientsOnceEach) {
  testing::MakeArchive(dir_.path() / "p.whl", {{"p/a.onnx", "voice"}, {"p/b.json", "{}"}});
  Write(bin_ / "python",
        fmt::format(
            "#!/bin/sh\necho \"$@\" >> {0}/calls\nwhile [ \"$1\" != --dest ]; do shift; done\n"
            "cp {0}/p.whl \"$2/p-1.0-py3-none-any.whl\"\n",
            dir_.path().string()),
        0755);
  Model model = ModelOf("voice", {"pypi:p==1.0#p/a.onnx"});
  File config{.role = "config", .name = "b.json", .size_bytes = 2, .sha256 = Sha256("{}")};
  config.sources.push_back(*ParseSource("pypi:p==1.0#p/b.json"));
  model.files.push_back(config);
  const auto pulled = Pull(model);
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(Installed(), "voice");
  const std::string calls = *ReadFile(dir_.path() / "calls", 10'000);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 1);
  EXPECT_THAT(calls, AllOf(HasSubstr("-m pip download --no-deps --only-binary=:all:"),
                           HasSubstr(" p==1.0\n")));
  EXPECT_FALSE(fs::exists(models_ / ".partial/packages"));
}

TEST_F(StoreTest, NpmPacksWithoutRunningScripts) {
  testing::MakeArchive(dir_.path() / "p.tgz", {{"package/a.onnx", "voice"}});
  Write(bin_ / "npm",
        fmt::format("#!/bin/sh\necho \"$@\" >> {0}/calls\n"
                    "while [ \"$1\" != --pack-destination ]; do shift; done\n"
                    "cp {0}/p.tgz \"$2/p.tgz\"\n",
                    dir_.path().string()),
        0755);
  ASSERT_TRUE(Pull(ModelOf("voice", {"npm:@s/p@1.0#a.onnx"})));
  EXPECT_EQ(Installed(), "voice");
  EXPECT_THAT(*ReadFile(dir_.path() / "calls", 10'000),
              HasSubstr("pack @s/p@1.0 --ignore-scripts"));
}

TEST_F(StoreTest, AClientThatFailsLeavesItsWordsAndTheNextSourceATurn) {
  Write(bin_ / "python", "#!/bin/sh\necho no such version; exit 1\n", 0755);
  const fs::path source = Write(dir_.path() / "a", "voice");
  ASSERT_TRUE(Pull(ModelOf("voice", {"pypi:p==1.0#p/a", "file:" + source.string()})));
  ASSERT_FALSE(progress_.lines.empty());
  EXPECT_THAT(progress_.lines[0], HasSubstr("no such version"));
}

TEST_F(StoreTest, AConversionStepMakesTheFileAndItsInputIsNotKept) {
  Write(bin_ / "parley-engine-whisper",
        "#!/bin/sh\n[ \"$1\" = --import ] && tr a-z A-Z < \"$2/a.onnx\" > \"$4\"\n", 0755);
  const fs::path source = Write(dir_.path() / "a", "voice");
  Model model = ModelOf("voice", {"file:" + source.string()});
  model.files[0].keep = false;
  model.steps.push_back({"whisper", {"--import", "{in}", "--out", "{out}"}, "model", "b.bin"});
  const auto pulled = Pull(model);
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(*ReadFile(models_ / "piper/a/b.bin", 100), "VOICE");
  EXPECT_FALSE(fs::exists(models_ / "piper/a/a.onnx"));
  EXPECT_EQ(ReadPack(models_ / "piper/a")->files.at("model"), "b.bin");
  EXPECT_EQ(*Pull(model), Store::Outcome::kAlreadyThere);
}

TEST_F(StoreTest, WithoutTheConvertingEngineTheDownloadIsKept) {
  const fs::path source = Write(dir_.path() / "a", "voice");
  Model model = ModelOf("voice", {"file:" + source.string()});
  model.steps.push_back({"whisper", {"{in}", "{out}"}, "other", "b.bin"});
  EXPECT_THAT(Pull(model).error().message, HasSubstr("parley-engine-whisper"));
  fs::remove(source);
  Write(bin_ / "parley-engine-whisper", "#!/bin/sh\necho x > \"$2\"\n", 0755);
  EXPECT_TRUE(Pull(model));
}

TEST_F(StoreTest, VerifyFindsAChangedByteAndPullMendsIt) {
  const fs::path source = Write(dir_.path() / "a", "voice");
  const Model model = ModelOf("voice", {"file:" + source.string()});
  ASSERT_TRUE(Pull(model));
  Store store(Config(), work_);
  EXPECT_TRUE(store.Verify("piper/a")->at(0).good);
  Write(models_ / "piper/a/a.onnx", "vOice");
  const auto checks = store.Verify("piper/a");
  ASSERT_TRUE(checks);
  EXPECT_FALSE(checks->at(0).good);
  EXPECT_THAT(checks->at(0).problem, HasSubstr(Sha256("vOice")));
  fs::remove(models_ / "piper/a/a.onnx");
  ASSERT_TRUE(store.Pull(model));
  EXPECT_EQ(Installed(), "voice");
}

TEST_F(StoreTest, RemoveTakesTheModelAndItsEmptyFolderAway) {
  const fs::path source = Write(dir_.path() / "a", "voice");
  ASSERT_TRUE(Pull(ModelOf("voice", {"file:" + source.string()})));
  Store store(Config(), work_);
  ASSERT_TRUE(store.Remove("piper/a"));
  EXPECT_FALSE(fs::exists(models_ / "piper"));
  EXPECT_EQ(store.Remove("piper/a").error().code, Code::kNotFound);
  EXPECT_EQ(store.Remove("../../x").error().code, Code::kInvalidArgument);
}

TEST_F(StoreTest, TwoPullsOfOneModelDoNotMeet) {
  std::atomic<int> requests{0};
  HttpServer server([&](const auto&, auto& c) {
    ++requests;
    c.Respond(200, "voice");
  });
  const Model model = ModelOf("voice", {server.Url("/a")});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        testing::QuietProgress progress;
        Work work{progress, cancelled_};
        EXPECT_TRUE(Store(Config(), work).Pull(model));
      });
    }
  }
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(Installed(), "voice");
}

TEST_F(StoreTest, AFullDiskIsSaidBeforeTheDownload) {
  fs::create_directories(models_);
  if (::mount("tmpfs", models_.c_str(), "tmpfs", 0, "size=1m") != 0) {
    SkipCounted("no right to mount a small disk");
  }
  std::atomic<int> requests{0};
  HttpServer server([&](const auto&, auto& c) {
    ++requests;
    c.Respond(200, "voice");
  });
  const auto pulled = Pull(ModelOf("voice", {server.Url("/a")}));
  ::umount2(models_.c_str(), MNT_DETACH);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Code::kResourceExhausted);
  EXPECT_THAT(pulled.error().message, HasSubstr("MB are needed"));
  EXPECT_EQ(requests, 0);
}

TEST_F(StoreTest, ImportsWhatPeopleHave) {
  Store store(Config(), work_);
  Write(dir_.path() / "v/amy.onnx", "x");
  Write(dir_.path() / "v/amy.onnx.json", "{}");
  const auto voice = store.Import(dir_.path() / "v", std::nullopt);
  ASSERT_TRUE(voice) << voice.error().message;
  EXPECT_EQ(voice->id, "piper/amy");
  EXPECT_EQ(voice->files.at("config"), "amy.onnx.json");
  const auto again = store.Import(dir_.path() / "v/amy.onnx", std::nullopt);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kAlreadyExists);
  const auto llm = store.Import(Write(dir_.path() / "My Model.gguf", "GGUF..."), std::nullopt);
  ASSERT_TRUE(llm) << llm.error().message;
  EXPECT_EQ(llm->id, "llama/My-Model");
  const auto asr = store.Import(Write(dir_.path() / "base.bin", "lmgg..."), "whisper/base");
  ASSERT_TRUE(asr) << asr.error().message;
  EXPECT_EQ(asr->kind, "asr");
  EXPECT_EQ(store.Import(Write(dir_.path() / "x", "?"), std::nullopt).error().code,
            Code::kInvalidArgument);
}

TEST_F(StoreTest, ImportsACTranslate2FolderThroughTheEngine) {
  Write(bin_ / "parley-engine-whisper", "#!/bin/sh\necho ggml > \"$4\"\n", 0755);
  Write(dir_.path() / "faster-tiny/model.bin", "x");
  Write(dir_.path() / "faster-tiny/vocabulary.txt", "x");
  const auto pack = Store(Config(), work_).Import(dir_.path() / "faster-tiny", std::nullopt);
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(pack->id, "whisper/faster-tiny");
  EXPECT_EQ(*ReadFile(*pack->FileOf("model"), 100), "ggml\n");
}

TEST_F(StoreTest, ImportsAnArchiveOfAVoiceButNotOneThatReachesOut) {
  testing::MakeArchive(dir_.path() / "amy.zip",
                       {{"amy/amy.onnx", "x"}, {"amy/amy.onnx.json", "{}"}});
  Store store(Config(), work_);
  const auto pack = store.Import(dir_.path() / "amy.zip", std::nullopt);
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(pack->id, "piper/amy");
  testing::MakeArchive(dir_.path() / "bad.zip", {{"../evil.onnx", "x"}});
  EXPECT_FALSE(store.Import(dir_.path() / "bad.zip", std::nullopt));
  EXPECT_FALSE(fs::exists(models_ / "evil.onnx"));
}

}  // namespace
}  // namespace parley::catalog
