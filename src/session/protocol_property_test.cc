// Random clients, legal and not, against a model of what they may expect: every mistake is answered
// by one error that names it and changes nothing, everything else by what the protocol promises,
// and the session always goes on.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "session/testing/protocol_watch.h"
#include "session/testing/rig.h"

namespace parley::session {
namespace {

using testing::ProtocolWatch;
using testing::Rig;
using Json = nlohmann::json;

// What happens next: a kind and two numbers that choose among what there is.
using Move = std::tuple<uint8_t, uint8_t, uint8_t>;

class Client {
 public:
  explicit Client(Rig& rig) : rig_(rig) { Catch(); }

  void Do(const Move& move) {
    const auto [kind, a, b] = move;
    a_ = a;
    b_ = b;
    using Deed = void (Client::*)();
    static constexpr Deed kDeeds[] = {
        &Client::Speak,        &Client::Silence,      &Client::Wait,         &Client::Update,
        &Client::WrongUpdate,  &Client::CreateItem,   &Client::CreateItem,   &Client::WrongItem,
        &Client::DeleteItem,   &Client::RetrieveItem, &Client::TruncateItem, &Client::Commit,
        &Client::Clear,        &Client::Respond,      &Client::Respond,      &Client::RespondBeside,
        &Client::WrongRespond, &Client::Cancel,       &Client::Garbage};
    (this->*kDeeds[kind % std::size(kDeeds)])();
    Catch();
    RC_ASSERT(watch_.breach() == "");
  }

