// A language model with tools of the server's own (http_tools.h): declares them beside the
// client's, carries their calls out when the reply's part is over, tells the model what came of
// them and lets it go on; whoever asked sees one reply. Calls of the client's tools pass through,
// and then the reply ends with them, as always. Thread-safe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "dialogue/http_tools.h"
#include "ports/language_model.h"

namespace parley::dialogue {

class ToolLanguageModel final : public ports::LanguageModel {
 public:
  // Parts of a reply that may end in calls; the one after them is written without tools.
  static constexpr int kRoundsMax = 4;

  // `model` outlives it.
  ToolLanguageModel(ports::LanguageModel& model, std::vector<HttpTool> tools);
  ~ToolLanguageModel() override;

  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  class Life;
  class ToolStream;

  const HttpTool* Find(std::string_view name) const;

  ports::LanguageModel& model_;
  const std::vector<HttpTool> tools_;
  HttpToolCaller caller_;
};

}  // namespace parley::dialogue
