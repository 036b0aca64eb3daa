#include "registry/redis_config.h"

#include <charconv>
#include <string_view>

namespace parley::registry {
namespace {

constexpr std::string_view kForms =
    "redis://[user[:password]@]host[:port][/db], rediss://… or unix:///path[?db=N]";

tl::unexpected<Error> Wrong(std::string_view what) {
  return Fail(Code::kInvalidArgument,
              "redis.url " + std::string(what) + "; it looks like " + std::string(kForms));
}

Result<int> Number(std::string_view text, int max, std::string_view what) {
  int value = -1;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value < 0 || value > max) {
    return Wrong("has the " + std::string(what) + " '" + std::string(text) + "', must be 0 to " +
                 std::to_string(max));
  }
  return value;
}

// %40 → @; a '%' that begins no such triple stands for itself.
std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const from = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(from, from + 2, value, 16).ptr == from + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// "user:password", "user" or ":password".
void TakeUser(std::string_view text, RedisAddress& address) {
  const size_t colon = text.find(':');
  address.user = Decode(text.substr(0, colon));
  if (colon != std::string_view::npos) address.password = Secret(Decode(text.substr(colon + 1)));
}

// "host", "host:port", "[v6]:port".
Status TakeHost(std::string_view text, RedisAddress& address) {
  size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Wrong("has a '[' without ']'");
    address.host = text.substr(1, end - 1);
    colon = end + 1 < text.size() && text[end + 1] == ':' ? end + 1 : std::string_view::npos;
  } else {
    address.host = text.substr(0, colon);
  }
  if (address.host.empty()) return Wrong("names no host");
  if (colon == std::string_view::npos) return {};
  PARLEY_TRY(const int port, Number(text.substr(colon + 1), 65'535, "port"));
  address.port = std::to_string(port);
  return {};
}

Result<RedisAddress> ParseUnix(std::string_view rest) {
  RedisAddress address;
  const size_t query = rest.find('?');
  address.unix_path = rest.substr(0, query);
  // sun_path holds 108 bytes with the final zero.
  if (!address.unix_path.starts_with('/') || address.unix_path.size() > 107) {
    return Wrong("must name an absolute path of at most 107 bytes");
  }
  if (query == std::string_view::npos) return address;
  const std::string_view option = rest.substr(query + 1);
  if (!option.starts_with("db=")) return Wrong("has an unknown option after '?'");
  PARLEY_TRY(address.database, Number(option.substr(3), 1023, "database"));
  return address;
}

}  // namespace

Result<RedisAddress> ParseRedisUrl(const std::string& url) {
  std::string_view rest = url;
  if (rest.starts_with("unix://")) return ParseUnix(rest.substr(7));
  RedisAddress address;
  address.tls = rest.starts_with("rediss://");
  if (!address.tls && !rest.starts_with("redis://")) return Wrong("begins with no known scheme");
  rest.remove_prefix(address.tls ? 9 : 8);
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    TakeUser(rest.substr(0, at), address);
    rest.remove_prefix(at + 1);
  }
  const size_t slash = rest.find('/');
  PARLEY_TRY_STATUS(TakeHost(rest.substr(0, slash), address));
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    PARLEY_TRY(address.database, Number(rest.substr(slash + 1), 1023, "database"));
  }
  return address;
}

std::string RedisAddress::Words() const {
  if (!unix_path.empty()) return "unix://" + unix_path;
  return (tls ? "rediss://" : "redis://") + host + ":" + port;
}

Status RedisConfig::Validate() const {
  if (!enabled()) return {};
  PARLEY_TRY(const RedisAddress address, ParseRedisUrl(url));
  if (certificate_file.empty() != key_file.empty()) {
    return Fail(Code::kInvalidArgument,
                "redis.certificate_file and redis.key_file must be set together");
  }
  if (!address.tls && (!ca_file.empty() || !certificate_file.empty())) {
    return Fail(Code::kInvalidArgument,
                "redis.ca_file and redis.certificate_file need a url that "
                "begins with rediss://, not " +
                    address.Words());
  }
  if (prefix.empty() || prefix.find_first_of(" *?[]\\\r\n") != std::string::npos) {
    return Fail(Code::kInvalidArgument,
                "redis.prefix is '" + prefix + "', must be a word without spaces and wildcards");
  }
  if (lease_ms < 3 * beat_ms) {
    return Fail(Code::kInvalidArgument, "redis.lease_ms is " + std::to_string(lease_ms) +
                                            ", must be at least 3 × " + "redis.beat_ms (" +
                                            std::to_string(beat_ms) +
                                            "), so that one lost beat loses no worker");
  }
  return {};
}

void BindConfig(config::Binder& binder, RedisConfig& config) {
  config::Setting& url = binder.Field(
      "redis.url", &config.url,
      "Redis in which workers announce themselves and gateways find them; empty: none.");
  url.Also("REDIS_URL");
  url.read = [&config]() -> config::Value {
    const size_t at = config.url.rfind('@');
    if (at == std::string::npos) return config.url;
    return config.url.substr(0, config.url.find("//") + 2) + "(hidden)" + config.url.substr(at);
  };
  binder.Field("redis.user", &config.user, "User of its access control list.");
  binder.Secret("redis.password", &config.password, "The user's password.");
  binder.Field("redis.ca_file", &config.ca_file,
               "Authorities of its certificate in PEM, for rediss://; empty: the system's.");
  binder.Field("redis.certificate_file", &config.certificate_file,
               "Own certificate chain in PEM, where Redis demands one.");
  binder.Field("redis.key_file", &config.key_file, "The certificate's key in PEM.");
  binder.Field("redis.prefix", &config.prefix,
               "What all keys begin with; deployments that share a Redis need one each.");
  binder.Field("redis.lease_ms", &config.lease_ms, {300, 600'000},
               "A worker that has not been heard of for so long is gone.");
  binder.Field("redis.beat_ms", &config.beat_ms, {50, 60'000},
               "How often workers renew their lease, and gateways look at the least.");
}

}  // namespace parley::registry
