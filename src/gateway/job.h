// What the jobs behind one HTTP answer share (speech, transcription, chat): a place among those
// that may run at once, an answer that may begin before it is whole, and one end. What fails before
// the answer has begun is a proper error; what fails later breaks the connection; a client that
// goes ends the job.
//
// Everything runs on the exchange's executor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "gateway/api_error.h"
#include "net/server.h"

namespace parley::gateway {

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

class Job {
 public:
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

 protected:
  Job(std::shared_ptr<net::Exchange> exchange, JobTicket ticket)
      : exchange_(std::move(exchange)), ticket_(std::move(ticket)) {}

  // From here on the exchange keeps the job, `self`, until it ends.
  void EndWithClient(std::shared_ptr<Job> self);
  // False if the answer had begun.
  bool BeginStream(std::string content_type);
  bool begun() const { return begun_; }

  void Fail(const Error& error);
  void Refuse(const ApiError& error);
  // The answer has been given; the first call counts.
  void End(int status);
  bool ended() const { return ended_; }

  net::Exchange& exchange() const { return *exchange_; }

 private:
  // Lets go of the model's stream.
  virtual void Release() = 0;

  const std::shared_ptr<net::Exchange> exchange_;
  JobTicket ticket_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace parley::gateway
