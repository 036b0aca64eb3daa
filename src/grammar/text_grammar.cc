#include "grammar/text_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "grammar/internal/fst_file.h"
#include "grammar/internal/pieces.h"
#include "grammar/internal/tagged_text.h"
#include "grammar/internal/transducer.h"
#include "text/utf8.h"

namespace parley::grammar {

using internal::BestPath;
using text::Normalized;

struct TextGrammar::Impl {
  Language language;
  internal::Transducer tagger;
  internal::Transducer verbalizer;
};

namespace {

// Two texts of which one became the other, added to the map: blanks at both ends of both stay
// themselves, so that a word's mark does not wait for the blank behind it.
void AddToken(std::string_view source, std::string_view said, text::SpanMap& spans) {
  if (source == said) return spans.AddCopy(said.size());
  const bool leads = source.starts_with(' ') && said.starts_with(' ');
  if (leads) {
    spans.AddCopy(1);
    source.remove_prefix(1);
    said.remove_prefix(1);
  }
  const bool trails = source.ends_with(' ') && said.ends_with(' ');
  if (trails) {
    source.remove_suffix(1);
    said.remove_suffix(1);
  }
  if (source == said) {
    spans.AddCopy(said.size());
  } else {
    spans.AddReplacement(said.size(), source.size());
  }
  if (trails) spans.AddCopy(1);
}

// Where two tokens meet, on both sides.
struct Seam {
  size_t source = 0;
  size_t said = 0;
};

// Each token's beginning: the byte of the source that the tagger stood at when it wrote the token,
// and the byte of what is said that the verbalizer stood at when it read it.
std::vector<Seam> SeamsOf(const internal::OrderedText& ordered, const BestPath& tagged,
                          const BestPath& said, std::string_view source) {
  std::vector<Seam> seams;
  for (size_t i = 1; i < ordered.text_at.size(); ++i) {
    const Seam seam{tagged.input_before[ordered.tagged_at[i]],
                    said.output_before[ordered.text_at[i]]};
    if (internal::IsBoundary(source, seam.source) && internal::IsBoundary(said.output, seam.said)) {
      seams.push_back(seam);
    }
  }
  seams.push_back({source.size(), said.output.size()});
  return seams;
}

Error TooMuch(Language language) {
  return {Code::kResourceExhausted,
          fmt::format("the text has too many readings for the grammar '{}': more than {} steps; "
                      "send it in pieces",
                      CodeOf(language), TextGrammar::kStepsMax)};
}

}  // namespace

// One text on its way.
class TextGrammar::Pass {
 public:
  explicit Pass(const Impl& grammar) : grammar_(grammar) {}

  Result<Normalized> Run(std::string_view text) {
    while (!text.empty()) {
      const size_t size = internal::PieceEnd(text, kPieceBytesMax);
      PARLEY_TRY_STATUS(AddPiece(text.substr(0, size)));
      text.remove_prefix(size);
    }
    return std::move(out_);
  }

 private:
  void Copy(std::string_view text) {
    out_.text += text;
    out_.spans.AddCopy(text.size());
  }

  // Blanks around a piece are not the grammar's.
  Status AddPiece(std::string_view piece) {
    const size_t begin = std::min(piece.find_first_not_of(' '), piece.size());
    const size_t end = piece.find_last_not_of(' ') + 1;
    Copy(piece.substr(0, begin));
    if (begin < end) PARLEY_TRY_STATUS(AddWords(piece.substr(begin, end - begin)));
    if (begin < piece.size()) Copy(piece.substr(end));
    return {};
  }

  Status AddWords(std::string_view words) {
    const bool figures_only = grammar_.language != Language::kEnglish;
    if (figures_only && !internal::HasFigure(words)) {
      Copy(words);
      return {};
    }
    const BestPath tagged = grammar_.tagger.Find(words, steps_left_);
    if (tagged.found == BestPath::Found::kTooMany) return Fail(TooMuch(grammar_.language));
    const auto ordered = internal::OrderMembers(tagged.output, grammar_.language);
    if (!ordered || ordered->text_at.empty()) {
      Copy(words);
      return {};
    }
    const BestPath said = grammar_.verbalizer.Find(ordered->text, steps_left_);
    if (said.found == BestPath::Found::kTooMany) return Fail(TooMuch(grammar_.language));
    if (said.found == BestPath::Found::kNone) {
      Copy(words);
      return {};
    }
    if (!text::IsValidUtf8(said.output)) {
      return Fail(Code::kDataLoss, fmt::format("the grammar '{}' writes what is no UTF-8; fetch it "
                                               "again with 'parley models pull'",
                                               CodeOf(grammar_.language)));
    }
    Seam from;
    for (const Seam& to : SeamsOf(*ordered, tagged, said, words)) {
      AddToken(words.substr(from.source, to.source - from.source),
               std::string_view(said.output).substr(from.said, to.said - from.said), out_.spans);
      from = to;
    }
    out_.text += said.output;
    return {};
  }

  const Impl& grammar_;
  size_t steps_left_ = kStepsMax;
  Normalized out_;
};

TextGrammar::TextGrammar(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextGrammar::~TextGrammar() = default;

Result<std::unique_ptr<TextGrammar>> TextGrammar::Load(Language language,
                                                       const std::filesystem::path& tagger,
                                                       const std::filesystem::path& verbalizer) {
  PARLEY_TRY(std::string tags, ReadFile(tagger, internal::kFstBytesMax));
  PARLEY_TRY(std::string says, ReadFile(verbalizer, internal::kFstBytesMax));
  return Parse(language, {std::move(tags), tagger.string()},
               {std::move(says), verbalizer.string()});
}

Result<std::unique_ptr<TextGrammar>> TextGrammar::Parse(Language language, const Source& tagger,
                                                        const Source& verbalizer) {
  PARLEY_TRY(const internal::FstData tags, internal::ParseFst(tagger.bytes, tagger.name));
  PARLEY_TRY(const internal::FstData says, internal::ParseFst(verbalizer.bytes, verbalizer.name));
  return std::unique_ptr<TextGrammar>(new TextGrammar(std::unique_ptr<Impl>(
      new Impl{language, internal::Transducer(tags), internal::Transducer(says)})));
}

Result<Normalized> TextGrammar::Normalize(std::string_view text) const {
  return Pass(*impl_).Run(text);
}

}  // namespace parley::grammar
