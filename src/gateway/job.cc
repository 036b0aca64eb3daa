#include "gateway/job.h"

namespace parley::gateway {
namespace {

// The status that is counted when the client went before the answer was whole.
constexpr int kClientGone = 499;

}  // namespace

void Job::EndWithClient(std::shared_ptr<Job> self) {
  exchange_->OnGone([self = std::move(self)] { self->End(kClientGone); });
}

bool Job::BeginStream(std::string content_type) {
  if (std::exchange(begun_, true)) return false;
  net::HttpResponse head;
  head.headers.Add("Content-Type", std::move(content_type));
  head.headers.Add("Cache-Control", "no-store");
  exchange_->StartStream(std::move(head));
  return true;
}

void Job::Fail(const Error& error) {
  const ApiError answer = FromError(error);
  if (!begun_) return Refuse(answer);
  exchange_->Abort();
  End(answer.status);
}

void Job::Refuse(const ApiError& error) {
  exchange_->Respond(ToResponse(error));
  End(error.status);
}

void Job::End(int status) {
  if (std::exchange(ended_, true)) return;
  exchange_->OnGone(net::Task());  // lets go of this job
  Release();
  ticket_.Answered(status);
}

}  // namespace parley::gateway
