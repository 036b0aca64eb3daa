#include "gateway/speech_job.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/log.h"
#include "segment/segmenter.h"

namespace parley::gateway {
namespace {

constexpr int64_t kCreditMs = 3000;
// A piece of the answer: large enough that its framing is nothing, small enough to be early.
constexpr size_t kPieceBytes = 4096;
// What is sent for a text without anything to say, so that players take the file.
constexpr int64_t kNothingMs = 100;

class SpeechJob final : public Job, public std::enable_shared_from_this<SpeechJob> {
 public:
  SpeechJob(std::shared_ptr<net::Exchange> exchange, SpeechRequest request, SpeechEncoder encoder,
            JobTicket ticket)
      : Job(std::move(exchange), std::move(ticket)),
        request_(std::move(request)),
        encoder_(std::move(encoder)) {}

  void Start(ports::Voice& voice, const VoiceName& name, ReplyId reply) {
    EndWithClient(shared_from_this());
    segment::Segmenter segmenter;
    segmenter.Feed(request_.input);
    segmenter.Finish();
    std::vector<std::string> texts;
    while (auto utterance = segmenter.Next()) {
      if (!utterance->text.empty()) texts.push_back(std::move(utterance->text));
    }
    if (texts.empty()) {
      OnSamples(std::vector<int16_t>(kNothingMs * kSpeechRateHz / 1000));
      Finish();
      return;
    }
    stream_ = voice.Start(RequestOf(name, reply),
                          [weak = weak_from_this(), &executor = exchange().executor()](auto event) {
                            executor.Post([weak, event = std::move(event)]() mutable {
                              if (const auto self = weak.lock()) self->OnEvent(std::move(event));
                            });
                          });
    uint64_t number = 0;
    for (std::string& text : texts) {
      stream_->Speak(UtteranceId{++number}, std::move(text), "");
    }
    stream_->EndOfText();
  }

 private:
  ports::Voice::Request RequestOf(const VoiceName& name, ReplyId reply) const {
    ports::Voice::Request request;
    request.work = ports::ReplyWork(reply);
    request.model = name.model;
    request.voice = name.voice;
    request.instruct = request_.instructions;
    request.speed = request_.speed;
    request.sample_rate_hz = kSpeechRateHz;
    request.credit_samples = kCreditMs * kSpeechRateHz / 1000;
    return request;
  }

  void OnEvent(ports::Voice::Event event) {
    if (ended()) return;
    if (const auto* audio = std::get_if<ports::Voice::Audio>(&event)) {
      OnSamples(audio->pcm);
    } else if (std::holds_alternative<ports::Voice::Done>(event)) {
      Flush();
    } else if (std::holds_alternative<ports::Voice::Finished>(event)) {
      Finish();
    } else if (const auto* failed = std::get_if<ports::Voice::Failed>(&event)) {
      OnFailed(failed->error);
    }
  }

  void OnSamples(std::span<const int16_t> pcm) {
    Begin();
    samples_ += static_cast<int64_t>(pcm.size());
    unsent_samples_ += static_cast<int64_t>(pcm.size());
    if (!encoder_.Encode(pcm, pending_)) {
      OnFailed({Code::kInternal, "the sound could not be encoded"});
      return;
    }
    if (pending_.size() >= kPieceBytes || samples_ == unsent_samples_) Flush();
  }

  void Begin() {
    const std::string_view sound = ContentTypeOf(request_.format);
    if (BeginStream(request_.sse ? "text/event-stream" : std::string(sound))) {
      pending_ = encoder_.Begin();
    }
  }

  // Sends what is encoded; once it has left, the voice may make as much again.
  void Flush() {
    if (pending_.empty()) return;
    std::string piece = std::exchange(pending_, "");
    if (request_.sse) piece = SseDelta(piece);
    exchange().Write(std::move(piece),
                     [weak = weak_from_this(), samples = std::exchange(unsent_samples_, 0)] {
                       const auto self = weak.lock();
                       if (self && self->stream_) self->stream_->Grant(samples);
                     });
  }

  void Finish() {
    if (!begun()) {
      OnSamples(std::vector<int16_t>(kNothingMs * kSpeechRateHz / 1000));
    }
    if (!encoder_.Finish(pending_)) log::Warn("speech_tail_lost");
    Flush();
    if (request_.sse) exchange().Write(SseDone(), net::Task());
    exchange().End();
    End(200);
  }

  void OnFailed(const Error& error) {
    log::Warn("speech_failed code={} why=\"{}\" samples={}", CodeName(error.code), error.message,
              samples_);
    Fail(error);
  }

  void Release() override { stream_.reset(); }

  std::string SseDelta(std::string_view bytes) const {
    return fmt::format(
        "data: {{\"type\":\"speech.audio.delta\",\"audio\":\"{}\"}}\n\n",
        Base64Encode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  }

  // Tokens, as the API counts usage: one for four bytes of text and fifty for a second of sound,
  // estimates both.
  std::string SseDone() const {
    const int64_t in = static_cast<int64_t>(request_.input.size() + 3) / 4;
    const int64_t out = samples_ * 50 / kSpeechRateHz;
    const nlohmann::ordered_json json = {
        {"type", "speech.audio.done"},
        {"usage", {{"input_tokens", in}, {"output_tokens", out}, {"total_tokens", in + out}}}};
    return "data: " + json.dump() + "\n\n";
  }

  const SpeechRequest request_;
  SpeechEncoder encoder_;
  std::unique_ptr<ports::Voice::Stream> stream_;
  std::string pending_;
  int64_t samples_ = 0;
  int64_t unsent_samples_ = 0;  // in pending_ or kept by the encoder
};

}  // namespace

void StartSpeechJob(std::shared_ptr<net::Exchange> exchange, SpeechRequest request, VoiceName name,
                    ReplyId reply, ports::Voice& voice, JobTicket ticket) {
  auto encoder = SpeechEncoder::Create(request.format);
  if (!encoder) {
    exchange->Respond(ToResponse(FromError(encoder.error())));
    ticket.Answered(500);
    return;
  }
  auto job = std::make_shared<SpeechJob>(std::move(exchange), std::move(request),
                                         *std::move(encoder), std::move(ticket));
  job->Start(voice, name, reply);
}

}  // namespace parley::gateway
