#include "gateway/transcription_request.h"

#include <fmt/format.h>

#include "net/multipart.h"

namespace parley::gateway {
namespace {

Parsed<TranscriptFormat> FormatOf(std::string_view name) {
  if (name.empty() || name == "json") return TranscriptFormat::kJson;
  if (name == "text") return TranscriptFormat::kText;
  if (name == "verbose_json") return TranscriptFormat::kVerboseJson;
  if (name == "srt") return TranscriptFormat::kSrt;
  if (name == "vtt") return TranscriptFormat::kVtt;
  return Refuse(400,
                fmt::format("Invalid value: '{}'. Supported values for 'response_format': 'json', "
                            "'text', 'verbose_json', 'srt', 'vtt'.",
                            name.substr(0, 40)),
                "response_format", "invalid_value");
}

TranscriptDetail DetailOf(const net::MultipartForm& form) {
  auto wanted = form.Fields("timestamp_granularities[]");
  const auto plain = form.Fields("timestamp_granularities");
  wanted.insert(wanted.end(), plain.begin(), plain.end());
  if (wanted.empty()) return {};
  TranscriptDetail detail{.words = false, .segments = false};
  for (const std::string_view one : wanted) {
    detail.words |= one == "word";
    detail.segments |= one == "segment";
  }
  return detail;
}

ApiError Missing(std::string name) {
  return {400, fmt::format("Missing required parameter: '{}'.", name), name,
          "missing_required_parameter"};
}

}  // namespace

Parsed<TranscriptionRequest> ParseTranscriptionRequest(const net::HttpRequest& http) {
  const auto form = net::MultipartForm::Parse(http.headers.Get("content-type"), http.body);
  if (!form) return Refuse(400, form.error().message, "", "invalid_form");
  TranscriptionRequest request;
  const net::FormPart* file = form->Find("file");
  if (file == nullptr) return tl::unexpected(Missing("file"));
  if (file->data.empty()) {
    return Refuse(400, "'file' is empty: expected a recording, e.g. WAV, MP3, FLAC or Ogg.", "file",
                  "empty_file");
  }
  request.file = file->data;
  request.model = form->Field("model");
  if (request.model.empty()) return tl::unexpected(Missing("model"));
  request.language = form->Field("language");
  const auto format = FormatOf(form->Field("response_format"));
  if (!format) return tl::unexpected(format.error());
  request.format = *format;
  request.detail = DetailOf(*form);
  const std::string_view stream = form->Field("stream");
  request.stream = stream == "true" || stream == "True" || stream == "1";
  if (request.stream && request.format != TranscriptFormat::kJson &&
      request.format != TranscriptFormat::kText) {
    return Refuse(400, "'stream' goes with response_format 'json' or 'text' only.", "stream",
                  "invalid_value");
  }
  return request;
}

}  // namespace parley::gateway
