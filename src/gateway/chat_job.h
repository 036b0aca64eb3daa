// One chat completion's life: the language model that conversations use, asked by anybody. With
// `stream` each piece leaves as a server-sent event; else all at the end. What fails before the
// first piece is a proper error; what fails later breaks the connection. A client that goes
// cancels.
//
// Everything runs on the exchange's executor.
#pragma once

#include <memory>

#include "base/ids.h"
#include "gateway/chat_request.h"
#include "gateway/job.h"
#include "net/server.h"
#include "ports/language_model.h"

namespace parley::gateway {

// `request.work.model` is the model's name where it runs.
void StartChatJob(std::shared_ptr<net::Exchange> exchange, ChatRequest request, ReplyId reply,
                  ports::LanguageModel& model, JobTicket ticket);

}  // namespace parley::gateway
