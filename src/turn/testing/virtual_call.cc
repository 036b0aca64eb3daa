#include "turn/testing/virtual_call.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "base/check.h"

namespace parley::turn::testing {
namespace {

constexpr int kTickMs = 10;
constexpr int kWindowSamples = 512;

std::vector<std::string> Split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

template <class Id>
std::string Named(const char* what, Id id) {
  return std::string(what) + " " + std::to_string(id.value);
}
std::string Quoted(std::string_view text) { return " [" + std::string(text) + "]"; }

std::string Line(const SpeechStarted& e) { return Named("speech_started", e.segment); }
std::string Line(const SpeechStopped& e) { return Named("speech_stopped", e.segment); }
std::string Line(const AudioCommitted& e) { return Named("committed", e.segment); }
std::string Line(const AudioCleared&) { return "cleared"; }
std::string Line(const IdleTimeout& e) { return Named("idle_timeout", e.segment); }
std::string Line(const TranscriptUpdated& e) { return Named("words", e.segment) + Quoted(e.text); }
std::string Line(const TranscriptCompleted& e) {
  return Named("transcript", e.segment) + Quoted(e.text);
}
std::string Line(const TranscriptionFailed& e) { return Named("transcription_failed", e.segment); }
std::string Line(const ResponseCreated& e) { return Named("response_created", e.turn); }
std::string Line(const ResponseStarted& e) { return Named("response_started", e.turn); }
std::string Line(const ResponseText& e) { return Named("response_text", e.turn) + Quoted(e.text); }
std::string Line(const FunctionCalled& e) {
  return Named("function_called", e.turn) + Quoted(e.name);
}
std::string Line(const ReplyTruncated& e) { return Named("truncated", e.turn) + Quoted(e.text); }
std::string Line(const Rejected& e) {
  return "rejected " + std::to_string(static_cast<int>(e.reason));
}
std::string Line(const ResponseDone& e) {
  static const char* const kStatus[] = {"completed", "cancelled", "incomplete", "failed"};
  static const char* const kReason[] = {"none",     "turn_detected", "client_cancelled", "tokens",
                                        "no_reply", "no_speech",     "stalled"};
  return Named("response_done", e.turn) + " " + kStatus[static_cast<int>(e.status)] + " " +
         kReason[static_cast<int>(e.reason)];
}

}  // namespace

struct VirtualCall::Segment {
  int64_t from_sample = 0;
  int64_t upto_sample = -1;  // −1: open
  bool partials = false;
  bool gone = false;
  int64_t next_partial_ms = 0;
};

// A turn's audio on its way out: the voice makes it, playout sends it, the person hears it.
struct VirtualCall::Speech {
  bool cancelled = false;
  bool released = false;
  bool stopped = false;       // dropped by playout
  int64_t paused_ms = -1;     // since; −1: it is not
  int64_t made_until_ms = 0;  // when the voice has finished what it was given
  std::map<UtteranceId, int64_t> delivered;
  int64_t available = 0;  // samples
  int64_t start_ms = 0;   // of the pacing schedule
  int64_t sent = 0;
  int64_t played = 0;
};

VirtualCall::Config::Config() {
  core.detection.mode = DetectionMode::kSemanticVad;
  core.facts.echo_free = true;
  core.facts.speculation = false;
  replies = {"The capital of France is Paris."};
}

VirtualCall::VirtualCall(Config config) : config_(std::move(config)) {
  auto core = Core::Create(config_.core);
  PARLEY_CHECK(core);
  core_ = *std::move(core);
  Later(kTickMs, [this] { Tick(); });
}

VirtualCall::~VirtualCall() = default;

void VirtualCall::Say(int64_t at_ms, const std::string& words, int word_ms) {
  for (const std::string& word : Split(words)) {
    words_.push_back({at_ms, at_ms + word_ms, word});
    at_ms += word_ms;
  }
}

void VirtualCall::Noise(int64_t at_ms, int duration_ms) {
  words_.push_back({at_ms, at_ms + duration_ms, ""});
}

void VirtualCall::At(int64_t at_ms, std::function<void()> what) {
  Later(at_ms - now_ms(), std::move(what));
}

void VirtualCall::Send(EventBody body) { Step(std::move(body)); }

int64_t VirtualCall::now_ms() const { return now_us_ / 1000; }

void VirtualCall::Later(int64_t delay_ms, std::function<void()> what) {
  queue_[{now_us_ + std::max<int64_t>(delay_ms, 0) * 1000, ++order_}] = std::move(what);
}

void VirtualCall::RunUntil(int64_t ms) {
  while (!queue_.empty() && queue_.begin()->first.first <= ms * 1000) {
    const auto next = queue_.begin();
    now_us_ = std::max(now_us_, next->first.first);
    const std::function<void()> what = std::move(next->second);
    queue_.erase(next);
    what();
  }
  now_us_ = std::max(now_us_, ms * 1000);
}

void VirtualCall::Step(EventBody body) {
  // What the actions cause is queued, so a Step is never inside another.
  const std::span<const Action> actions = core_->Step(
      {.now_us = now_us_ + 1'000'000, .uplink_sample = uplink_, .body = std::move(body)});
  const std::string_view broken = checker_.Observe(actions, core_->snapshot());
  if (!broken.empty()) {
    violations_.push_back(std::to_string(now_ms()) + " " + std::string(broken));
  }
  for (const Action& action : actions) Do(action);
}

void VirtualCall::Log(const std::string& what) {
  log_.push_back(std::to_string(now_ms()) + " " + what);
}

int64_t VirtualCall::TimeOf(const std::string& what, int n) const {
  for (const std::string& line : log_) {
    if (line.find(what) != std::string::npos && n-- == 0) return std::stoll(line);
  }
  return -1;
}

int VirtualCall::CountOf(const std::string& what) const {
  return static_cast<int>(std::count_if(log_.begin(), log_.end(), [&](const std::string& line) {
    return line.find(what) != std::string::npos;
  }));
}

std::vector<VirtualCall::HistoryEntry> VirtualCall::history() const {
  std::vector<HistoryEntry> entries;
  for (const auto& [id, entry] : history_) entries.push_back(entry);
  return entries;
}

int64_t VirtualCall::played_samples(TurnId turn) const {
  const auto found = speech_.find(turn);
  return found == speech_.end() ? 0 : found->second.played;
}

std::string VirtualCall::Heard(int64_t from_ms, int64_t upto_ms) const {
  std::string text;
  for (const Word& word : words_) {
    if (word.text.empty() || word.from_ms < from_ms || word.upto_ms > upto_ms) continue;
    text += (text.empty() ? "" : " ") + word.text;
  }
  return text;
}

bool VirtualCall::Voiced(int64_t from_ms, int64_t upto_ms) const {
  return std::any_of(words_.begin(), words_.end(), [&](const Word& word) {
    return word.from_ms < upto_ms && word.upto_ms > from_ms;
  });
}

void VirtualCall::Tick() {
  Later(kTickMs, [this] { Tick(); });
  const int64_t received = now_ms() * 16;
  while (!muted_ && uplink_ + kWindowSamples <= received) {
    const int64_t from_ms = uplink_ / 16;
    uplink_ += kWindowSamples;
    if (config_.core.detection.mode == DetectionMode::kNone) continue;
    const bool voiced = Voiced(from_ms, uplink_ / 16);
    Step(VoiceActivity{voiced ? 1.0f : 0.0f, voiced ? -20.0f : -60.0f});
  }
  SendPartials();
  Pace();
  for (const auto& [id, at_us] : std::map<DeadlineId, int64_t>(deadlines_)) {
    if (at_us > now_us_ + 1'000'000 || !deadlines_.count(id) || deadlines_[id] != at_us) continue;
    deadlines_.erase(id);
    Step(Deadline{id});
  }
}

void VirtualCall::SendPartials() {
  for (auto& [id, segment] : segments_) {
    if (!segment.partials || segment.gone || now_ms() < segment.next_partial_ms) continue;
    segment.next_partial_ms = now_ms() + config_.partial_every_ms;
    const int64_t upto = uplink_;
    const std::string text = Heard(segment.from_sample / 16, upto / 16);
    if (text.empty() || !config_.recognizer_answers) continue;
    Later(config_.partial_latency_ms, [this, id = id, upto, text] {
      if (segments_[id].gone) return;
      Step(PartialTranscript{id, upto, text, 0});
    });
  }
}

void VirtualCall::Do(const Action& action) {
  DoUser(action);
  DoReply(action);
  DoPlayout(action);
  if (const auto* notify = std::get_if<Notify>(&action)) {
    DoNotify(notify->event);
  } else if (const auto* set = std::get_if<SetDeadline>(&action)) {
    deadlines_[set->id] = set->at_us;
  } else if (const auto* clear = std::get_if<ClearDeadline>(&action)) {
    deadlines_.erase(clear->id);
  } else if (const auto* record = std::get_if<RecordTurn>(&action)) {
    records_.push_back(*record->record);
  }
}

void VirtualCall::DoUser(const Action& action) {
  if (const auto* open = std::get_if<OpenSegment>(&action)) {
    segments_[open->segment].from_sample = open->from_sample;
    segments_[open->segment].next_partial_ms = now_ms() + config_.partial_every_ms;
    Log("open_segment " + std::to_string(open->segment.value));
  } else if (const auto* close = std::get_if<CloseSegment>(&action)) {
    segments_[close->segment].upto_sample = close->upto_sample;
    segments_[close->segment].partials = false;
    if (close->discard) segments_[close->segment].gone = true;
    Log(close->discard ? "discard_segment" : "close_segment");
  } else if (const auto* partials = std::get_if<SetPartials>(&action)) {
    segments_[partials->segment].partials = partials->on;
  } else if (const auto* flush = std::get_if<FlushRecognizer>(&action)) {
    Log("flush");
    if (!config_.recognizer_answers) return;
    const Segment& segment = segments_[flush->segment];
    const std::string text = Heard(segment.from_sample / 16, flush->upto_sample / 16);
    Later(config_.final_latency_ms, [this, flush = *flush, from = segment.from_sample, text] {
      if (segments_[flush.segment].gone) return;
      Step(FinalTranscript{flush.segment, flush.flush, from, flush.upto_sample, text, false});
    });
  } else if (const auto* ask = std::get_if<AskEndOfTurn>(&action)) {
    Log("ask_end_of_turn");
    if (config_.score < 0) return;
    Later(config_.score_latency_ms, [this, pause = ask->pause] {
      Step(EndOfTurnScore{pause, config_.score});
    });
  } else if (const auto* append = std::get_if<AppendHistory>(&action)) {
    const bool user = append->speaker == Speaker::kUser;
    const uint64_t id = user ? append->segment.value : 1'000'000 + append->turn.value;
    const auto found = std::find_if(history_.begin(), history_.end(),
                                    [id](const auto& entry) { return entry.first == id; });
    const HistoryEntry entry{user ? "user" : "agent", std::string(append->text), append->cut};
    if (found == history_.end()) {
      if (!entry.text.empty()) history_.push_back({id, entry});
    } else if (entry.text.empty()) {
      history_.erase(found);
    } else {
      found->second = entry;
    }
  }
}

std::string VirtualCall::Prompt() const {
  std::string prompt;
  for (const auto& [id, entry] : history_) {
    prompt += entry.who + ": " + entry.text + (entry.cut ? "—" : "") + "\n";
  }
  return prompt;
}

void VirtualCall::StartModel(TurnId turn, const std::string& newest) {
  prompts_.push_back(Prompt() + newest);
  const std::string reply = config_.replies.empty()
                                ? ""
                                : config_.replies[std::min(replies_, config_.replies.size() - 1)];
  ++replies_;
  speech_[turn];
  if (!config_.reply_answers) return;
  int64_t at_ms = config_.reply_first_ms;
  const std::vector<std::string> words = Split(reply);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string delta = (i == 0 ? "" : " ") + words[i];
    Later(at_ms, [this, turn, delta] {
      if (!speech_[turn].cancelled) Step(ReplyText{turn, delta});
    });
    at_ms += config_.reply_word_ms;
  }
  Later(at_ms, [this, turn] {
    if (!speech_[turn].cancelled) Step(ReplyTextDone{turn});
  });
}

