#include "tools/learner/selection.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace workshop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Lesson MakeLesson(const std::string& name,
                  const std::vector<std::string>& exercises) {
  Lesson lesson;
  lesson.set_name(name);
  for (const std::string& exercise : exercises) {
    Exercise* added = lesson.add_exercises();
    added->set_name(exercise);
    added->set_file(exercise + ".cc");
  }
  return lesson;
}

const std::vector<Lesson>& Lessons() {
  static const auto& lessons = *new std::vector<Lesson>{
      MakeLesson("02_connection", {"start_server", "drain"}),
      MakeLesson("03_streaming", {"query_movie", "drain"}),
      MakeLesson("10_security", {}),
  };
  return lessons;
}

std::vector<std::string> Ids(const std::string& name) {
  absl::StatusOr<std::vector<Selected>> selected = Select(Lessons(), name);
  EXPECT_TRUE(selected.ok()) << selected.status();
  std::vector<std::string> ids;
  if (!selected.ok()) return ids;
  for (const Selected& exercise : *selected) ids.push_back(exercise.Id());
  return ids;
}

TEST(SelectTest, EveryNameOfALesson) {
  for (const std::string name : {"3", "03", "003", "03_streaming", "streaming",
                                 "lessons/03_streaming/"}) {
    EXPECT_THAT(Ids(name),
                ElementsAre("03_streaming.query_movie", "03_streaming.drain"))
        << name;
  }
}

TEST(SelectTest, EveryNameOfAnExercise) {
  for (const std::string name :
       {"query_movie", "3.query_movie", "streaming.query_movie",
        "03_streaming.query_movie"}) {
    EXPECT_THAT(Ids(name), ElementsAre("03_streaming.query_movie")) << name;
  }
}

TEST(SelectTest, WhatAnExerciseIsCalledElsewhere) {
  const Selected exercise = AllExercises(Lessons())[2];
  EXPECT_EQ(exercise.File(), "lessons/03_streaming/query_movie.cc");
  EXPECT_EQ(exercise.Target(), "//lessons/03_streaming:query_movie_test");
}

TEST(SelectTest, Slips) {
  const struct {
    std::string name;
    absl::StatusCode code;
    std::string says;
  } cases[] = {
      {"streming", absl::StatusCode::kNotFound, "did you mean streaming"},
      {"qurey_movie", absl::StatusCode::kNotFound, "did you mean query_movie"},
      {"3.querymovie", absl::StatusCode::kNotFound,
       "03_streaming has no exercise \"querymovie\"; did you mean query_movie"},
      {"4", absl::StatusCode::kNotFound,
       "The lessons are 02_connection, 03_streaming, 10_security."},
      {"4.drain", absl::StatusCode::kNotFound, "\"4.drain\""},
      {"drain", absl::StatusCode::kInvalidArgument,
       "02_connection.drain, 03_streaming.drain"},
      {"", absl::StatusCode::kNotFound, "The lessons are"},
      {"10", absl::StatusCode::kNotFound, "10_security has no exercises"},
  };
  for (const auto& slip : cases) {
    const absl::Status status = Select(Lessons(), slip.name).status();
    EXPECT_EQ(status.code(), slip.code) << slip.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(slip.says));
  }
}

TEST(SelectExerciseTest, ALessonIsNotOne) {
  const absl::Status status = SelectExercise(Lessons(), "3").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("03_streaming.query_movie"));
}

TEST(NearestTest, FindsSlipsAndParts) {
  const std::vector<std::string> commands = {"status", "test", "reset", "next"};
  EXPECT_THAT(Nearest("statsu", commands), ElementsAre("status"));
  EXPECT_THAT(Nearest("tset", commands), ElementsAre("test", "reset"));
  EXPECT_THAT(Nearest("stat", commands), ElementsAre("status"));
  EXPECT_THAT(Nearest("reservoir", commands), IsEmpty());
  EXPECT_THAT(Nearest("", commands), IsEmpty());
}

}  // namespace
}  // namespace workshop