  // Whatever was said, all of it comes to an end, and the next thing works.
  void Finish() {
    // Or an idle timeout would begin the next one for ever.
    Send({{"type", "session.update"},
          {"session",
           {{"type", "realtime"}, {"audio", {{"input", {{"turn_detection", nullptr}}}}}}}});
    Expect("session.updated");
    rig_.Advance(30'000);
    Catch();
    RC_ASSERT(watch_.breach() == "");
    RC_ASSERT(watch_.responses_open() == 0u);
    Send({{"type", "conversation.item.retrieve"}, {"item_id", "item_nobody"}});
    ExpectError("item_retrieve_invalid_item_id");
    RC_ASSERT(rig_.metrics().invariants_broken.value() == 0u);
  }

 private:
  void Catch() {
    for (; seen_ < rig_.events().size(); ++seen_) watch_.Observe(rig_.events()[seen_]);
  }

  void Send(Json event) {
    event_id_ = "mine_" + std::to_string(++sent_);
    event["event_id"] = event_id_;
    from_ = rig_.events().size();
    rig_.Send(event);
    Catch();
  }
  std::vector<Json> AnswersOf(const std::string& type) const {
    std::vector<Json> found;
    for (size_t i = from_; i < rig_.events().size(); ++i) {
      if (rig_.events()[i]["type"] == type) found.push_back(rig_.events()[i]);
    }
    return found;
  }
  void Expect(const std::string& type) const {
    RC_ASSERT(AnswersOf("error").empty());
    RC_ASSERT(AnswersOf(type).size() == 1u);
  }
  void ExpectError(const std::string& code) const {
    const auto errors = AnswersOf("error");
    RC_ASSERT(errors.size() == 1u);
    const Json& error = errors[0]["error"];
    RC_ASSERT((code.empty() ? error["code"].is_null() : error["code"] == code));
    RC_ASSERT(error["event_id"] == event_id_);
  }
  const std::string* SomeItem() const {
    const auto& items = watch_.items();
    return items.empty() ? nullptr : &items[a_ % items.size()];
  }

  void Speak() { rig_.Speak(20 * (1 + a_ % 80)); }
  void Silence() { rig_.Silence(20 * (1 + a_ % 120)); }
  void Wait() { rig_.Advance(10 * (1 + a_ * 2)); }

  void Update() {
    static const char* const kPatches[] = {
        R"({"instructions":"Be odd."})",
        R"({"output_modalities":["text"]})",
        R"({"output_modalities":["audio"]})",
        R"({"audio":{"input":{"turn_detection":null}}})",
        R"({"audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":5000}}}})",
        R"({"audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"high"}}}})",
        R"({"audio":{"input":{"turn_detection":{"create_response":false}}}})",
        R"({"audio":{"input":{"turn_detection":{"interrupt_response":false}}}})",
        R"({"audio":{"input":{"transcription":{"model":"whisper-1"}}}})",
        R"({"audio":{"output":{"format":{"type":"audio/pcmu"}}}})",
        R"({"audio":{"output":{"speed":1.5}},"max_output_tokens":20,"tracing":null})",
        R"({"x_parley":{"playback":true,"turns":true,"live_words":true}})",
        R"({"x_parley":null})"};
    Json session = Json::parse(kPatches[a_ % std::size(kPatches)]);
    session["type"] = "realtime";
    Send({{"type", "session.update"}, {"session", session}});
    Expect("session.updated");
  }

  void WrongUpdate() {
    static const std::pair<const char*, const char*> kPatches[] = {
        {R"({"voice":"x"})", "unknown_parameter"},
        {R"({"instructions":7})", "invalid_value"},
        {R"({"audio":{"output":{"speed":9}}})", "invalid_value"},
        {R"({"audio":{"input":{"turn_detection":{"type":"psychic"}}}})", "invalid_value"},
        {R"({"audio":{"input":{"transcription":{"model":"nobody"}}}})", "invalid_value"},
        {R"({"tools":[{"type":"function"}]})", "missing_required_parameter"},
        {R"({"output_modalities":["audio","text"]})", "invalid_value"}};
    const auto& [patch, code] = kPatches[a_ % std::size(kPatches)];
    Json session = Json::parse(patch);
    session["type"] = "realtime";
    Send({{"type", "session.update"}, {"session", session}});
    ExpectError(code);
    RC_ASSERT(AnswersOf("session.updated").empty());
  }

  static Json Message(const std::string& text) {
    return {{"type", "message"},
            {"role", "user"},
            {"content", {{{"type", "input_text"}, {"text", text}}}}};
  }

  void CreateItem() {
    Json event = {{"type", "conversation.item.create"}, {"item", Message("Number " + event_id_)}};
    const size_t place = watch_.items().size();
    size_t expected = place;
    if (b_ % 3 == 1) {
      event["previous_item_id"] = "root";
      expected = 0;
    } else if (b_ % 3 == 2 && SomeItem()) {
      event["previous_item_id"] = *SomeItem();
      expected = a_ % place + 1;
    }
    const std::string id = "client_" + std::to_string(sent_);
    event["item"]["id"] = id;
    Send(event);
    Expect("conversation.item.added");
    Expect("conversation.item.done");
    RC_ASSERT(watch_.items().size() == place + 1);
    RC_ASSERT(watch_.items()[expected] == id);
  }

  void WrongItem() {
    Json event = {{"type", "conversation.item.create"}, {"item", Message("No.")}};
    const size_t items = watch_.items().size();
    std::string code = "invalid_value";
    if (b_ % 4 == 0 && SomeItem()) {
      event["item"]["id"] = *SomeItem();
      code = "item_create_duplicate_item_id";
    } else if (b_ % 4 == 1) {
      event["item"]["role"] = "ghost";
    } else if (b_ % 4 == 2) {
      event["item"].erase("content");
      code = "missing_required_parameter";
    } else {
      event["previous_item_id"] = "item_nobody";
    }
    Send(event);
    ExpectError(code);
    RC_ASSERT(watch_.items().size() == items);
  }

  void DeleteItem() {
    const bool known = b_ % 2 == 0 && SomeItem();
    Send({{"type", "conversation.item.delete"}, {"item_id", known ? *SomeItem() : "item_nobody"}});
    known ? Expect("conversation.item.deleted") : ExpectError("item_delete_invalid_item_id");
  }

  void RetrieveItem() {
    const bool known = b_ % 2 == 0 && SomeItem();
    Send(
        {{"type", "conversation.item.retrieve"}, {"item_id", known ? *SomeItem() : "item_nobody"}});
    known ? Expect("conversation.item.retrieved") : ExpectError("item_retrieve_invalid_item_id");
  }

  // Of which kind the item is decides; only that there is one answer is sure.
  void TruncateItem() {
    const bool known = b_ % 2 == 0 && SomeItem();
    Send({{"type", "conversation.item.truncate"},
          {"item_id", known ? *SomeItem() : "item_nobody"},
          {"content_index", 0},
          {"audio_end_ms", b_ * 20}});
    if (!known) return ExpectError("item_truncate_invalid_item_id");
    RC_ASSERT(AnswersOf("error").size() + AnswersOf("conversation.item.truncated").size() == 1u);
  }

  void Commit() {
    Send({{"type", "input_audio_buffer.commit"}});
    const auto errors = AnswersOf("error");
    if (errors.empty()) return Expect("input_audio_buffer.committed");
    ExpectError("input_audio_buffer_commit_empty");
  }

  void Clear() {
    Send({{"type", "input_audio_buffer.clear"}});
    Expect("input_audio_buffer.cleared");
  }

  void Respond() {
    const std::string active = watch_.active();
    Json event = {{"type", "response.create"}};
    if (b_ % 2 == 0) event["response"] = {{"metadata", {{"k", std::to_string(a_)}}}};
    Send(event);
    if (!active.empty()) return ExpectError("conversation_already_has_active_response");
    Expect("response.created");
    if (b_ % 2 == 0) {
      RC_ASSERT(AnswersOf("response.created")[0]["response"]["metadata"]["k"] ==
                std::to_string(a_));
    }
  }

  void RespondBeside() {
    const std::string active = watch_.active();
    Send({{"type", "response.create"},
          {"response",
           {{"conversation", "none"}, {"output_modalities", {"text"}}, {"input", Json::array()}}}});
    // Or too many of them run already.
    if (AnswersOf("error").empty()) Expect("response.created");
    RC_ASSERT(watch_.active() == active);
  }

  void WrongRespond() {
    static const std::pair<const char*, const char*> kResponses[] = {
        {R"({"speed_of_light":1})", "unknown_parameter"},
        {R"({"conversation":"mine"})", "invalid_value"},
        {R"({"metadata":{"a":1}})", "invalid_value"},
        {R"({"input":[{"type":"item_reference","id":"item_nobody"}]})", "invalid_value"},
        {R"({"output_modalities":["smell"]})", "invalid_value"}};
    const auto& [response, code] = kResponses[a_ % std::size(kResponses)];
    Send({{"type", "response.create"}, {"response", Json::parse(response)}});
    ExpectError(code);
    RC_ASSERT(AnswersOf("response.created").empty());
  }

  void Cancel() {
    const std::string active = watch_.active();
    Json event = {{"type", "response.cancel"}};
    if (b_ % 3 == 0) event["response_id"] = active.empty() ? "resp_nobody" : active;
    Send(event);
    if (active.empty()) return ExpectError("response_cancel_not_active");
    RC_ASSERT(AnswersOf("error").empty());
    RC_ASSERT(watch_.active() != active);
  }

  void Garbage() {
    static const std::pair<const char*, const char*> kMessages[] = {
        {"", "invalid_json"},
        {"{", "invalid_json"},
        {"[]", "invalid_json"},
        {"\xff\xfe", "invalid_json"},
        {R"({"type":"no.such.event"})", "invalid_event"},
        {R"({"type":null})", "invalid_event"},
        {R"({"type":"input_audio_buffer.append"})", "missing_required_parameter"},
        {R"({"type":"input_audio_buffer.append","audio":"A"})", "invalid_value"},
        {R"({"type":"conversation.item.truncate","item_id":"x","content_index":0})",
         "missing_required_parameter"}};
    const auto& [message, code] = kMessages[a_ % std::size(kMessages)];
    from_ = rig_.events().size();
    rig_.SendText(message);
    const auto errors = AnswersOf("error");
    RC_ASSERT(errors.size() == 1u);
    RC_ASSERT(errors[0]["error"]["code"] == code);
  }

  Rig& rig_;
  ProtocolWatch watch_;
  size_t seen_ = 0;
  size_t from_ = 0;
  size_t sent_ = 0;
  std::string event_id_;
  uint8_t a_ = 0;
  uint8_t b_ = 0;
};

TEST(Protocol, AnyClientIsAnsweredAsItMayExpect) {
  EXPECT_TRUE(rc::check("random clients", [](const std::vector<Move>& moves) {
    Rig::Config config;
    config.watched = false;  // a breach is the property's to find and to shrink
    config.replies = {{.deltas = {"It is", " Paris,", " I think.", " Anything else?"}},
                      {.tool_calls = {{"call_1", "f", "{}"}, {"call_2", "g", "{}"}}},
                      {.deltas = {"One two three four five six seven eight nine ten."}},
                      {.deltas = {"Well"}, .failed = ports::LanguageModel::Failed{}},
                      {.stalls = true}};
    Rig rig(std::move(config));
    Client client(rig);
    for (const Move& move : moves) client.Do(move);
    client.Finish();
  }));
}

}  // namespace
}  // namespace parley::session
