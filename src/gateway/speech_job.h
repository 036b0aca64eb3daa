// One speech request's life: text to utterances, utterances to a voice, its sound encoded and sent
// as it comes. The client's reading paces the voice: credit is granted for what has left. The
// answer begins with the first sound, so that what fails before it is a proper error; what fails
// later breaks the connection. A client that goes cancels the voice.
//
// Everything runs on the exchange's executor.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/ids.h"
#include "gateway/names.h"
#include "gateway/speech_encoder.h"
#include "gateway/speech_request.h"
#include "net/server.h"
#include "ports/voice.h"

namespace parley::gateway {

// The status that is counted when the client went before the answer was whole.
inline constexpr int kClientGone = 499;

// A job's place among those that may run at once, and its line in the metrics: the status it was
// answered with.
class JobTicket {
 public:
  using Count = std::function<void(int status)>;
  JobTicket(std::shared_ptr<void> place, Count count)
      : place_(std::move(place)), count_(std::move(count)) {}
  JobTicket(JobTicket&&) = default;
  // The first call counts and gives the place back.
  void Answered(int status) {
    if (Count count = std::exchange(count_, nullptr)) count(status);
    place_.reset();
  }

 private:
  std::shared_ptr<void> place_;
  Count count_;
};

void StartSpeechJob(std::shared_ptr<net::Exchange> exchange, SpeechRequest request, VoiceName name,
                    ReplyId reply, ports::Voice& voice, JobTicket ticket);

}  // namespace parley::gateway
