#include "gateway/transcription_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "audio/audio_file.h"
#include "audio/pcm.h"
#include "base/log.h"
#include "gateway/audio_windows.h"

namespace parley::gateway {
namespace {

constexpr int kRateHz = 16'000;
// What other implementations of this address refuse too.
constexpr int64_t kShortestMs = 100;
// Audio is handed over in pieces of at most a second.
constexpr size_t kPieceSamples = kRateHz;

class TranscriptionJob final : public Job, public std::enable_shared_from_this<TranscriptionJob> {
 public:
  TranscriptionJob(std::shared_ptr<net::Exchange> exchange, TranscriptionRequest request,
                   ReplyId reply, const TranscriptionDeps& deps, JobTicket ticket)
      : Job(std::move(exchange), std::move(ticket)),
        request_(std::move(request)),
        reply_(reply),
        deps_(deps) {}

  void Start() {
    EndWithClient(shared_from_this());
    const bool taken = deps_.pool.Submit([self = shared_from_this()] {
      audio::AudioFileLimits limits;
      limits.bytes_max = self->request_.file.size();
      limits.duration_ms_max = int64_t{self->deps_.audio_s_max} * 1000;
      auto clip = audio::DecodeAudioFileAt(self->request_.file, kRateHz, limits);
      net::Executor& executor = self->exchange().executor();
      executor.Post([self, clip = std::move(clip)]() mutable { self->OnDecoded(std::move(clip)); });
    });
    if (!taken) {
      Refuse({429, "Too many recordings wait to be transcribed; try again later.", "",
              "resource_exhausted"});
    }
  }

 private:
  void OnDecoded(Result<audio::AudioClip> clip) {
    if (ended()) return;
    if (!clip) {
      ApiError error = FromError(clip.error());
      error.param = "file";
      Refuse(error);
      return;
    }
    transcript_.duration_s = static_cast<double>(clip->samples.size()) / kRateHz;
    if (clip->duration_ms() < kShortestMs) {
      Refuse({400, "Audio file is too short. Minimum audio length is 0.1 seconds.", "file",
              "audio_too_short"});
      return;
    }
    windows_ = CutWindows(clip->samples, kRateHz);
    pcm_.resize(clip->samples.size());
    audio::Pcm16FromFloat(clip->samples, pcm_);
    NextWindow();
  }

  void NextWindow() {
    if (window_ == windows_.size()) {
      Finish();
      return;
    }
    at_ = windows_[window_].from_sample;
    ended_feed_ = false;
    part_ = {};
    part_.from_s = Seconds(static_cast<int64_t>(windows_[window_].from_sample));
    part_.upto_s = Seconds(static_cast<int64_t>(windows_[window_].upto_sample));
    ports::Recognizer::Request request;
    request.work = ports::ReplyWork(reply_);
    request.segment = SegmentId{window_ + 1};
    request.model = request_.model;
    request.language = request_.language;
    request.translate = request_.translate;
    request.sample_rate_hz = kRateHz;
    request.partials = false;
    stream_ = deps_.recognizer.Start(
        std::move(request),
        [weak = weak_from_this(), window = window_, &executor = exchange().executor()](auto event) {
          executor.Post([weak, window, event = std::move(event)]() mutable {
            const auto self = weak.lock();
            if (self && !self->ended() && self->window_ == window) self->OnEvent(std::move(event));
          });
        });
  }

  void OnEvent(ports::Recognizer::Event event) {
    if (const auto* credit = std::get_if<ports::Recognizer::Credit>(&event)) {
      Feed(static_cast<size_t>(std::max<int64_t>(0, credit->samples)));
    } else if (auto* final = std::get_if<ports::Recognizer::Final>(&event)) {
      OnFinal(std::move(*final));
    } else if (std::holds_alternative<ports::Recognizer::Finished>(event)) {
      OnWindowDone();
    } else if (const auto* failed = std::get_if<ports::Recognizer::Failed>(&event)) {
      OnFailed(failed->error);
    }
  }

  void Feed(size_t room) {
    const size_t upto = windows_[window_].upto_sample;
    while (room > 0 && at_ < upto) {
      const size_t size = std::min({room, upto - at_, kPieceSamples});
      stream_->Audio(static_cast<int64_t>(at_), std::span(pcm_).subspan(at_, size));
      at_ += size;
      room -= size;
    }
    if (at_ == upto && !std::exchange(ended_feed_, true)) stream_->End();
  }

  void OnFinal(ports::Recognizer::Final final) {
    if (transcript_.language.empty()) transcript_.language = final.language;
    part_.text = std::move(final.text);
    part_.no_speech = final.no_speech;
    part_.words.clear();
    for (ports::Recognizer::Word& word : final.words) {
      part_.words.push_back(
          {std::move(word.text), Seconds(word.from_sample), Seconds(word.upto_sample)});
    }
  }

  void OnWindowDone() {
    if (request_.stream && !part_.text.empty()) {
      const std::string before = transcript_.parts.empty() || transcript_.Text().empty() ? "" : " ";
      SendEvent({{"type", "transcript.text.delta"}, {"delta", before + part_.text}});
    }
    transcript_.parts.push_back(std::move(part_));
    stream_.reset();
    ++window_;
    NextWindow();
  }

  void SendEvent(const nlohmann::ordered_json& event) {
    BeginStream("text/event-stream");
    exchange().Write(
        "data: " + event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
            "\n\n",
        net::Task());
  }

  void Finish() {
    if (request_.stream) {
      SendEvent({{"type", "transcript.text.done"},
                 {"text", transcript_.Text()},
                 {"usage", nlohmann::ordered_json::parse(UsageJson(transcript_.duration_s))}});
      exchange().End();
    } else {
      net::HttpResponse response;
      response.headers.Add("Content-Type", std::string(ContentTypeOf(request_.format)));
      response.body = Render(transcript_, request_.format, request_.detail);
      exchange().Respond(std::move(response));
    }
    End(200);
  }

  void OnFailed(const Error& error) {
    log::Warn("transcription_failed code={} why=\"{}\" window={}", CodeName(error.code),
              error.message, window_);
    Fail(error);
  }

  void Release() override { stream_.reset(); }

  static double Seconds(int64_t sample) { return static_cast<double>(sample) / kRateHz; }

  const TranscriptionRequest request_;
  const ReplyId reply_;
  const TranscriptionDeps deps_;
  std::vector<int16_t> pcm_;
  std::vector<AudioWindow> windows_;
  size_t window_ = 0;
  size_t at_ = 0;
  bool ended_feed_ = false;
  std::unique_ptr<ports::Recognizer::Stream> stream_;
  TranscriptPart part_;
  Transcript transcript_;
};

}  // namespace

void StartTranscriptionJob(std::shared_ptr<net::Exchange> exchange, TranscriptionRequest request,
                           ReplyId reply, const TranscriptionDeps& deps, JobTicket ticket) {
  std::make_shared<TranscriptionJob>(std::move(exchange), std::move(request), reply, deps,
                                     std::move(ticket))
      ->Start();
}

}  // namespace parley::gateway
