// main() of every exercise's test: GoogleTest's, and after a failure a line
// that names the exercise and says where to go on.

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

// Bazel names the running test in TEST_TARGET:
// "//lessons/03_streaming:query_movie_test" is 03_streaming.query_movie, and so
// is a test of that name in a folder below.
std::string ExerciseName() {
  const char* target = std::getenv("TEST_TARGET");
  if (target == nullptr) return "";
  std::vector<absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits(':', 1));
  if (parts.size() != 2) return "";
  const std::vector<absl::string_view> folders =
      absl::StrSplit(absl::StripPrefix(parts[0], "//"), '/');
  if (folders.size() < 2) return "";
  return absl::StrCat(folders[1], ".", absl::StripSuffix(parts[1], "_test"));
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const int result = RUN_ALL_TESTS();
  const std::string exercise = ExerciseName();
  if (result != 0 && !exercise.empty()) {
    std::cout << "\nExercise " << exercise << " is not solved yet. "
              << "The first failure above says what is missing.\n"
              << "A nudge: tools/workshop hint " << exercise << "\n";
  }
  return result;
}
