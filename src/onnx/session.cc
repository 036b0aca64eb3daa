#include "onnx/session.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "onnx/internal/runtime.h"

namespace parley::onnx {
namespace {

constexpr int kThreadsMax = 64;

ElementType TypeOf(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return ElementType::kFloat;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return ElementType::kInt64;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return ElementType::kInt32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return ElementType::kBool;
    default:
      return ElementType::kOther;
  }
}

TensorInfo InfoOf(std::string name, const Ort::TypeInfo& type) {
  TensorInfo info{.name = std::move(name)};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return info;
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  info.type = TypeOf(tensor.GetElementType());
  info.shape = tensor.GetShape();
  return info;
}

// The number of elements, or −1 for a negative dimension or a product beyond 2^48.
int64_t ElementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t dim : shape) {
    if (dim < 0 || (dim > 0 && count > (int64_t{1} << 48) / dim)) return -1;
    count *= dim;
  }
  return count;
}

template <class T>
Result<Ort::Value> Wrap(const char* name, std::span<const int64_t> shape, std::span<T> data) {
  if (ElementCount(shape) != static_cast<int64_t>(data.size())) {
    std::string dims;
    for (const int64_t dim : shape) dims += (dims.empty() ? "" : "x") + std::to_string(dim);
    return Fail(Code::kInvalidArgument, "tensor '" + std::string(name) + "' has shape [" + dims +
                                            "] but " + std::to_string(data.size()) + " elements");
  }
  using Element = std::remove_const_t<T>;
  static const auto kMemory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  // ONNX Runtime takes inputs as mutable pointers and does not write to them.
  return Ort::Value::CreateTensor<Element>(kMemory, const_cast<Element*>(data.data()), data.size(),
                                           shape.data(), shape.size());
}

// Of a feed that is no Value.
Result<Ort::Value> WrapElements(const Feed& feed) {
  if (const auto* floats = std::get_if<std::span<const float>>(&feed.data)) {
    return Wrap(feed.name, feed.shape, *floats);
  }
  if (const auto* ints = std::get_if<std::span<const int32_t>>(&feed.data)) {
    return Wrap(feed.name, feed.shape, *ints);
  }
  return Wrap(feed.name, feed.shape, std::get<std::span<const int64_t>>(feed.data));
}

}  // namespace

struct Value::Impl {
  explicit Impl(Ort::Value made)
      : value(std::move(made)), info(value.GetTensorTypeAndShapeInfo()), shape(info.GetShape()) {}

  template <class T>
  std::span<const T> Elements(ElementType type) const {
    PARLEY_CHECK(TypeOf(info.GetElementType()) == type);
    return {value.GetTensorData<T>(), info.GetElementCount()};
  }

  Ort::Value value;
  Ort::TensorTypeAndShapeInfo info;
  std::vector<int64_t> shape;
};

