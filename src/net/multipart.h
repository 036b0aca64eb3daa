// multipart/form-data (RFC 7578), as file uploads come. Works on a whole body in memory; the parts
// are views into it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::net {

struct FormPart {
  std::string name;
  std::optional<std::string> file_name;  // present for a file, maybe empty
  std::string content_type;              // as sent; empty if not stated
  std::string_view data;                 // a view into the body
};

struct FormLimits {
  size_t parts_max = 64;
  size_t part_header_bytes_max = 8192;
};

class MultipartForm {
 public:
  // `content_type` is the request's field with its boundary. `body` must outlive the form.
  // kInvalidArgument says what is wrong and at which byte.
  static Result<MultipartForm> Parse(std::string_view content_type, std::string_view body,
                                     const FormLimits& limits = {});

  const std::vector<FormPart>& parts() const { return parts_; }
  // The first part of that name; nullptr if there is none.
  const FormPart* Find(std::string_view name) const;
  // The value of a field that is no file; empty view if absent.
  std::string_view Field(std::string_view name) const;
  // All values of a repeated field.
  std::vector<std::string_view> Fields(std::string_view name) const;

 private:
  std::vector<FormPart> parts_;
};

}  // namespace parley::net
