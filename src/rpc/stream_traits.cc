#include "rpc/internal/stream_traits.h"

namespace parley::rpc {
namespace {

Error UnknownMessage(const char* call) {
  return {Code::kInvalidArgument,
          std::string(call) +
              ": a message of an unknown kind, or a second start; one start "
              "comes first, and only once"};
}

Status Speak(ports::Voice::Stream& stream, const pb::SynthesizeText& text) {
  if (text.utterance_id() == 0) {
    return Fail(Code::kInvalidArgument, "text.utterance_id is 0, must be a rising number from 1");
  }
  if (text.text().size() > kSpeechTextBytesMax) {
    return Fail(Code::kInvalidArgument, "text of utterance " + std::to_string(text.utterance_id()) +
                                            " has " + std::to_string(text.text().size()) +
                                            " bytes, must have at most " +
                                            std::to_string(kSpeechTextBytesMax));
  }
  stream.Speak(UtteranceId{text.utterance_id()}, text.text(), text.context_before());
  return {};
}

}  // namespace

Status VoiceTraits::Apply(Port::Stream& stream, const Request& request) {
  switch (request.message_case()) {
    case Request::kText:
      return Speak(stream, request.text());
    case Request::kEndOfText:
      stream.EndOfText();
      return {};
    case Request::kPause:
      stream.Pause();
      return {};
    case Request::kResume:
      stream.Resume();
      return {};
    case Request::kCancel:
      stream.Cancel();
      return {};
    case Request::kCredit:
      if (request.credit().samples() <= 0) {
        return Fail(Code::kInvalidArgument, "credit.samples is " +
                                                std::to_string(request.credit().samples()) +
                                                ", must be above 0");
      }
      stream.Grant(request.credit().samples());
      return {};
    case Request::kStart:
    case Request::MESSAGE_NOT_SET:
      break;
  }
  return Fail(UnknownMessage(kName));
}

Status RecognizerTraits::Apply(Port::Stream& stream, const Request& request) {
  switch (request.message_case()) {
    case Request::kAudio: {
      PARLEY_TRY(const std::vector<int16_t> pcm, PcmFromBytes(request.audio().pcm()));
      stream.Audio(request.audio().first_sample(), pcm);
      return {};
    }
    case Request::kPartials:
      stream.SetPartials(request.partials().on());
      return {};
    case Request::kFlush:
      if (request.flush().flush_id() == 0) {
        return Fail(Code::kInvalidArgument, "flush.flush_id is 0, must name the flush");
      }
      stream.Flush(FlushId{request.flush().flush_id()}, request.flush().upto_sample());
      return {};
    case Request::kEnd:
      stream.End();
      return {};
    case Request::kCancel:
      stream.Cancel();
      return {};
    case Request::kStart:
    case Request::MESSAGE_NOT_SET:
      break;
  }
  return Fail(UnknownMessage(kName));
}

Status LanguageModelTraits::Apply(Port::Stream& stream, const Request& request) {
  if (request.message_case() != Request::kCancel) return Fail(UnknownMessage(kName));
  stream.Cancel();
  return {};
}

}  // namespace parley::rpc
