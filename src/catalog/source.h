// Where one file can be had.
//
//   pypi:NAME==VERSION#path/in/wheel      by pip download
//   npm:NAME@VERSION#path/in/package      by npm pack; NAME may be @scope/name
//   hf:ORG/REPO@REVISION#path             from the hub at the configured endpoint
//   https://host/path[#path/in/archive]   by libcurl; http:// only on loopback
//   file:/folder/file[#path/in/archive]   a folder of this machine; ~ is the home directory
//   A + B                                 the two (or more) one after the other
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::catalog {

enum class SourceKind { kPypi, kNpm, kHub, kHttp, kFile };

// One thing to fetch.
struct Part {
  SourceKind kind = SourceKind::kFile;
  std::string name;     // package, repository, URL or path
  std::string version;  // of pypi and npm; revision of hf
  std::string
      member;  // path inside the package, archive or repository; may be empty for kHttp, kFile

  bool operator==(const Part&) const = default;
};

struct Source {
  std::string text;  // as it was written, for messages
  std::vector<Part> parts;
};

// kInvalidArgument names the text and the form it should have. A version is never a range and
// never begins with '-', so it is safe as an argument of the package clients.
Result<Source> ParseSource(std::string_view text);

}  // namespace parley::catalog
