// The project's one door to ONNX Runtime: a model made ready to run on the CPU, tensors over the
// caller's buffers, and a way to stop a run from another thread. No type of ONNX Runtime shows.
//
// Settings that every session has, each for a reason measured on two cores: no spinning of pool
// threads (it burns 26 ms of CPU a second at idle), sequential execution, no memory arena (after a
// long input it would hold three times the model's size for ever), log lines go to base/log.h.
//
//   PARLEY_TRY(auto vad, Session::FromFile(path, {}));
//   const Feed feeds[] = {{"input", window_shape, window}, {"sr", scalar_shape, rate}};
//   const Sink sinks[] = {{"output", output_shape, probability}};
//   PARLEY_TRY_STATUS(vad->RunInto(feeds, sinks));
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace parley::onnx {

// "1.32.0", for reports; and whether the library found at run time speaks the API that this program
// was compiled against. kFailedPrecondition names both and how to mend it. Every way to make a
// Session asks this first. Thread-safe.
std::string RuntimeVersion();
Status CheckRuntime();

enum class ElementType { kFloat, kInt64, kInt32, kBool, kOther };

// An input or output as the model declares it. A dimension that is not fixed is −1. `shape` is
// empty for a scalar and for a tensor of undeclared rank.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kOther;
  std::vector<int64_t> shape;
};

// A tensor that a run made: owns its memory, row major. Moved, not copied; immutable.
class Value {
 public:
  struct Impl;
  explicit Value(std::unique_ptr<Impl> impl);
  Value(Value&&) noexcept;
  Value& operator=(Value&&) noexcept;
  ~Value();

  ElementType type() const;
  std::span<const int64_t> shape() const;
  // All elements. The type must be kFloat, kInt64 or kInt32: asking for another is a bug and
  // aborts.
  std::span<const float> floats() const;
  std::span<const int64_t> ints() const;
  std::span<const int32_t> int32s() const;

  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// One input of a run: name, shape and elements, row major, all the caller's and alive during the
// run. A Value of another run is passed on whole, whatever its element type.
struct Feed {
  Feed(const char* input, std::span<const int64_t> dims, std::span<const float> elements)
      : name(input), shape(dims), data(elements) {}
  Feed(const char* input, std::span<const int64_t> dims, std::span<const int64_t> elements)
      : name(input), shape(dims), data(elements) {}
  Feed(const char* input, std::span<const int64_t> dims, std::span<const int32_t> elements)
      : name(input), shape(dims), data(elements) {}
  Feed(const char* input, const Value& value) : name(input), data(&value) {}

  const char* name;
  std::span<const int64_t> shape;
  std::variant<std::span<const float>, std::span<const int64_t>, std::span<const int32_t>,
               const Value*>
      data;
};

// One output of a run written into the caller's memory. The shape must be what the model gives.
struct Sink {
  Sink(const char* output, std::span<const int64_t> dims, std::span<float> elements)
      : name(output), shape(dims), data(elements) {}
  Sink(const char* output, std::span<const int64_t> dims, std::span<int64_t> elements)
      : name(output), shape(dims), data(elements) {}

  const char* name;
  std::span<const int64_t> shape;
  std::variant<std::span<float>, std::span<int64_t>> data;
};

// Stops runs. Once cancelled it stays so: a run in flight ends within one graph node, a later one
// does not start, both with kCancelled. One token may serve several runs, also at once.
// Thread-safe.
class CancelToken {
 public:
  CancelToken();
  ~CancelToken();
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void Cancel() noexcept;
  bool cancelled() const noexcept;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// A loaded model. Thread-safe: Run may be called from several threads at once.
class Session {
 public:
  struct Config {
    // Threads that one run may use. 1 runs on the caller's thread alone; more makes a pool of
    // threads − 1 that belongs to this session. 1…64.
    int threads = 1;
    // Rewrites the graph at load: costs load time (half a second for a 60 MB voice), makes runs
    // faster. Off for a model that was optimized before.
    bool optimize = true;

    Status Validate() const;
  };

  // Errors: kNotFound (no such file), kDataLoss (not an ONNX model, or a broken one),
  // kUnimplemented (an operator or version unknown to this runtime), kInvalidArgument (Config).
  static Result<std::unique_ptr<Session>> FromFile(const std::filesystem::path& path,
                                                   const Config& config);
  // `model` is copied as far as needed: it may be freed at once. `name` stands in errors.
  static Result<std::unique_ptr<Session>> FromBytes(std::string_view model, std::string_view name,
                                                    const Config& config);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  // Runs and returns the named outputs in their order. Errors: kInvalidArgument (a name, type or
  // shape that the model refuses, or a span whose length is not that of its shape), kCancelled,
  // kInternal.
  Result<std::vector<Value>> Run(std::span<const Feed> feeds, std::span<const char* const> outputs,
                                 CancelToken* cancel = nullptr) const;
  // Runs and writes the outputs where the sinks say.
  Status RunInto(std::span<const Feed> feeds, std::span<const Sink> sinks,
                 CancelToken* cancel = nullptr) const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::onnx
