#include "page.h"

#include "absl/strings/string_view.h"
#include "page_files.h"

namespace movies {
namespace {

support::HttpResponse File(absl::string_view name, const char* content_type) {
  return {200,
          {{"Content-Type", content_type},
           // Nothing but what this server sends is run, shown or called, and no
           // other site shows the page as a part of its own.
           {"Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            "connect-src 'self'; img-src data:; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           // A new program may have a new page.
           {"Cache-Control", "no-cache"}},
          std::string(PageFile(name))};
}

}  // namespace

std::map<std::string, support::HttpResponse> PageResources() {
  return {
      {"/", File("index.html", "text/html; charset=utf-8")},
      {"/page.css", File("page.css", "text/css; charset=utf-8")},
      {"/page.js", File("page.js", "text/javascript; charset=utf-8")},
  };
}

}  // namespace movies
