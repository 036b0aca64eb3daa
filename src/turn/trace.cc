#include "turn/trace.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <type_traits>
#include <utility>

#include "turn/internal/fields.h"
#include "turn/invariants.h"

namespace parley::turn {
namespace {

// No text of an event is longer; a session's own limits lie far below.
constexpr size_t kTextBytesMax = size_t{1} << 20;
constexpr size_t kStepsMax = size_t{1} << 24;
// Samples and microseconds of any life; the core adds and multiplies them.
constexpr int64_t kCountMax = int64_t{1} << 45;

template <class T>
concept IsId = requires(T id) {
  Id(id);
};

uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class T>
  void operator()(const char*, T& value) {
    if constexpr (IsId<T>) {
      Number(value.value);
    } else if constexpr (std::is_same_v<T, float>) {
      Fixed(std::bit_cast<uint32_t>(value));
    } else if constexpr (std::is_same_v<T, double>) {
      Fixed(std::bit_cast<uint64_t>(value));
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      const std::string_view text = value;
      Number(text.size());
      out_.append(text);
    } else if constexpr (std::is_same_v<T, DomainEvent>) {
      Number(value.index());
      std::visit([this](auto& event) { VisitFields(*this, event); }, value);
    } else {
      Number(ZigZag(static_cast<int64_t>(value)));
    }
  }

  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  template <class T>
  void Fixed(T bits) {
    for (size_t i = 0; i < sizeof bits; ++i) out_.push_back(static_cast<char>(bits >> (8 * i)));
  }

 private:
  std::string& out_;
};

// Of foreign bytes: once something is amiss, ok() stays false and what is read is nothing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  void operator()(const char* name, T& value) {
    const bool before = ok_;
    if constexpr (IsId<T>) {
      value.value = Number();
    } else if constexpr (std::is_same_v<T, float>) {
      value = std::bit_cast<float>(Fixed<uint32_t>());
    } else if constexpr (std::is_same_v<T, double>) {
      value = std::bit_cast<double>(Fixed<uint64_t>());
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = Text();
    } else if constexpr (std::is_enum_v<T>) {
      const int64_t read = UnZigZag(Number());
      ok_ = ok_ && read >= 0 && read <= Last(T{});
      value = ok_ ? static_cast<T>(read) : T{};
    } else if constexpr (std::is_same_v<T, bool>) {
      const int64_t read = UnZigZag(Number());
      ok_ = ok_ && (read == 0 || read == 1);
      value = read == 1;
    } else {
      const int64_t read = UnZigZag(Number());
      ok_ = ok_ && std::in_range<T>(read);
      if constexpr (std::is_same_v<T, int64_t>) ok_ = ok_ && read >= 0 && read < kCountMax;
      value = ok_ ? static_cast<T>(read) : T{};
    }
    if (before && !ok_) what_ = name;
  }

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  template <class T>
  T Fixed() {
    T bits = 0;
    for (size_t i = 0; i < sizeof bits; ++i) bits |= static_cast<T>(T{Byte()} << (8 * i));
    return bits;
  }
  std::string Text() {
    const uint64_t size = Number();
    if (!ok_ || size > kTextBytesMax || size > bytes_.size() - at_) {
      at_end_ = at_end_ || (ok_ && size <= kTextBytesMax);
      ok_ = false;
      return {};
    }
    at_ += size;
    return std::string(bytes_.substr(at_ - size, size));
  }

  bool ok() const { return ok_; }
  // What went wrong is only that there are no more bytes.
  bool cut() const { return at_end_; }
  bool AtEnd() const { return at_ == bytes_.size(); }
  const char* what() const { return what_; }
  size_t at() const { return at_; }

 private:
  uint8_t Byte() {
    if (at_ < bytes_.size()) return static_cast<uint8_t>(bytes_[at_++]);
    at_end_ = at_end_ || ok_;
    ok_ = false;
    return 0;
  }
  static int64_t Last(DetectionMode) { return static_cast<int64_t>(DetectionMode::kSemanticVad); }
  static int64_t Last(Eagerness) { return static_cast<int64_t>(Eagerness::kHigh); }
  static int64_t Last(DeadlineId) { return kDeadlineCount - 1; }

  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
  bool at_end_ = false;
  const char* what_ = "";
};

class Describer {
 public:
  explicit Describer(std::string& out) : out_(out) {}

  template <class T>
  void operator()(const char* name, T& value) {
    if constexpr (std::is_same_v<T, DomainEvent>) {
      out_ += ' ';
      NameAndFields(value);
    } else {
      out_ += ' ';
      out_ += name;
      out_ += '=';
      Value(value);
    }
  }
  template <class Variant>
  void NameAndFields(Variant& variant);

