#include "registry/internal/redis_connection.h"

#include <hiredis/hiredis.h>
#include <openssl/sha.h>

#include <array>
#include <string_view>
#include <utility>

namespace parley::registry {
namespace {

// What one answer may have: a thousand workers with 64 kB each.
constexpr size_t kReplyBytesMax = 64 << 20;

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyHandle = std::unique_ptr<redisReply, FreeReply>;

// hiredis itself bounds the depth.
RedisReply Convert(const redisReply& reply) {
  RedisReply out;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      out.kind = RedisReply::Kind::kText;
      out.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_INTEGER:
      out.kind = RedisReply::Kind::kInteger;
      out.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      out.kind = RedisReply::Kind::kArray;
      for (size_t i = 0; i < reply.elements; ++i)
        out.elements.push_back(Convert(*reply.element[i]));
      break;
    default:
      break;
  }
  return out;
}

Code CodeOf(std::string_view refusal) {
  if (refusal.starts_with("NOAUTH") || refusal.starts_with("WRONGPASS")) {
    return Code::kUnauthenticated;
  }
  if (refusal.starts_with("NOPERM")) return Code::kPermissionDenied;
  if (refusal.starts_with("NOSCRIPT")) return Code::kNotFound;
  if (refusal.starts_with("LOADING") || refusal.starts_with("MASTERDOWN")) {
    return Code::kUnavailable;
  }
  return Code::kFailedPrecondition;
}

}  // namespace

void RedisConnection::FreeReader::operator()(redisReader* reader) const { redisReaderFree(reader); }

RedisConnection::RedisConnection(RedisSocket socket, int64_t timeout_ms)
    : socket_(std::move(socket)), reader_(redisReaderCreate()), timeout_ms_(timeout_ms) {}

Result<RedisConnection> RedisConnection::Open(const RedisConfig& config, int64_t timeout_ms) {
  PARLEY_TRY(const RedisAddress address, ParseRedisUrl(config.url));
  PARLEY_TRY(RedisSocket socket,
             RedisSocket::Connect(address, config, MonotonicUs() + timeout_ms * 1000));
  RedisConnection connection(std::move(socket), timeout_ms);
  if (auto in = connection.LogIn(address, config); !in) {
    return Fail(in.error().code, "Redis at " + address.Words() + ": " + in.error().message);
  }
  return connection;
}

Status RedisConnection::LogIn(const RedisAddress& address, const RedisConfig& config) {
  const Secret& password = config.password.empty() ? address.password : config.password;
  const std::string& user = config.user.empty() ? address.user : config.user;
  if (!password.empty()) {
    Command command{"AUTH"};
    if (!user.empty()) command.push_back(user);
    command.push_back(password.Reveal());
    PARLEY_TRY(const RedisReply in, Call(command));
  }
  if (address.database != 0) {
    PARLEY_TRY(const RedisReply chosen, Call({"SELECT", std::to_string(address.database)}));
  }
  return {};
}

Status RedisConnection::Send(const Command& command) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  const int size =
      redisFormatCommandArgv(&text, static_cast<int>(words.size()), words.data(), sizes.data());
  if (size < 0) return Fail(Code::kResourceExhausted, "no memory for a command to Redis");
  const std::unique_ptr<char, decltype(&redisFreeCommand)> owned(text, &redisFreeCommand);
  return socket_.Write({text, static_cast<size_t>(size)}, MonotonicUs() + timeout_ms_ * 1000);
}

Result<std::optional<RedisReply>> RedisConnection::Receive(int64_t until_us, int wake_fd) {
  std::array<char, 16 * 1024> block;
  while (true) {
    void* parsed = nullptr;
    if (redisReaderGetReply(reader_.get(), &parsed) != REDIS_OK) {
      return Fail(Code::kDataLoss,
                  std::string("what Redis sent is not its protocol: ") + reader_->errstr);
    }
    if (parsed != nullptr) {
      unparsed_bytes_ = 0;
      const ReplyHandle reply(static_cast<redisReply*>(parsed));
      if (reply->type != REDIS_REPLY_ERROR) return std::optional(Convert(*reply));
      std::string words(reply->str, reply->len);
      const Code code = CodeOf(words);
      return Fail(code, "Redis refuses: " + std::move(words));
    }
    PARLEY_TRY(const size_t count, socket_.Read(block, until_us, wake_fd));
    if (count == 0) return std::optional<RedisReply>();
    unparsed_bytes_ += count;
    if (unparsed_bytes_ > kReplyBytesMax) {
      return Fail(Code::kOutOfRange,
                  "an answer of Redis has more than " + std::to_string(kReplyBytesMax) + " bytes");
    }
    redisReaderFeed(reader_.get(), block.data(), count);
  }
}

Result<RedisReply> RedisConnection::Call(const Command& command) {
  PARLEY_TRY_STATUS(Send(command));
  PARLEY_TRY(std::optional<RedisReply> reply, Receive(MonotonicUs() + timeout_ms_ * 1000, -1));
  return *std::move(reply);
}

RedisConnection::Script::Script(std::string lua) : text(std::move(lua)) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const unsigned char byte : digest) {
    sha1 += kDigits[byte >> 4];
    sha1 += kDigits[byte & 15];
  }
}

Result<RedisReply> RedisConnection::Run(const Script& script, const std::vector<std::string>& keys,
                                        const std::vector<std::string>& arguments) {
  Command command{"EVALSHA", script.sha1, std::to_string(keys.size())};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto reply = Call(command);
  if (reply || reply.error().code != Code::kNotFound) return reply;
  command[0] = "EVAL";
  command[1] = script.text;
  return Call(command);
}

Status RedisConnection::Subscribe(const std::string& channel) {
  PARLEY_TRY(const RedisReply subscribed, Call({"SUBSCRIBE", channel}));
  return {};
}

Result<std::optional<std::string>> RedisConnection::NextMessage(int64_t until_us, int wake_fd) {
  while (true) {
    auto reply = Receive(until_us, wake_fd);
    if (!reply && reply.error().code == Code::kDeadlineExceeded) {
      return std::optional<std::string>();
    }
    if (!reply) return Fail(std::move(reply.error()));
    if (!*reply) return std::optional<std::string>();
    // ["message", channel, text]
    auto& elements = (*reply)->elements;
    if (elements.size() == 3 && elements[0].text == "message") {
      return std::optional(std::move(elements[2].text));
    }
  }
}

}  // namespace parley::registry
