#include "grammar/testing/grammar_files.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <utility>

namespace parley::grammar::testing {
namespace {

template <class Number>
void Put(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void PutName(std::string& bytes, const std::string& name) {
  Put(bytes, static_cast<int32_t>(name.size()));
  bytes += name;
}

// Bytes that a value cannot hold as they are.
bool IsEscaped(int byte) { return byte == '"' || byte == '\\'; }

}  // namespace

std::filesystem::path WetextFolder() {
  const char* cache = std::getenv("PARLEY_CACHE");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home ? home : "/") / ".cache/parley";
  return base / "models/text/wetext";
}

std::optional<std::filesystem::path> WetextFile(Language language, std::string_view part) {
  const auto path =
      WetextFolder() / (std::string(CodeOf(language)) + "_" + std::string(part) + ".fst");
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

std::unique_ptr<TextGrammar> LoadWetext(Language language) {
  const auto tagger = WetextFile(language, "tagger");
  const auto verbalizer = WetextFile(language, "verbalizer");
  if (!tagger || !verbalizer) return nullptr;
  return std::move(TextGrammar::Load(language, *tagger, *verbalizer).value());
}

int FstWriter::AddState() {
  states_.emplace_back();
  return static_cast<int>(states_.size()) - 1;
}

int FstWriter::AddChain(int from, std::string_view in, std::string_view out, int to) {
  const size_t arcs = std::max<size_t>({in.size(), out.size(), 1});
  for (size_t i = 0; i < arcs; ++i) {
    const int next = i + 1 == arcs && to >= 0 ? to : AddState();
    AddArc(from, {.in = i < in.size() ? static_cast<unsigned char>(in[i]) : 0,
                  .out = i < out.size() ? static_cast<unsigned char>(out[i]) : 0,
                  .next = next});
    from = next;
  }
  return from;
}

std::string FstWriter::Bytes() const {
  constexpr int32_t kMagic = 2125659606;
  std::string bytes;
  Put(bytes, kMagic);
  PutName(bytes, type);
  PutName(bytes, arcs);
  Put(bytes, static_cast<int32_t>(version));
  Put(bytes, static_cast<int32_t>(flags));
  Put(bytes, uint64_t{3});
  Put(bytes, static_cast<int64_t>(start));
  Put(bytes, claimed_states < 0 ? static_cast<int64_t>(states_.size()) : int64_t{claimed_states});
  Put(bytes, int64_t{0});
  for (size_t state = 0; state < states_.size(); ++state) {
    const bool is_final = static_cast<int>(state) == final;
    Put(bytes, is_final ? 0.0f : std::numeric_limits<float>::infinity());
    Put(bytes, static_cast<int64_t>(states_[state].size()));
    for (const Arc& arc : states_[state]) {
      Put(bytes, static_cast<int32_t>(arc.in));
      Put(bytes, static_cast<int32_t>(arc.out));
      Put(bytes, arc.weight);
      Put(bytes, static_cast<int32_t>(arc.next));
    }
  }
  return bytes;
}

TextGrammar::Source ToyTagger() {
  FstWriter fst;
  const int home = fst.AddState();
  const int value = fst.AddChain(home, "", "c { v: \"");
  const int number = fst.AddChain(home, "", "n { v: \"");
  const int close = fst.AddState();
  for (int byte = 1; byte <= 255; ++byte) {
    if (byte == '5' || byte == '7') {
      fst.AddArc(number, {.in = byte, .out = byte, .next = close});
    } else if (IsEscaped(byte)) {
      const int escape = fst.AddState();
      fst.AddArc(value, {.in = 0, .out = '\\', .next = escape});
      fst.AddArc(escape, {.in = byte, .out = byte, .next = close});
    } else {
      fst.AddArc(value, {.in = byte, .out = byte, .next = close});
    }
  }
  fst.AddChain(close, "", "\" } ", home);
  return {fst.Bytes(), "toy_tagger.fst"};
}

TextGrammar::Source ToyVerbalizer() {
  FstWriter fst;
  const int home = fst.AddState();
  const int value = fst.AddChain(home, "c { v: \"", "");
  const int number = fst.AddChain(home, "n { v: \"", "");
  const int close = fst.AddState();
  fst.AddChain(number, "5", "five", close);
  fst.AddChain(number, "7", "seven and", close);
  const int escaped = fst.AddChain(value, "\\", "");
  for (int byte = 1; byte <= 255; ++byte) {
    fst.AddArc(IsEscaped(byte) ? escaped : value, {.in = byte, .out = byte, .next = close});
  }
  const int ended = fst.AddChain(close, "\" }", "");
  fst.AddChain(ended, " ", "", home);
  fst.final = ended;
  return {fst.Bytes(), "toy_verbalizer.fst"};
}

std::unique_ptr<TextGrammar> ToyGrammar() {
  return std::move(TextGrammar::Parse(Language::kEnglish, ToyTagger(), ToyVerbalizer()).value());
}

}  // namespace parley::grammar::testing
