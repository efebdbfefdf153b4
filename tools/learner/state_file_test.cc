#include "tools/learner/state_file.h"

#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/files.h"
#include "tools/learner/files.h"

namespace workshop {
namespace {

using ::testing::HasSubstr;

class StateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make();
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_.emplace(*std::move(folder));
    path_ = folder_->path() + "/.workshop/state.textproto";
  }

  std::optional<TemporaryFolder> folder_;
  std::string path_;
};

TEST_F(StateFileTest, BeginsEmpty) {
  absl::StatusOr<LoadedState> loaded = LoadState(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->state.hints_shown().empty());
  EXPECT_EQ(loaded->note, "");
}

TEST_F(StateFileTest, Remembers) {
  State state;
  (*state.mutable_hints_shown())["03_streaming.query_movie"] = 2;
  ASSERT_TRUE(SaveState(state, path_).ok());
  absl::StatusOr<LoadedState> loaded = LoadState(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->state.hints_shown().at("03_streaming.query_movie"), 2);
}

TEST_F(StateFileTest, LeavesNothingElseBehind) {
  ASSERT_TRUE(SaveState(State(), path_).ok());
  const std::filesystem::directory_iterator files(folder_->path() +
                                                  "/.workshop");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(StateFileTest, MovesAsideWhatItCannotUnderstand) {
  for (const std::string aside : {".corrupt", ".corrupt-2"}) {
    ASSERT_TRUE(WriteFileAtomically(path_, "bad " + aside).ok());
    absl::StatusOr<LoadedState> loaded = LoadState(path_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_TRUE(loaded->state.hints_shown().empty());
    EXPECT_THAT(loaded->note, HasSubstr(path_ + aside));
    absl::StatusOr<std::string> kept = support::ReadFile(path_ + aside);
    ASSERT_TRUE(kept.ok()) << kept.status();
    EXPECT_EQ(*kept, "bad " + aside);
  }
}

TEST_F(StateFileTest, SaysWhatItCannotWrite) {
  ASSERT_TRUE(WriteFileAtomically(folder_->path() + "/.workshop", "").ok());
  EXPECT_THAT(std::string(SaveState(State(), path_).message()),
              HasSubstr(path_));
}

}  // namespace
}  // namespace workshop
