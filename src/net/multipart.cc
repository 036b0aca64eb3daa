#include "net/multipart.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "net/http.h"

namespace parley::net {
namespace {

constexpr size_t kBoundaryMax = 70;  // RFC 2046 §5.1.1

Result<std::string> BoundaryOf(std::string_view content_type) {
  PARLEY_TRY(const ParameterizedValue value, ParseParameterizedValue(content_type));
  if (value.value != "multipart/form-data") {
    return Fail(Code::kInvalidArgument,
                fmt::format("Content-Type is \"{}\", expected multipart/form-data",
                            value.value.substr(0, 80)));
  }
  const auto boundary = value.Parameter("boundary");
  if (!boundary || boundary->empty() || boundary->size() > kBoundaryMax) {
    return Fail(Code::kInvalidArgument,
                "multipart/form-data needs a boundary of 1 to 70 characters");
  }
  return std::string(*boundary);
}

Result<FormPart> ParsePartHeader(std::string_view header, size_t at) {
  FormPart part;
  while (!header.empty()) {
    const size_t end = std::min(header.find("\r\n"), header.size());
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(std::min(header.size(), end + 2));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the form part at byte {} has a header line without ':'", at));
    }
    const std::string_view name = line.substr(0, colon);
    if (EqualIgnoringCase(name, "content-disposition")) {
      PARLEY_TRY(const ParameterizedValue value, ParseParameterizedValue(line.substr(colon + 1)));
      part.name = value.Parameter("name").value_or("");
      if (const auto file = value.Parameter("filename")) part.file_name = std::string(*file);
    } else if (EqualIgnoringCase(name, "content-type")) {
      const std::string_view value = line.substr(colon + 1);
      part.content_type = value.substr(std::min(value.find_first_not_of(" \t"), value.size()));
    }
  }
  if (part.name.empty()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the form part at byte {} has no name in its Content-Disposition", at));
  }
  return part;
}

}  // namespace

Result<MultipartForm> MultipartForm::Parse(std::string_view content_type, std::string_view body,
                                           const FormLimits& limits) {
  PARLEY_TRY(const std::string boundary, BoundaryOf(content_type));
  const std::string first = "--" + boundary;
  const std::string delimiter = "\r\n" + first;
  size_t at = body.starts_with(first) ? first.size() : std::string_view::npos;
  if (at == std::string_view::npos) {
    const size_t found = body.find(delimiter);  // behind a preamble
    if (found == std::string_view::npos) {
      return Fail(Code::kInvalidArgument, "the form's boundary does not occur in the body");
    }
    at = found + delimiter.size();
  }
  MultipartForm form;
  while (!body.substr(at).starts_with("--")) {
    if (!body.substr(at).starts_with("\r\n")) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the form's boundary at byte {} is not followed by a line end", at));
    }
    at += 2;
    const std::string_view rest = body.substr(at);
    // An empty header ends with the line end itself.
    const size_t header_end = rest.starts_with("\r\n") ? 0 : rest.find("\r\n\r\n");
    if (header_end == std::string_view::npos || header_end > limits.part_header_bytes_max) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the form part at byte {} has no end of its header within {} bytes",
                              at, limits.part_header_bytes_max));
    }
    if (form.parts_.size() == limits.parts_max) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the form has more than {} parts", limits.parts_max));
    }
    PARLEY_TRY(FormPart part, ParsePartHeader(rest.substr(0, header_end), at));
    const size_t data_at = at + header_end + (header_end == 0 ? 2 : 4);
    const size_t data_end = body.find(delimiter, data_at - 2);
    if (data_end == std::string_view::npos) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the form part \"{}\" has no end: the body is cut off",
                              part.name.substr(0, 80)));
    }
    // The delimiter's line end may be the header's own when a part is empty.
    part.data = data_end < data_at ? std::string_view() : body.substr(data_at, data_end - data_at);
    form.parts_.push_back(std::move(part));
    at = data_end + delimiter.size();
  }
  return form;
}

const FormPart* MultipartForm::Find(std::string_view name) const {
  for (const FormPart& part : parts_) {
    if (part.name == name) return &part;
  }
  return nullptr;
}

std::string_view MultipartForm::Field(std::string_view name) const {
  const FormPart* part = Find(name);
  return part ? part->data : std::string_view();
}

std::vector<std::string_view> MultipartForm::Fields(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const FormPart& part : parts_) {
    if (part.name == name) values.push_back(part.data);
  }
  return values;
}

}  // namespace parley::net
