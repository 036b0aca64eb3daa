#include "piper/onnx_graph.h"

#include <cstring>
#include <unordered_set>

namespace parley::piper {
namespace {

constexpr size_t kListMax = 64;  // dims, attribute lists: longer ones are of no use here
constexpr int kInt64 = 7;

Error Broken(const char* what) {
  return {Code::kDataLoss, std::string("not a usable ONNX model: ") + what};
}

// Reads one message field by field.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  // The next field into the members below; false at the end or at what is broken: see ok().
  bool Next() {
    if (at_ == bytes_.size() || !ok_) return false;
    const size_t start = at_;
    uint64_t key = 0;
    ok_ = Varint(key) && key >> 3 != 0 && key >> 3 < (1u << 29) && Value(key & 7);
    field = static_cast<int>(key >> 3);
    whole = bytes_.substr(start, at_ - start);
    return ok_;
  }
  bool ok() const { return ok_; }

  // Reads all varints of a packed list, or the field's one number.
  bool AppendNumbers(std::vector<int64_t>& out) const {
    if (!is_bytes) {
      if (out.size() < kListMax) out.push_back(static_cast<int64_t>(number));
      return true;
    }
    Reader list(bytes);
    uint64_t value = 0;
    while (list.at_ < bytes.size()) {
      if (!list.Varint(value)) return false;
      if (out.size() < kListMax) out.push_back(static_cast<int64_t>(value));
    }
    return true;
  }

  int field = 0;
  bool is_bytes = false;
  uint64_t number = 0;     // of wire types 0, 1 and 5
  std::string_view bytes;  // of wire type 2
  std::string_view whole;  // the field with its key

