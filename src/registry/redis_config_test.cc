#include "registry/redis_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "config/reference.h"

namespace parley::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedisUrl, SaysHostPortUserPasswordAndDatabase) {
  const auto plain = ParseRedisUrl("redis://cache");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "cache");
  EXPECT_EQ(plain->port, "6379");
  EXPECT_FALSE(plain->tls);

  const auto full = ParseRedisUrl("rediss://ann:p%40ss@[::1]:7000/3");
  ASSERT_TRUE(full);
  EXPECT_TRUE(full->tls);
  EXPECT_EQ(full->host, "::1");
  EXPECT_EQ(full->port, "7000");
  EXPECT_EQ(full->user, "ann");
  EXPECT_EQ(full->password.Reveal(), "p@ss");
  EXPECT_EQ(full->database, 3);
  EXPECT_EQ(full->Words(), "rediss://::1:7000");

  const auto unix_socket = ParseRedisUrl("unix:///run/redis.sock?db=2");
  ASSERT_TRUE(unix_socket);
  EXPECT_EQ(unix_socket->unix_path, "/run/redis.sock");
  EXPECT_EQ(unix_socket->database, 2);
}

TEST(RedisUrl, AWrongOneIsRefusedWithWhatARightOneLooksLikeAndWithoutItsPassword) {
  for (const char* url : {"localhost:6379", "redis://", "redis://h:99999", "redis://:hush@h:x",
                          "redis://h/abc", "redis://[::1", "unix://run/x", "unix:///x?a=b", ""}) {
    const auto parsed = ParseRedisUrl(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, HasSubstr("redis://[user")) << url;
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("hush")));
  }
}

TEST(RedisConfig, TheUrlIsReadFromItsUsualVariableToo) {
  RedisConfig config;
  config::Binder binder;
  BindConfig(binder, config);
  ASSERT_TRUE(config::Load(binder, {.env = {{"REDIS_URL", "redis://one"}}}));
  EXPECT_EQ(config.url, "redis://one");
  ASSERT_TRUE(config::Load(
      binder, {.env = {{"REDIS_URL", "redis://one"}, {"PARLEY_REDIS_URL", "redis://two"}}}));
  EXPECT_EQ(config.url, "redis://two");
}

TEST(RedisConfig, ThePasswordInAUrlIsNotPrinted) {
  RedisConfig config;
  config::Binder binder;
  BindConfig(binder, config);
  ASSERT_TRUE(config::Load(binder, {.env = {{"REDIS_URL", "redis://ann:hush@cache/1"}}}));
  EXPECT_THAT(config::EffectiveToml(binder), HasSubstr("redis://(hidden)@cache/1"));
  EXPECT_THAT(config::EffectiveToml(binder), Not(HasSubstr("hush")));
}

TEST(RedisConfig, ContradictionsAreRefused) {
  EXPECT_TRUE(RedisConfig{}.Validate());
  EXPECT_TRUE((RedisConfig{.url = "redis://h"}).Validate());
  EXPECT_FALSE((RedisConfig{.url = "redis://h", .ca_file = "ca.pem"}).Validate());
  EXPECT_FALSE((RedisConfig{.url = "rediss://h", .certificate_file = "c.pem"}).Validate());
  EXPECT_FALSE((RedisConfig{.url = "redis://h", .prefix = "a b"}).Validate());
  EXPECT_FALSE((RedisConfig{.url = "redis://h", .lease_ms = 2'000}).Validate());
}

}  // namespace
}  // namespace parley::registry
