// One speech request's life: text to utterances, utterances to a voice, its sound encoded and sent
// as it comes. The client's reading paces the voice: credit is granted for what has left. The
// answer begins with the first sound, so that what fails before it is a proper error; what fails
// later breaks the connection. A client that goes cancels the voice.
//
// Everything runs on the exchange's executor.
#pragma once

#include <memory>

#include "base/ids.h"
#include "gateway/job.h"
#include "gateway/names.h"
#include "gateway/speech_encoder.h"
#include "gateway/speech_request.h"
#include "net/server.h"
#include "ports/voice.h"

namespace parley::gateway {

void StartSpeechJob(std::shared_ptr<net::Exchange> exchange, SpeechRequest request, VoiceName name,
                    ReplyId reply, ports::Voice& voice, JobTicket ticket);

}  // namespace parley::gateway
