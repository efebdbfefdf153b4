#include "program_key.h"

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/console_log.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProgramKeyTest, WithoutAFileItIsADemoKeyAndSaysSo) {
  const support::ConsoleLog log;
  ::testing::internal::CaptureStdout();
  const absl::StatusOr<SigningKey> key = ProgramKey("", log);
  const std::string output = ::testing::internal::GetCapturedStdout();

  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_THAT(output, HasSubstr("demo key, not for real use"));
  EXPECT_THAT(output, Not(HasSubstr(key->bytes())));
}

TEST(ProgramKeyTest, AFileThatIsNotThereIsNamed) {
  const absl::StatusOr<SigningKey> key =
      ProgramKey("/no/such/key", support::ConsoleLog());
  EXPECT_TRUE(absl::IsNotFound(key.status())) << key.status();
  EXPECT_THAT(std::string(key.status().message()), HasSubstr("/no/such/key"));
}

TEST(ProgramKeyTest, AKeyThatIsTooShortIsRefusedAndNotShown) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/short_key");
  std::ofstream(path) << "hunter2";
  const absl::StatusOr<SigningKey> key =
      ProgramKey(path, support::ConsoleLog());
  EXPECT_TRUE(absl::IsInvalidArgument(key.status())) << key.status();
  EXPECT_THAT(std::string(key.status().message()), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace movies
