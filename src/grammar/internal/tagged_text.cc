#include "grammar/internal/tagged_text.h"

#include <algorithm>
#include <array>
#include <span>

namespace parley::grammar::internal {
namespace {

using std::string_view_literals::operator""sv;

struct Order {
  std::string_view token;
  std::array<std::string_view, 5> members;  // in which they are said; the rest follows
};

constexpr std::array kEnglish = {
    Order{"date", {"preserve_order", "text", "day", "month", "year"}},
    Order{"money", {"integer_part", "fractional_part", "quantity", "currency_maj"}}};
constexpr std::array kChineseAndJapanese = {
    Order{"date", {"year", "month", "day"}}, Order{"fraction", {"denominator", "numerator"}},
    Order{"measure", {"denominator", "numerator", "value"}}, Order{"money", {"value", "currency"}},
    Order{"time", {"noon", "hour", "minute", "second"}}};

struct Member {
  std::string_view key;
  std::string_view value;  // escaped
};

struct Token {
  std::string_view name;
  std::vector<Member> members;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool AtEnd() {
    SkipBlanks();
    return at_ == text_.size();
  }
  size_t at() const { return at_; }

  std::optional<Token> Next() {
    Token token{.name = Name(), .members = {}};
    if (token.name.empty() || !Skip(" {"sv)) return std::nullopt;
    while (!SkipClosing()) {
      const std::string_view key = Name();
      if (key.empty() || !Skip(": \""sv)) return std::nullopt;
      const size_t from = at_;
      while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
      if (at_ >= text_.size()) return std::nullopt;
      token.members.push_back({key, text_.substr(from, at_ - from)});
      ++at_;
    }
    return token;
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool SkipClosing() {
    SkipBlanks();  // one or two
    return Skip("}"sv);
  }
  std::string_view Name() {
    const size_t from = at_;
    const auto of_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    while (at_ < text_.size() && of_name(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  bool Skip(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
};

void Reorder(Token& token, std::span<const Order> orders) {
  const auto order = std::find_if(orders.begin(), orders.end(),
                                  [&](const Order& o) { return o.token == token.name; });
  if (order == orders.end()) return;
  const auto keeps = [](const Member& m) { return m.key == "preserve_order" && m.value == "true"; };
  if (std::any_of(token.members.begin(), token.members.end(), keeps)) return;
  const auto rank = [&](const Member& m) {
    return std::find(order->members.begin(), order->members.end(), m.key) - order->members.begin();
  };
  std::stable_sort(token.members.begin(), token.members.end(),
                   [&](const Member& a, const Member& b) { return rank(a) < rank(b); });
}

}  // namespace

std::optional<OrderedText> OrderMembers(std::string_view tagged, Language language) {
  const std::span<const Order> orders = language == Language::kEnglish
                                            ? std::span<const Order>(kEnglish)
                                            : std::span<const Order>(kChineseAndJapanese);
  OrderedText ordered;
  Parser parser(tagged);
  while (!parser.AtEnd()) {
    ordered.tagged_at.push_back(static_cast<uint32_t>(parser.at()));
    std::optional<Token> token = parser.Next();
    if (!token) return std::nullopt;
    Reorder(*token, orders);
    if (!ordered.text.empty()) ordered.text += ' ';
    ordered.text_at.push_back(static_cast<uint32_t>(ordered.text.size()));
    ordered.text.append(token->name).append(" {");
    for (const Member& member : token->members) {
      ordered.text.append(" ").append(member.key).append(": \"").append(member.value).append("\"");
    }
    ordered.text += " }";
  }
  return ordered;
}

}  // namespace parley::grammar::internal