 private:
  template <class T>
  void Value(const T& value) {
    if constexpr (IsId<T>) {
      out_ += std::to_string(value.value);
    } else if constexpr (std::is_floating_point_v<T>) {
      std::array<char, 32> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
      out_.append(digits.begin(), end);
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      out_ += '"';
      out_ += std::string_view(value);
      out_ += '"';
    } else {
      out_ += std::to_string(static_cast<int64_t>(value));
    }
  }
  std::string& out_;
};

constexpr const char* kEventNames[] = {
    "VoiceActivity",   "EchoEvidence",     "EndOfTurnScore", "PartialTranscript",
    "FinalTranscript", "TranscriptFailed", "ReplyText",      "ReplyTextDone",
    "ReplyFailed",     "ToolCall",         "SpeechReady",    "SpeechMark",
    "SpeechDone",      "SpeechFailed",     "Played",         "ClientCommit",
    "ClientClear",     "ClientCancel",     "ClientTruncate", "ClientCreateResponse",
    "SessionUpdate",   "Deadline"};
constexpr const char* kActionNames[] = {
    "OpenSegment", "CloseSegment",   "AskEndOfTurn", "SetPartials",   "FlushRecognizer",
    "StartDraft",  "PromoteDraft",   "DropDraft",    "StartReply",    "Speak",
    "EndSpeech",   "SpeakApology",   "StopReply",    "CancelTurn",    "SetGain",
    "HoldPlayout", "ReleasePlayout", "PausePlayout", "ResumePlayout", "DropPlayout",
    "TrimSpeech",  "AppendHistory",  "Notify",       "SetDeadline",   "ClearDeadline",
    "RecordTurn"};
constexpr const char* kDomainNames[] = {
    "SpeechStarted",       "SpeechStopped",       "AudioCommitted",
    "AudioCleared",        "IdleTimeout",         "TranscriptUpdated",
    "TranscriptCompleted", "TranscriptionFailed", "ResponseCreated",
    "ResponseStarted",     "ResponseText",        "FunctionCalled",
    "ResponseDone",        "ReplyTruncated",      "Rejected"};
static_assert(std::size(kEventNames) == std::variant_size_v<EventBody>);
static_assert(std::size(kActionNames) == std::variant_size_v<Action>);
static_assert(std::size(kDomainNames) == std::variant_size_v<DomainEvent>);

const char* NameOf(const EventBody& event) { return kEventNames[event.index()]; }
const char* NameOf(const Action& action) { return kActionNames[action.index()]; }
const char* NameOf(const DomainEvent& event) { return kDomainNames[event.index()]; }

template <class Variant>
void Describer::NameAndFields(Variant& variant) {
  out_ += NameOf(variant);
  std::visit([this](auto& body) { VisitFields(*this, body); }, variant);
}

// The lists of fields are for reading too, so they want what may be written to.
template <class Variant>
void WriteBody(Writer& writer, const Variant& body) {
  std::visit([&writer](auto& one) { VisitFields(writer, one); }, const_cast<Variant&>(body));
}

void WriteHeader(std::string& out, const Core::Config& config) {
  out.append(kTraceMagic);
  out.push_back(static_cast<char>(kTraceVersion));
  Writer writer(out);
  VisitFields(writer, const_cast<Core::Config&>(config));
}

void WriteStep(std::string& out, const Event& event, int64_t us, int64_t samples, uint32_t digest) {
  Writer writer(out);
  writer.Number(event.body.index());
  writer.Number(static_cast<uint64_t>(us));
  writer.Number(static_cast<uint64_t>(samples));
  WriteBody(writer, event.body);
  writer.Fixed(digest);
}

// The body of the kind with this index.
template <size_t I = 0>
EventBody ReadBody(Reader& reader, size_t index) {
  if constexpr (I == std::variant_size_v<EventBody>) {
    return EventBody();
  } else {
    if (index != I) return ReadBody<I + 1>(reader, index);
    std::variant_alternative_t<I, EventBody> body{};
    VisitFields(reader, body);
    return body;
  }
}

Error Wrong(std::string what, const Reader& reader) {
  return Error{Code::kInvalidArgument,
               "trace: " + std::move(what) + " at byte " + std::to_string(reader.at())};
}

}  // namespace