void VirtualCall::MakeSpeech(TurnId turn, UtteranceId utterance, std::string text) {
  Speech& speech = speech_[turn];
  const int rate = config_.core.output_rate_hz;
  const std::vector<std::string> words = Split(text);
  const int64_t samples_per_word = int64_t{rate} * config_.ms_per_word / 1000;
  int64_t at_ms = std::max(speech.made_until_ms, now_ms() + config_.speech_first_ms);
  Later(at_ms - now_ms(), [this, turn, utterance] {
    if (!speech_[turn].cancelled) Step(SpeechReady{turn, utterance});
  });
  size_t text_end = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    text_end = text.find(words[i], text_end) + words[i].size();
    at_ms += static_cast<int64_t>(config_.ms_per_word / config_.speech_speed);
    const SpeechMark mark{turn, utterance, static_cast<uint32_t>(text_end),
                          samples_per_word * static_cast<int64_t>(i + 1)};
    Later(at_ms - now_ms(), [this, mark, samples_per_word] {
      Speech& now = speech_[mark.turn];
      if (now.cancelled) return;
      now.available += samples_per_word;
      if (config_.marks) Step(mark);
    });
  }
  speech.made_until_ms = at_ms;
  const int64_t samples = samples_per_word * static_cast<int64_t>(words.size());
  Later(at_ms - now_ms(), [this, turn, utterance, samples] {
    if (!speech_[turn].cancelled) Step(SpeechDone{turn, utterance, samples});
  });
}

