#include "catalog/internal/http_download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "catalog/testing/http_server.h"
#include "catalog/testing/quiet_progress.h"

namespace parley::catalog::internal {
namespace {

using parley::testing::HttpConnection;
using parley::testing::HttpRequestSeen;
using parley::testing::HttpServer;
using ::testing::HasSubstr;

std::string Body() {
  std::string body;
  for (int i = 0; body.size() < 100'000; ++i) body += std::to_string(i) + " ";
  return body;
}

class HttpDownloadTest : public ::testing::Test {
 protected:
  Status Get(const HttpServer& server, std::string_view path, std::string_view token = "") {
    HttpRequest request{.url = server.Url(path), .out = out_, .size_bytes_max = body_.size()};
    request.token = Secret(std::string(token));
    return Download(request, config_, work_);
  }
  // Answers a Range as a server should; `cut_at` bytes of the body at most are sent.
  void Serve(const HttpRequestSeen& request, HttpConnection& connection, size_t cut_at) {
    const auto range = request.headers.find("range");
    const size_t start = range == request.headers.end() ? 0 : std::stoul(range->second.substr(6));
    const std::string rest = body_.substr(start);
    std::string head = start == 0 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Partial\r\n";
    if (start > 0) {
      head += "Content-Range: bytes " + std::to_string(start) + "-" +
              std::to_string(body_.size() - 1) + "/" + std::to_string(body_.size()) + "\r\n";
    }
    head += "Content-Length: " + std::to_string(rest.size()) + "\r\n\r\n";
    connection.Write(head + rest.substr(0, cut_at));
    if (cut_at < rest.size()) connection.Close();
  }
  std::string Downloaded() { return ReadFile(out_, 1 << 20).value_or(""); }

  const std::string body_ = Body();
  parley::testing::TempDir dir_;
  std::filesystem::path out_ = dir_.path() / "file";
  HttpConfig config_{.stall_ms = 300, .tries_max = 3, .backoff_ms = 1};
  testing::QuietProgress progress_;
  std::atomic<bool> cancelled_{false};
  Work work_{progress_, cancelled_};
};

TEST_F(HttpDownloadTest, BringsTheWholeBody) {
  HttpServer server([&](const auto& request, auto& c) { Serve(request, c, body_.size()); });
  ASSERT_TRUE(Get(server, "/a"));
  EXPECT_EQ(Downloaded(), body_);
}

TEST_F(HttpDownloadTest, ContinuesWhereItWasCut) {
  HttpServer server([&](const auto& request, auto& c) { Serve(request, c, 30'000); });
  ASSERT_TRUE(Get(server, "/a"));
  EXPECT_EQ(Downloaded(), body_);
  ASSERT_EQ(server.requests().size(), 4u);
  EXPECT_EQ(server.requests()[1].headers.at("range"), "bytes=30000-");
}

TEST_F(HttpDownloadTest, ContinuesWhatAnEarlierRunLeft) {
  ASSERT_TRUE(WriteFileAtomically(out_, body_.substr(0, 50'000)));
  HttpServer server([&](const auto& request, auto& c) { Serve(request, c, body_.size()); });
  ASSERT_TRUE(Get(server, "/a"));
  EXPECT_EQ(Downloaded(), body_);
  EXPECT_EQ(server.requests()[0].headers.at("range"), "bytes=50000-");
}

TEST_F(HttpDownloadTest, StartsAnewWhereRangesAreNotKnown) {
  ASSERT_TRUE(WriteFileAtomically(out_, "something else of an earlier run"));
  HttpServer server([&](const auto&, auto& c) { c.Respond(200, body_); });
  ASSERT_TRUE(Get(server, "/a"));
  EXPECT_EQ(Downloaded(), body_);
}

TEST_F(HttpDownloadTest, AnotherRangeThanAskedForIsNotTaken) {
  ASSERT_TRUE(WriteFileAtomically(out_, body_.substr(0, 10)));
  HttpServer server([&](const auto&, auto& c) {
    c.Respond(206, body_.substr(5), "Content-Range: bytes 5-99/100\r\n");
  });
  EXPECT_THAT(Get(server, "/a").error().message, HasSubstr("another range"));
  EXPECT_EQ(Downloaded(), body_.substr(0, 10));
}

TEST_F(HttpDownloadTest, AStalledServerIsGivenUpAndTriedAgain) {
  std::atomic<int> calls{0};
  HttpServer server([&](const auto& request, auto& c) {
    if (++calls > 1) return Serve(request, c, body_.size());
    c.Write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body_.substr(0, 100));
    c.WaitUntilClosed();
  });
  ASSERT_TRUE(Get(server, "/a"));
  EXPECT_EQ(Downloaded(), body_);
}

TEST_F(HttpDownloadTest, WhatMayPassIsTriedAgainAndWhatWillNotIsNot) {
  std::atomic<int> calls{0};
  HttpServer busy([&](const auto& request, auto& c) {
    if (++calls < 3) return void(c.Respond(503, "busy"));
    Serve(request, c, body_.size());
  });
  EXPECT_TRUE(Get(busy, "/a"));
  EXPECT_EQ(Downloaded(), body_);
  HttpServer absent([&](const auto&, auto& c) { c.Respond(404, "no such file"); });
  EXPECT_EQ(Get(absent, "/a").error().code, Code::kNotFound);
  EXPECT_EQ(absent.requests().size(), 1u);
  HttpServer closed([&](const auto&, auto& c) { c.Respond(403, ""); });
  EXPECT_EQ(Get(closed, "/a").error().code, Code::kPermissionDenied);
}

TEST_F(HttpDownloadTest, TheTokenIsNotSentWhereTheServerRedirects) {
  HttpServer second([&](const auto& request, auto& c) { Serve(request, c, body_.size()); });
  HttpServer first(
      [&](const auto&, auto& c) { c.Respond(302, "", "Location: " + second.Url("/b") + "\r\n"); });
  ASSERT_TRUE(Get(first, "/a", "hub-token"));
  EXPECT_EQ(Downloaded(), body_);
  EXPECT_EQ(first.requests()[0].headers.at("authorization"), "Bearer hub-token");
  EXPECT_FALSE(second.requests()[0].headers.contains("authorization"));
}

TEST_F(HttpDownloadTest, ARedirectOnTheSameHostDoesNotGetTheTokenEither) {
  HttpServer server([&](const HttpRequestSeen& request, HttpConnection& c) {
    if (request.target == "/b") return Serve(request, c, body_.size());
    c.Respond(307, "", "Location: /b\r\n");
  });
  ASSERT_TRUE(Get(server, "/a", "hub-token"));
  EXPECT_FALSE(server.requests()[1].headers.contains("authorization"));
}

TEST_F(HttpDownloadTest, ACircleOfRedirectsEnds) {
  HttpServer server([&](const auto&, auto& c) { c.Respond(302, "", "Location: /a\r\n"); });
  EXPECT_THAT(Get(server, "/a").error().message, HasSubstr("more than 8 times"));
}

TEST_F(HttpDownloadTest, MoreThanExpectedIsRefused) {
  HttpServer server([&](const auto&, auto& c) { c.Respond(200, body_ + "x"); });
  EXPECT_EQ(Get(server, "/a").error().code, Code::kOutOfRange);
}

TEST_F(HttpDownloadTest, AFullDiskIsSaidInPlainWords) {
  out_ = "/dev/full";
  HttpServer server([&](const auto& request, auto& c) { Serve(request, c, body_.size()); });
  const Status got = Get(server, "/a");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kResourceExhausted);
  EXPECT_THAT(got.error().message, HasSubstr("the disk is full"));
}

TEST_F(HttpDownloadTest, StopsWhenToldTo) {
  HttpServer server([&](const auto&, auto& c) {
    c.Write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc");
    cancelled_ = true;
    c.WaitUntilClosed();
  });
  EXPECT_EQ(Get(server, "/a").error().code, Code::kCancelled);
  EXPECT_EQ(Downloaded(), "abc");
}

}  // namespace
}  // namespace parley::catalog::internal