Value::Value(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

ElementType Value::type() const { return TypeOf(impl_->info.GetElementType()); }
std::span<const int64_t> Value::shape() const { return impl_->shape; }
std::span<const float> Value::floats() const { return impl_->Elements<float>(ElementType::kFloat); }
std::span<const int64_t> Value::ints() const {
  return impl_->Elements<int64_t>(ElementType::kInt64);
}
std::span<const int32_t> Value::int32s() const {
  return impl_->Elements<int32_t>(ElementType::kInt32);
}

struct CancelToken::Impl {
  Ort::RunOptions options{nullptr};
  std::atomic<bool> cancelled{false};
};

CancelToken::CancelToken() : impl_(std::make_unique<Impl>()) {
  // Without a usable library no Session exists and the flag alone is enough.
  if (internal::Environment()) impl_->options = Ort::RunOptions();
}
CancelToken::~CancelToken() = default;

void CancelToken::Cancel() noexcept {
  impl_->cancelled = true;
  if (impl_->options) impl_->options.SetTerminate();
}
bool CancelToken::cancelled() const noexcept { return impl_->cancelled; }

Status Session::Config::Validate() const {
  if (threads >= 1 && threads <= kThreadsMax) return {};
  return Fail(Code::kInvalidArgument,
              "threads is " + std::to_string(threads) + ", allowed are 1 to 64");
}

struct Session::Impl {
  explicit Impl(Ort::Session made) : session(std::move(made)) {
    Ort::AllocatorWithDefaultOptions allocator;
    for (size_t i = 0; i < session.GetInputCount(); ++i) {
      inputs.push_back(
          InfoOf(session.GetInputNameAllocated(i, allocator).get(), session.GetInputTypeInfo(i)));
    }
    for (size_t i = 0; i < session.GetOutputCount(); ++i) {
      outputs.push_back(
          InfoOf(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i)));
    }
  }

  Status Run(std::span<const Feed> feeds, std::span<const char* const> names,
             std::span<Ort::Value> values, CancelToken* cancel);

  Ort::Session session;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

// Empty `values` are allocated by the runtime, others are written to. May throw Ort::Exception.
Status Session::Impl::Run(std::span<const Feed> feeds, std::span<const char* const> names,
                          std::span<Ort::Value> values, CancelToken* cancel) {
  if (cancel != nullptr && cancel->cancelled()) {
    return Fail(Code::kCancelled, "the run was cancelled before it began");
  }
  std::vector<const char*> input_names;
  std::vector<Ort::Value> owned;
  std::vector<const OrtValue*> inputs_raw;
  owned.reserve(feeds.size());
  for (const Feed& feed : feeds) {
    input_names.push_back(feed.name);
    if (const auto* value = std::get_if<const Value*>(&feed.data)) {
      inputs_raw.push_back((*value)->impl().value);
      continue;
    }
    PARLEY_TRY(owned.emplace_back(nullptr), WrapElements(feed));
    inputs_raw.push_back(owned.back());
  }
  std::vector<OrtValue*> outputs_raw;
  for (Ort::Value& value : values) outputs_raw.push_back(value);
  const OrtRunOptions* options =
      cancel != nullptr ? static_cast<const OrtRunOptions*>(cancel->impl().options) : nullptr;
  Ort::ThrowOnError(Ort::GetApi().Run(session, options, input_names.data(), inputs_raw.data(),
                                      inputs_raw.size(), names.data(), names.size(),
                                      outputs_raw.data()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) values[i] = Ort::Value(outputs_raw[i]);
  }
  return {};
}

namespace {

Ort::SessionOptions Options(const Session::Config& config) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(config.threads);
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.DisableCpuMemArena();
  options.AddConfigEntry("session.intra_op.allow_spinning", "0");
  options.AddConfigEntry("session.inter_op.allow_spinning", "0");
  options.SetGraphOptimizationLevel(config.optimize ? ORT_ENABLE_ALL : ORT_DISABLE_ALL);
  return options;
}

// Calls `f` and turns what ONNX Runtime throws into an error; after a cancel, into that.
template <class F>
auto Guarded(const std::string& doing, const CancelToken* cancel, F f) -> decltype(f()) {
  try {
    return f();
  } catch (const Ort::Exception& exception) {
    if (cancel != nullptr && cancel->cancelled()) {
      return Fail(Code::kCancelled, doing + " was cancelled");
    }
    return Fail(internal::FromException(exception, doing));
  }
}

}  // namespace

Result<std::unique_ptr<Session>> Session::FromFile(const std::filesystem::path& path,
                                                   const Config& config) {
  using Made = Result<std::unique_ptr<Session>>;
  PARLEY_TRY_STATUS(config.Validate());
  PARLEY_TRY(Ort::Env * environment, internal::Environment());
  return Guarded("loading " + path.string(), nullptr, [&]() -> Made {
    return std::unique_ptr<Session>(new Session(
        std::make_unique<Impl>(Ort::Session(*environment, path.c_str(), Options(config)))));
  });
}

Result<std::unique_ptr<Session>> Session::FromBytes(std::string_view model, std::string_view name,
                                                    const Config& config) {
  using Made = Result<std::unique_ptr<Session>>;
  PARLEY_TRY_STATUS(config.Validate());
  PARLEY_TRY(Ort::Env * environment, internal::Environment());
  return Guarded("loading " + std::string(name), nullptr, [&]() -> Made {
    return std::unique_ptr<Session>(new Session(std::make_unique<Impl>(
        Ort::Session(*environment, model.data(), model.size(), Options(config)))));
  });
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

const std::vector<TensorInfo>& Session::inputs() const { return impl_->inputs; }
const std::vector<TensorInfo>& Session::outputs() const { return impl_->outputs; }

Result<std::vector<Value>> Session::Run(std::span<const Feed> feeds,
                                        std::span<const char* const> outputs,
                                        CancelToken* cancel) const {
  return Guarded("running a model", cancel, [&]() -> Result<std::vector<Value>> {
    std::vector<Ort::Value> values;
    for (size_t i = 0; i < outputs.size(); ++i) values.emplace_back(nullptr);
    PARLEY_TRY_STATUS(impl_->Run(feeds, outputs, values, cancel));
    std::vector<Value> made;
    for (Ort::Value& value : values) {
      made.emplace_back(std::make_unique<Value::Impl>(std::move(value)));
    }
    return made;
  });
}

Status Session::RunInto(std::span<const Feed> feeds, std::span<const Sink> sinks,
                        CancelToken* cancel) const {
  return Guarded("running a model", cancel, [&]() -> Status {
    std::vector<const char*> names;
    std::vector<Ort::Value> values;
    for (const Sink& sink : sinks) {
      names.push_back(sink.name);
      const auto* floats = std::get_if<std::span<float>>(&sink.data);
      PARLEY_TRY(values.emplace_back(nullptr),
                 floats ? Wrap(sink.name, sink.shape, *floats)
                        : Wrap(sink.name, sink.shape, std::get<std::span<int64_t>>(sink.data)));
    }
    return impl_->Run(feeds, names, values, cancel);
  });
}

}  // namespace parley::onnx