void VirtualCall::DoReply(const Action& action) {
  if (const auto* draft = std::get_if<StartDraft>(&action)) {
    Log("start_draft " + std::to_string(draft->turn.value));
    StartModel(draft->turn, "user: " + std::string(draft->transcript) + "\n");
  } else if (const auto* promote = std::get_if<PromoteDraft>(&action)) {
    Log("promote_draft " + std::to_string(promote->turn.value));
  } else if (const auto* drop = std::get_if<DropDraft>(&action)) {
    Log("drop_draft " + std::to_string(drop->turn.value));
    speech_[drop->turn].cancelled = true;
  } else if (const auto* start = std::get_if<StartReply>(&action)) {
    Log("start_reply " + std::to_string(start->turn.value));
    StartModel(start->turn, "");
  } else if (const auto* speak = std::get_if<Speak>(&action)) {
    Log("speak " + std::to_string(speak->turn.value) + " " + std::string(speak->text));
    MakeSpeech(speak->turn, speak->utterance, std::string(speak->text));
  } else if (const auto* sorry = std::get_if<SpeakApology>(&action)) {
    Log("apology");
    MakeSpeech(sorry->turn, sorry->utterance, config_.core.apology);
  } else if (const auto* cancel = std::get_if<CancelTurn>(&action)) {
    Log("cancel_turn " + std::to_string(cancel->turn.value));
    speech_[cancel->turn].cancelled = true;
  }
}

