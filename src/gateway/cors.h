// Pages of other sites (Fetch standard, "CORS protocol"): the answer to a browser's preflight, and
// the headers without which a page may not read what it asked for. Pure but for the exchange.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/server.h"

namespace parley::gateway {

// OPTIONS with Access-Control-Request-Method. It never carries a key, so none is asked of it.
bool IsPreflight(const net::HttpRequest& request);

// `origin` is the allowed one; `method` what the route takes. Also says that a public page may come
// to this machine (Private Network Access).
net::HttpResponse AnswerPreflight(const net::HttpRequest& request, std::string_view origin,
                                  std::string_view method);

// Adds nothing for an empty origin.
void AllowOrigin(net::HttpResponse& response, std::string_view origin);

// The same exchange; whatever is answered on it names the origin.
std::shared_ptr<net::Exchange> WithOrigin(std::shared_ptr<net::Exchange> exchange,
                                          std::string origin);

}  // namespace parley::gateway
