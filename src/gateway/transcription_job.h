// One transcription request's life: the recording is decoded on the work pool, cut at quiet places,
// and each window goes through a recognizer stream of its own, by credit. With `stream` each
// window's words leave as a server-sent event; else all at the end. A client that goes cancels.
//
// Everything but the decoding runs on the exchange's executor.
#pragma once

#include <memory>

#include "base/ids.h"
#include "gateway/job.h"
#include "gateway/transcription_request.h"
#include "gateway/work_pool.h"
#include "net/server.h"
#include "ports/recognizer.h"

namespace parley::gateway {

struct TranscriptionDeps {
  ports::Recognizer& recognizer;
  WorkPool& pool;
  int audio_s_max = 3600;
};

void StartTranscriptionJob(std::shared_ptr<net::Exchange> exchange, TranscriptionRequest request,
                           ReplyId reply, const TranscriptionDeps& deps, JobTicket ticket);

}  // namespace parley::gateway