void VirtualCall::DoPlayout(const Action& action) {
  if (const auto* release = std::get_if<ReleasePlayout>(&action)) {
    Log("release " + std::to_string(release->turn.value));
    speech_[release->turn].released = true;
    speech_[release->turn].start_ms = now_ms();
  } else if (const auto* pause = std::get_if<PausePlayout>(&action)) {
    Log("pause " + std::to_string(pause->turn.value));
    speech_[pause->turn].paused_ms = now_ms();
  } else if (const auto* resume = std::get_if<ResumePlayout>(&action)) {
    Log("resume " + std::to_string(resume->turn.value));
    Speech& speech = speech_[resume->turn];
    speech.start_ms += now_ms() - std::exchange(speech.paused_ms, -1);
  } else if (const auto* drop = std::get_if<DropPlayout>(&action)) {
    Log("drop " + std::to_string(drop->turn.value));
    speech_[drop->turn].stopped = true;
  } else if (const auto* gain = std::get_if<SetGain>(&action)) {
    Log("gain " + std::to_string(static_cast<int>(gain->db)));
  }
}

// Sends what is there, not further ahead of real time than the lead; heard is what real time and
// the client's delay allow.
void VirtualCall::Pace() {
  std::vector<Played> news;
  for (auto& [turn, speech] : speech_) {
    if (!speech.released || speech.stopped || speech.paused_ms >= 0) continue;
    const int64_t rate = config_.core.output_rate_hz;
    const int64_t elapsed_ms = now_ms() - speech.start_ms;
    const int64_t before_sent = speech.sent;
    const int64_t before_played = speech.played;
    if (speech.sent == speech.played && speech.available == speech.sent) {
      // Nothing to play: the schedule waits with it.
      speech.start_ms = now_ms() - speech.sent * 1000 / rate;
    }
    speech.sent = std::max(
        speech.sent, std::min(speech.available, (elapsed_ms + config_.lead_ms) * rate / 1000));
    const int64_t heard_ms = std::max<int64_t>(elapsed_ms - config_.client_delay_ms, 0);
    speech.played = std::max(speech.played, std::min(speech.sent, heard_ms * rate / 1000));
    if (speech.sent != before_sent || speech.played != before_played) {
      if (before_sent == 0) Log("first_frame " + std::to_string(turn.value));
      news.push_back({turn, speech.sent, speech.played});
    }
  }
  for (const Played& played : news) Step(played);
}

void VirtualCall::DoNotify(const DomainEvent& event) {
  std::visit([this](const auto& body) { Log(Line(body)); }, event);
}

}  // namespace parley::turn::testing
