// The page that the gateway serves besides the API: a search whose results
// appear as they arrive. Its files are in page/, and travel inside the program,
// so that a server runs from any folder.

#ifndef PAGE_H_
#define PAGE_H_

#include <map>
#include <string>

#include "support/http_server.h"

namespace movies {

// Returns the answers to GET for the page and what it loads, by their paths:
// "/", "/page.js", "/page.css". Made for Gateway::Options::resources.
std::map<std::string, support::HttpResponse> PageResources();

}  // namespace movies

#endif  // PAGE_H_