 private:
  bool Varint(uint64_t& out) {
    out = 0;
    for (int shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      out |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Fixed(size_t size) {
    if (bytes_.size() - at_ < size) return false;
    number = 0;
    std::memcpy(&number, bytes_.data() + at_, size);
    at_ += size;
    return true;
  }
  bool Value(int wire_type) {
    is_bytes = wire_type == 2;
    bytes = {};
    if (wire_type == 0) return Varint(number);
    if (wire_type == 1) return Fixed(8);
    if (wire_type == 5) return Fixed(4);
    uint64_t size = 0;
    if (wire_type != 2 || !Varint(size) || size > bytes_.size() - at_) return false;
    bytes = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

bool ReadAttribute(std::string_view bytes, OnnxNode& node) {
  Reader reader(bytes);
  std::string_view name;
  std::vector<int64_t> ints;
  std::optional<float> value;
  while (reader.Next()) {
    if (reader.field == 1) name = reader.bytes;
    if (reader.field == 2 && !reader.is_bytes) {
      float number = 0;
      const auto bits = static_cast<uint32_t>(reader.number);
      std::memcpy(&number, &bits, sizeof number);
      value = number;
    }
    if ((reader.field == 3 || reader.field == 8) && !reader.AppendNumbers(ints)) return false;
    if (reader.field == 6 || reader.field == 11) node.has_subgraph = true;
  }
  if (!ints.empty()) node.ints[name] = std::move(ints);
  if (value) node.floats[name] = *value;
  return reader.ok();
}

bool ReadNode(std::string_view bytes, OnnxNode& node) {
  node.bytes = bytes;
  Reader reader(bytes);
  while (reader.Next()) {
    if (reader.field == 1) node.inputs.push_back(reader.bytes);
    if (reader.field == 2) node.outputs.push_back(reader.bytes);
    if (reader.field == 4) node.op = reader.bytes;
    if (reader.field == 5 && !ReadAttribute(reader.bytes, node)) return false;
  }
  return reader.ok();
}

bool ReadInitializer(std::string_view bytes, OnnxGraph& graph) {
  Reader reader(bytes);
  std::string_view name;
  std::string_view raw;
  int64_t type = 0;
  OnnxInitializer tensor{.bytes = bytes};
  std::vector<int64_t> ints;
  while (reader.Next()) {
    if (reader.field == 1 && !reader.AppendNumbers(tensor.dims)) return false;
    if (reader.field == 2) type = static_cast<int64_t>(reader.number);
    if (reader.field == 7 && !reader.AppendNumbers(ints)) return false;
    if (reader.field == 8) name = reader.bytes;
    if (reader.field == 9) raw = reader.bytes;
  }
  if (type == kInt64 && ints.empty() && !raw.empty() && raw.size() <= 8 * sizeof(int64_t)) {
    ints.resize(raw.size() / sizeof(int64_t));
    std::memcpy(ints.data(), raw.data(), ints.size() * sizeof(int64_t));
  }
  if (type == kInt64 && ints.size() <= 8) tensor.ints = std::move(ints);
  graph.initializer_order.push_back(name);
  return reader.ok() && graph.initializers.emplace(name, std::move(tensor)).second;
}

// ValueInfoProto{1 name, 2 type{1 tensor{1 element type}}}
bool ReadValueInfo(std::string_view bytes, OnnxGraph& graph, std::string_view& name) {
  Reader info(bytes);
  int type = 0;
  while (info.Next()) {
    if (info.field == 1) name = info.bytes;
    if (info.field != 2) continue;
    Reader of_type(info.bytes);
    while (of_type.Next()) {
      if (of_type.field != 1) continue;
      Reader tensor(of_type.bytes);
      while (tensor.Next()) {
        if (tensor.field == 1) type = static_cast<int>(tensor.number);
      }
    }
  }
  if (type > 0) graph.element_types[name] = type;
  return info.ok();
}

Status ReadGraph(std::string_view bytes, OnnxGraph& graph) {
  Reader reader(bytes);
  std::vector<std::string_view> inputs;
  while (reader.Next()) {
    std::string_view name;
    bool ok = true;
    if (reader.field == 1) ok = ReadNode(reader.bytes, graph.nodes.emplace_back());
    if (reader.field == 5) ok = ReadInitializer(reader.bytes, graph);
    if (reader.field == 11 || reader.field == 12 || reader.field == 13) {
      ok = ReadValueInfo(reader.bytes, graph, name);
    }
    if (reader.field == 11) inputs.push_back(name);
    if (reader.field == 12) graph.outputs.push_back(name);
    if (reader.field == 15) return Fail(Broken("it has sparse weights"));
    if (!ok) return Fail(Broken("a part of its graph is broken"));
  }
  if (!reader.ok()) return Fail(Broken("its graph is truncated"));
  for (const std::string_view input : inputs) {
    if (!graph.initializers.contains(input)) graph.inputs.push_back(input);
  }
  return {};
}

Status CheckOrder(const OnnxGraph& graph) {
  std::unordered_set<std::string_view> known(graph.inputs.begin(), graph.inputs.end());
  for (const auto& [name, tensor] : graph.initializers) known.insert(name);
  for (const OnnxNode& node : graph.nodes) {
    for (const std::string_view input : node.inputs) {
      if (!input.empty() && !known.contains(input)) {
        return Fail(Broken("a node uses what no node before it makes"));
      }
    }
    for (const std::string_view output : node.outputs) {
      if (!output.empty() && !known.insert(output).second) {
        return Fail(Broken("two nodes make the same tensor"));
      }
    }
  }
  return {};
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

}  // namespace

Result<OnnxGraph> ParseOnnx(std::string_view model) {
  OnnxGraph graph;
  std::optional<std::string_view> graph_bytes;
  Reader reader(model);
  while (reader.Next()) {
    if (reader.field == 7) {
      graph_bytes = reader.bytes;
    } else if (reader.field != 14) {
      graph.model_fields.push_back(reader.whole);
    }
  }
  if (!reader.ok()) return Fail(Broken("the file is truncated or of another kind"));
  if (!graph_bytes) return Fail(Broken("it has no graph"));
  PARLEY_TRY_STATUS(ReadGraph(*graph_bytes, graph));
  PARLEY_TRY_STATUS(CheckOrder(graph));
  return graph;
}

void AppendBytes(int field, std::string_view bytes, std::string& out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | 2, out);
  AppendVarint(bytes.size(), out);
  out += bytes;
}

void AppendNumber(int field, uint64_t value, std::string& out) {
  AppendVarint(static_cast<uint64_t>(field) << 3, out);
  AppendVarint(value, out);
}

}  // namespace parley::piper
