#include "page.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/http_server.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Header(const support::HttpResponse& response,
                   const std::string& name) {
  for (const support::HttpHeader& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

TEST(PageTest, HasTheFilesAndTheirTypes) {
  std::map<std::string, support::HttpResponse> resources = PageResources();
  EXPECT_EQ(resources.size(), 3);
  EXPECT_THAT(resources["/"].body, StartsWith("<!doctype html>"));
  EXPECT_EQ(Header(resources["/"], "Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(resources["/page.js"].body, HasSubstr("fetch("));
  EXPECT_EQ(Header(resources["/page.js"], "Content-Type"),
            "text/javascript; charset=utf-8");
  EXPECT_THAT(resources["/page.css"].body, HasSubstr("prefers-color-scheme"));
  EXPECT_EQ(Header(resources["/page.css"], "Content-Type"),
            "text/css; charset=utf-8");
}

TEST(PageTest, LetsTheBrowserRunNothingElse) {
  for (const auto& [path, response] : PageResources()) {
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_THAT(
        Header(response, "Content-Security-Policy"),
        testing::AllOf(StartsWith("default-src 'none'; script-src 'self';"),
                       testing::Not(HasSubstr("unsafe"))))
        << path;
    EXPECT_EQ(Header(response, "X-Content-Type-Options"), "nosniff") << path;
  }
}

}  // namespace
}  // namespace movies
