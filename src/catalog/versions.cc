#include "catalog/versions.h"

#include <archive.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

namespace parley::catalog {

std::vector<std::pair<std::string, std::string>> LibraryVersions() {
  return {{"libcurl", curl_version_info(CURLVERSION_NOW)->version},
          {"libarchive", ARCHIVE_VERSION_ONLY_STRING},
          {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}};
}

}  // namespace parley::catalog
