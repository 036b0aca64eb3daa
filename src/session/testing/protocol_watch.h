// Watches what a session sends for a client that believes it: each event is as the schema says, and
// their order is the one that clients demand. Remembers the first breach. Mirrors the conversation
// as a client would.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace parley::session::testing {

class ProtocolWatch {
 public:
  using Json = nlohmann::json;

  void Observe(const Json& event);

  // Empty: none so far.
  const std::string& breach() const { return breach_; }
  // Ids of the conversation's items in their order.
  const std::vector<std::string>& items() const { return items_; }
  // The response in the conversation that is not done yet; empty: none.
  const std::string& active() const { return active_; }
  size_t responses_open() const { return responses_.size(); }

 private:
  struct Item {
    bool in_conversation = false;
    bool part_open = false;
    bool done = false;
  };
  struct Response {
    bool in_conversation = false;
    std::map<std::string, Item> items;
  };

  void ObserveSession(const std::string& type);
  void ObserveUser(const std::string& type, const Json& event);
  void ObserveConversation(const std::string& type, const Json& event);
  void ObserveResponse(const std::string& type, const Json& event);
  void ObserveOutput(const std::string& type, const Json& event, Response& response);
  void Added(const Json& event);
  void Require(bool holds, const char* what, const Json& event);

  std::string breach_;
  std::set<std::string> event_ids_;
  std::vector<std::string> items_;
  std::set<std::string> ever_added_;
  std::set<std::string> transcribed_;
  std::string speaking_item_;  // between speech_started and speech_stopped
  std::string active_;
  std::map<std::string, Response> responses_;
  size_t seen_ = 0;
};

}  // namespace parley::session::testing