uint32_t DigestOf(std::span<const Action> actions) {
  // FNV-1a, folded (Fowler, Noll, Vo): any difference shows, nobody attacks it.
  thread_local std::string bytes;
  bytes.clear();
  Writer writer(bytes);
  for (const Action& action : actions) {
    writer.Number(action.index());
    WriteBody(writer, action);
  }
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

TraceWriter::TraceWriter(const Core::Config& config, size_t bytes_max) : bytes_max_(bytes_max) {
  WriteHeader(out_, config);
  bytes_ = out_.size();
  full_ = bytes_ > bytes_max_;
}

bool TraceWriter::Add(const Event& event, std::span<const Action> actions) {
  if (full_) return false;
  scratch_.clear();
  WriteStep(scratch_, event, event.now_us - now_us_, event.uplink_sample - uplink_sample_,
            DigestOf(actions));
  full_ = bytes_ + scratch_.size() > bytes_max_;
  if (full_) return false;
  now_us_ = event.now_us;
  uplink_sample_ = event.uplink_sample;
  out_ += scratch_;
  bytes_ += scratch_.size();
  return true;
}

std::string TraceWriter::Take() { return std::exchange(out_, std::string()); }

Result<Trace> ParseTrace(std::string_view bytes) {
  if (!bytes.starts_with(kTraceMagic) || bytes.size() == kTraceMagic.size()) {
    return Fail(Code::kInvalidArgument, "trace: this is no recorded conversation (it begins with " +
                                            std::string(kTraceMagic) + ")");
  }
  const auto version = static_cast<uint8_t>(bytes[kTraceMagic.size()]);
  if (version != kTraceVersion) {
    return Fail(Code::kInvalidArgument, "trace: version " + std::to_string(version) +
                                            ", this program reads version " +
                                            std::to_string(kTraceVersion));
  }
  Trace trace;
  Reader reader(bytes.substr(kTraceMagic.size() + 1));
  VisitFields(reader, trace.config);
  if (!reader.ok()) return tl::unexpected(Wrong(std::string("wrong ") + reader.what(), reader));
  PARLEY_TRY_STATUS(trace.config.Validate());
  Event event;
  while (!reader.AtEnd()) {
    const uint64_t kind = reader.Number();
    const uint64_t us = reader.Number();
    const uint64_t samples = reader.Number();
    constexpr auto kLeft = static_cast<uint64_t>(kCountMax);
    const bool known = kind < std::variant_size_v<EventBody> &&
                       us < kLeft - static_cast<uint64_t>(event.now_us) &&
                       samples < kLeft - static_cast<uint64_t>(event.uplink_sample);
    if (reader.ok() && !known) return tl::unexpected(Wrong("an event that cannot be", reader));
    if (reader.ok()) event.body = ReadBody(reader, kind);
    const auto digest = reader.Fixed<uint32_t>();
    if (!reader.ok() && !reader.cut()) {
      return tl::unexpected(Wrong(std::string("wrong ") + reader.what(), reader));
    }
    if (!reader.ok()) {
      trace.cut = true;
      break;
    }
    if (trace.steps.size() == kStepsMax) return tl::unexpected(Wrong("too many events", reader));
    event.now_us += static_cast<int64_t>(us);
    event.uplink_sample += static_cast<int64_t>(samples);
    trace.steps.push_back({event, digest});
  }
  return trace;
}

std::string WriteTrace(const Trace& trace) {
  std::string out;
  WriteHeader(out, trace.config);
  int64_t now_us = 0;
  int64_t uplink_sample = 0;
  for (const Trace::Step& step : trace.steps) {
    WriteStep(out, step.event, step.event.now_us - now_us, step.event.uplink_sample - uplink_sample,
              step.digest);
    now_us = step.event.now_us;
    uplink_sample = step.event.uplink_sample;
  }
  return out;
}

std::string Describe(const EventBody& event) {
  std::string text;
  Describer(text).NameAndFields(const_cast<EventBody&>(event));
  return text;
}

std::string Describe(const Action& action) {
  std::string text;
  Describer(text).NameAndFields(const_cast<Action&>(action));
  return text;
}

Result<Replayed> Replay(const Trace& trace, const ReplayWatch& watch) {
  PARLEY_TRY(const std::unique_ptr<Core> core, Core::Create(trace.config));
  InvariantChecker checker;
  Replayed replayed{.steps = trace.steps.size(), .first_difference = trace.steps.size()};
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    const Trace::Step& step = trace.steps[i];
    const std::span<const Action> actions = core->Step(step.event);
    if (watch) watch(i, step.event, actions);
    if (replayed.same() && DigestOf(actions) != step.digest) replayed.first_difference = i;
    const std::string_view broken = checker.Observe(actions, core->snapshot());
    if (replayed.broken.empty() && !broken.empty()) {
      replayed.broken = broken;
      replayed.broken_at = i;
    }
  }
  return replayed;
}

}  // namespace parley::turn
