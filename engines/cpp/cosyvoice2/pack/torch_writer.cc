#include "cosyvoice2/pack/torch_writer.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <system_error>

#include "cosyvoice2/weights/generated.h"

namespace parley::cosyvoice2 {
namespace {

constexpr size_t kAlignment = 64;  // of payloads, as PyTorch has it

template <class Integer>
void Append(Integer value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));  // little endian
}

void AppendText(std::string_view text, std::string& out) {
  out += 'X';
  Append(static_cast<uint32_t>(text.size()), out);
  out += text;
}

void AppendInteger(int64_t value, std::string& out) {
  if (value <= std::numeric_limits<int32_t>::max()) {
    out += 'J';
    Append(static_cast<int32_t>(value), out);
  } else {
    out += "\x8a\x08";
    Append(value, out);
  }
}

void AppendTuple(const std::vector<int64_t>& values, std::string& out) {
  out += '(';
  for (const int64_t value : values) AppendInteger(value, out);
  out += 't';
}

std::vector<int64_t> Strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

constexpr char kOrderedDict[] = "ccollections\nOrderedDict\n)R";

// _rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())
void AppendTensor(const TensorRule& rule, const std::string& key, std::string& out) {
  out += "ctorch._utils\n_rebuild_tensor_v2\n((";
  AppendText("storage", out);
  out += "ctorch\nFloatStorage\n";
  AppendText(key, out);
  AppendText("cpu", out);
  AppendInteger(rule.element_count(), out);
  out += "tQ";
  AppendInteger(0, out);
  AppendTuple(rule.shape, out);
  AppendTuple(Strides(rule.shape), out);
  out += '\x89';
  out += kOrderedDict;
  out += "tR";
}

// Which storage each tensor has: that of its own, or of what it is tied to.
std::map<std::string, std::string> StorageKeys(const Manifest& manifest) {
  std::map<std::string, std::string> keys;
  for (const TensorRule& rule : manifest.tensors) {
    if (rule.kind != TensorRule::Kind::kTied) keys[rule.name] = std::to_string(keys.size());
  }
  for (const TensorRule& rule : manifest.tensors) {
    if (rule.kind == TensorRule::Kind::kTied) keys[rule.name] = keys.at(rule.other);
  }
  return keys;
}

std::string MakePickle(const Manifest& manifest, const std::map<std::string, std::string>& keys) {
  std::string pickle = "\x80\x02";
  pickle += kOrderedDict;
  pickle += '(';
  for (const TensorRule& rule : manifest.tensors) {
    AppendText(rule.name, pickle);
    AppendTensor(rule, keys.at(rule.name), pickle);
  }
  return pickle + "u.";
}

// A zip file of stored members, written front to back.
class ZipWriter {
 public:
  explicit ZipWriter(std::FILE* file) : file_(file) {}

  void Add(const std::string& name, std::string_view payload) {
    const auto crc = static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const unsigned char*>(payload.data()), payload.size()));
    std::string fields;                                                  // what both headers say
    for (const uint16_t value : {0, 0, 0, 0x21}) Append(value, fields);  // flags … date
    Append(crc, fields);
    for (int i = 0; i < 2; ++i) Append(static_cast<uint32_t>(payload.size()), fields);
    Append(static_cast<uint16_t>(name.size()), fields);

    const uint64_t plain = at_ + 4 + 2 + fields.size() + 2 + name.size() + 4;
    const size_t padding = (kAlignment - plain % kAlignment) % kAlignment;
    std::string local = "PK\x03\x04";
    Append(uint16_t{20}, local);
    local += fields;
    Append(static_cast<uint16_t>(4 + padding), local);
    local += name;
    local += "FB";
    Append(static_cast<uint16_t>(padding), local);
    local.append(padding, 'Z');

    directory_ += "PK\x01\x02";
    for (int i = 0; i < 2; ++i) Append(uint16_t{20}, directory_);
    directory_ += fields;
    for (int i = 0; i < 4; ++i) Append(uint16_t{0}, directory_);  // extra, comment, disk, kind
    Append(uint32_t{0}, directory_);
    Append(static_cast<uint32_t>(at_), directory_);
    directory_ += name;
    ++members_;
    Write(local);
    Write(payload);
  }

  // False if anything could not be written, or the file is too large for a plain zip file.
  bool Finish() {
    const uint64_t directory_at = at_;
    std::string end = "PK\x05\x06";
    Append(uint32_t{0}, end);  // disks
    for (int i = 0; i < 2; ++i) Append(members_, end);
    Append(static_cast<uint32_t>(directory_.size()), end);
    Append(static_cast<uint32_t>(directory_at), end);
    Append(uint16_t{0}, end);
    Write(directory_);
    Write(end);
    return good_ && at_ <= std::numeric_limits<uint32_t>::max();
  }

 private:
  void Write(std::string_view bytes) {
    good_ = good_ && std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
    at_ += bytes.size();
  }

  std::FILE* file_;
  uint64_t at_ = 0;
  std::string directory_;
  uint16_t members_ = 0;
  bool good_ = true;
};

tl::unexpected<Error> CannotWrite(const std::filesystem::path& path) {
  const int error = errno;
  Code code = Code::kInternal;
  if (error == EACCES || error == EPERM || error == EROFS) code = Code::kPermissionDenied;
  if (error == ENOSPC || error == EDQUOT) code = Code::kResourceExhausted;
  if (error == ENOENT) code = Code::kNotFound;
  return Fail(code, fmt::format("cannot write '{}': {}", path.string(),
                                std::generic_category().message(error)));
}

bool WriteMembers(std::FILE* file, const Manifest& manifest, uint64_t seed) {
  const auto keys = StorageKeys(manifest);
  const std::string root = manifest.module + "/";
  ZipWriter zip(file);
  zip.Add(root + "data.pkl", MakePickle(manifest, keys));
  zip.Add(root + "byteorder", "little");
  for (const TensorRule& rule : manifest.tensors) {
    if (rule.kind == TensorRule::Kind::kTied) continue;
    const std::vector<float> values = GenerateTensor(manifest, rule, seed);
    zip.Add(root + "data/" + keys.at(rule.name),
            {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  zip.Add(root + "version", "3\n");
  return zip.Finish();
}

}  // namespace

Status WriteTorchFile(const std::filesystem::path& path, const Manifest& manifest, uint64_t seed) {
  const std::string part = path.string() + ".part";
  errno = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(part.c_str(), "wb"), std::fclose);
  if (!file) return CannotWrite(path);
  const bool written = WriteMembers(file.get(), manifest, seed) && std::fflush(file.get()) == 0;
  if (!written || std::rename(part.c_str(), path.c_str()) != 0) {
    auto failure = CannotWrite(path);
    std::remove(part.c_str());
    return failure;
  }
  return {};
}

}  // namespace parley::cosyvoice2
