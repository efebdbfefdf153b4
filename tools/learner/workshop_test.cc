// Runs the learner's program as a learner does, on a small repository of its
// own and with a stand-in for Bazel.

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/files.h"
#include "support/subprocess.h"
#include "tools/learner/files.h"

namespace workshop {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kStub[] = R"(int QueryMovie() {
  // TODO(03_streaming.query_movie): Send every movie.
  return 0;
  // END TODO(03_streaming.query_movie)
}
)";
constexpr char kAnswer[] = "int QueryMovie() {\n  return 42;\n}\n";
constexpr char kMine[] = "int QueryMovie() {\n  return 6 * 7;\n}\n";
constexpr char kQueryMovie[] = "lessons/03_streaming/query_movie.cc";

class WorkshopTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make();
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_.emplace(*std::move(folder));
    // People do have such folders.
    root_ = folder_->path() + "/my work";
    fake_ = folder_->path() + "/fake";
    Write("lessons/02_connection/lesson.textproto", R"(
        name: "02_connection" title: "Connection"
        exercises { name: "start" title: "Start" file: "start.cc" })");
    Write("lessons/02_connection/start.cc",
          "// TODO(02_connection.start): x\n");
    Write("lessons/03_streaming/lesson.textproto", R"pb(
      name: "03_streaming"
      title: "Streaming"
      slides: "slides/03.md"
      exercises {
        name: "query_movie"
        title: "Serve a stream"
        goal: "Send every movie."
        file: "query_movie.cc"
        function: "QueryMovie()"
        minutes: 10
        hints: "Think of Write()."
        hints: "Call Write() in a loop."
      }
      exercises {
        name: "rules"
        title: "Write the rule"
        file: "rules/BUILD.bazel"
      })pb");
    Write(kQueryMovie, kStub);
    Write("lessons/03_streaming/query_movie_test.cc", "// a test\n");
    Write("lessons/03_streaming/rules/BUILD.bazel",
          "# TODO(03_streaming.rules): x\n");
    Write("solutions/03_streaming/query_movie.cc", kAnswer);
    Write("solutions/03_streaming/rules/BUILD.bazel", "cc_test()\n");
    Write("solutions/02_connection/start.cc", "// started\n");
    Write(".gitignore", "/.workshop/\n");
    Git("init --quiet --initial-branch=main");
    Git("add .");
    Git("commit --quiet --message=given");
    Git("update-ref refs/remotes/origin/main HEAD");
    // All has been built before.
    for (const std::string test :
         {"02_connection/start", "03_streaming/query_movie",
          "03_streaming/rules/rules"}) {
      Write("bazel-bin/lessons/" + test + "_test.runfiles_manifest", "");
    }
    FakeBazel("", "", 0);
  }

  void Write(const std::string& path, absl::string_view text) {
    const absl::Status written =
        WriteFileAtomically(absl::StrCat(root_, "/", path), text);
    ASSERT_TRUE(written.ok()) << written;
  }

  std::string Read(const std::string& path) {
    absl::StatusOr<std::string> text =
        support::ReadFile(absl::StrCat(root_, "/", path));
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? *text : "";
  }

  Captured Run(std::vector<std::string> argv,
               std::map<std::string, std::string> environment) {
    Captured captured;
    support::Subprocess::Options options;
    options.environment = std::move(environment);
    options.working_directory = root_;
    options.stdout_path = folder_->path() + "/out";
    options.stderr_path = folder_->path() + "/err";
    absl::StatusOr<support::Subprocess> process =
        support::Subprocess::Start(std::move(argv), options);
    EXPECT_TRUE(process.ok()) << process.status();
    if (!process.ok()) return captured;
    absl::StatusOr<support::ExitStatus> exit = process->Wait();
    EXPECT_TRUE(exit.ok()) << exit.status();
    if (exit.ok()) captured.exit_code = exit->code;
    captured.out = *support::ReadFile(options.stdout_path);
    captured.err = *support::ReadFile(options.stderr_path);
    return captured;
  }

  void Git(const std::string& arguments) {
    const Captured git = Run({"sh", "-c", "git " + arguments},
                             {{"HOME", folder_->path()},
                              {"GIT_CONFIG_NOSYSTEM", "1"},
                              {"GIT_AUTHOR_NAME", "A"},
                              {"GIT_AUTHOR_EMAIL", "a@movies.test"},
                              {"GIT_COMMITTER_NAME", "A"},
                              {"GIT_COMMITTER_EMAIL", "a@movies.test"}});
    ASSERT_EQ(git.exit_code, 0) << git.err;
  }

  // What the stand-in does from now on.
  void FakeBazel(absl::string_view events, absl::string_view console,
                 int exit_code) {
    const std::pair<std::string, std::string> files[] = {
        {"events", std::string(events)},
        {"console", std::string(console)},
        {"exit_code", absl::StrCat(exit_code)}};
    for (const auto& [name, text] : files) {
      const absl::Status written =
          WriteFileAtomically(absl::StrCat(fake_, "/", name), text);
      ASSERT_TRUE(written.ok()) << written;
    }
  }

  // One test's summary among the events; `failed` is a file to name.
  static std::string Event(const std::string& label, const std::string& status,
                           const std::string& failed = "") {
    nlohmann::json event = {{"id", {{"testSummary", {{"label", label}}}}},
                            {"testSummary", {{"overallStatus", status}}}};
    if (!failed.empty()) {
      event["testSummary"]["failed"] = {{{"uri", "file://" + failed}}};
    }
    return event.dump() + "\n";
  }

  static std::string Finished() {
    return "{\"id\":{\"buildFinished\":{}},\"finished\":{}}\n";
  }

  // Every test is green but query_movie's.
  void FakeRedQueryMovie() {
    const std::string log = fake_ + "/test.log";
    ASSERT_TRUE(WriteFileAtomically(log,
                                    "[ RUN      ] QueryMovieTest.SendsAll\n"
                                    "query_movie_test.cc:7: Failure\n"
                                    "Value of: sent\n  Actual: false\n"
                                    "Expected: true\nNo movie came.\n\n"
                                    "[  FAILED  ] QueryMovieTest.SendsAll\n")
                    .ok());
    FakeBazel(
        absl::StrCat(
            Event("//lessons/02_connection:start_test", "PASSED"),
            Event("//lessons/03_streaming:query_movie_test", "FAILED", log),
            Event("//lessons/03_streaming/rules:rules_test", "PASSED"),
            Finished()),
        "", 3);
  }

  void FakeAllGreen() {
    FakeBazel(
        absl::StrCat(Event("//lessons/02_connection:start_test", "PASSED"),
                     Event("//lessons/03_streaming:query_movie_test", "PASSED"),
                     Event("//lessons/03_streaming/rules:rules_test", "PASSED"),
                     Finished()),
        "", 0);
  }

  std::string AskedOfBazel() {
    absl::StatusOr<std::string> arguments =
        support::ReadFile(fake_ + "/arguments");
    return arguments.ok() ? *arguments : "";
  }

  // Runs the program.
  Captured Workshop(std::vector<std::string> arguments) {
    const std::string here = fs::current_path().string() + "/tools/learner/";
    arguments.insert(arguments.begin(), here + "workshop");
    return Run(std::move(arguments),
               {{"HOME", folder_->path()},
                {"GIT_CONFIG_NOSYSTEM", "1"},
                {"WORKSHOP_ROOT", root_},
                {"WORKSHOP_BAZEL", here + "fake_bazel.sh"},
                {"FAKE_BAZEL", fake_}});
  }

  std::vector<std::string> Backups() {
    std::vector<std::string> backups;
    std::error_code none;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(root_ + "/.workshop/backups", none)) {
      backups.push_back(entry.path().filename().string());
    }
    return backups;
  }

  std::optional<TemporaryFolder> folder_;
  std::string root_;
  std::string fake_;
};

// What serves the decks, from the repository's root.
constexpr char kNode[] = "tools/npm/node.sh";
constexpr char kServe[] = "tools/slides/serve.mjs";

class SlidesTest : public WorkshopTest {
 protected:
  void SetUp() override {
    WorkshopTest::SetUp();
    Write("slides/opening.md", "# Opening\n");
    Write("tools/npm/node_modules/.installed-lock", "");
    // Stands in for Node.js.
    Write(kNode, "#!/bin/sh\necho serving \"$@\"\n");
    fs::permissions(absl::StrCat(root_, "/", kNode), fs::perms::owner_all);
  }
};

TEST_F(SlidesTest, AreBuiltAndServed) {
  const Captured run = Workshop({"slides"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(AskedOfBazel(), HasSubstr("build\n"));
  EXPECT_THAT(AskedOfBazel(), HasSubstr("\n//slides\n"));
  EXPECT_THAT(run.out,
              HasSubstr(absl::StrCat("serving ", kServe,
                                     " bazel-bin/slides index.html 0\n")));
}

TEST_F(SlidesTest, AreServedByFilesThatThereAre) {
  // The other tests have a stand-in for the first.
  EXPECT_TRUE(fs::exists(kNode)) << kNode;
  EXPECT_TRUE(fs::exists(kServe)) << kServe;
}

TEST_F(SlidesTest, OfALessonAreNamedAsLessonsAre) {
  for (const std::string name : {"3", "streaming", "03_streaming"}) {
    EXPECT_THAT(Workshop({"slides", name}).out, HasSubstr(" 03.html 0\n"))
        << name;
  }
}

TEST_F(SlidesTest, OfNoLessonAreNamedAsTheirFile) {
  EXPECT_THAT(Workshop({"slides", "opening", "--port=8000"}).out,
              HasSubstr(" opening.html 8000\n"));
}

TEST_F(SlidesTest, WithAWrongNameAreRefused) {
  const Captured run = Workshop({"slides", "streming"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("03_streaming"));
}

TEST_F(SlidesTest, OfALessonThatHasNoneAreRefused) {
  const Captured run = Workshop({"slides", "02"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("02 has no slides"));
}

TEST_F(SlidesTest, WithoutNodeSayWhatToRun) {
  fs::remove_all(root_ + "/tools/npm");
  const Captured run = Workshop({"slides"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, AllOf(HasSubstr("which no lesson does"),
                             HasSubstr("tools/setup --tests")));
}

TEST_F(SlidesTest, ThatDoNotBuildAreNotServed) {
  FakeBazel("", "", 1);
  const Captured run = Workshop({"slides"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.out, Not(HasSubstr("serving")));
}

TEST_F(WorkshopTest, WelcomeSaysWhatToDoNow) {
  FakeRedQueryMovie();
  const Captured run = Workshop({});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(
      run.out,
      AllOf(HasSubstr("RPC on Steroids"), HasSubstr("Exercise 2 of 3"),
            HasSubstr("03_streaming.query_movie: Serve a stream"),
            HasSubstr("about 10 minutes"), HasSubstr("Send every movie."),
            HasSubstr("lessons/03_streaming/query_movie.cc:2"),
            HasSubstr("slides/03.md"),
            HasSubstr("tools/workshop test 03_streaming.query_movie"),
            HasSubstr("bazel test //lessons/03_streaming:query_movie_test"),
            HasSubstr("No movie came."), Not(HasSubstr("\x1b"))));
}

TEST_F(WorkshopTest, NextBuildsNoMoreThanItMust) {
  FakeBazel(absl::StrCat(Event("//lessons/02_connection:start_test", "TIMEOUT"),
                         Finished()),
            "", 3);
  const Captured run = Workshop({"next"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("02_connection.start"));
  EXPECT_THAT(AskedOfBazel(), AllOf(HasSubstr("//lessons/02_connection:start"),
                                    Not(HasSubstr("03_streaming"))));
}

TEST_F(WorkshopTest, NextNamesTheFileWhenTheMarkerIsGone) {
  FakeRedQueryMovie();
  Write(kQueryMovie, kMine);
  EXPECT_THAT(
      Workshop({"next"}).out,
      HasSubstr("lessons/03_streaming/query_movie.cc  in QueryMovie()"));
}

TEST_F(WorkshopTest, NextNamesTheHeaderIfThereIsOne) {
  FakeRedQueryMovie();
  EXPECT_THAT(Workshop({"next"}).out, Not(HasSubstr("header")));
  Write("lessons/03_streaming/query_movie.h", "int QueryMovie();\n");
  EXPECT_THAT(Workshop({"next"}).out,
              HasSubstr("\n  header lessons/03_streaming/query_movie.h\n"));
}

TEST_F(WorkshopTest, NextOfALessonAsksForThatLessonAlone) {
  FakeRedQueryMovie();
  const Captured run = Workshop({"next", "3"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("03_streaming.query_movie"));
  EXPECT_THAT(AskedOfBazel(), Not(HasSubstr("02_connection")));
}

TEST_F(WorkshopTest, NextOfASolvedLessonLeadsOn) {
  FakeAllGreen();
  EXPECT_THAT(Workshop({"next", "3"}).out,
              AllOf(HasSubstr("of 03_streaming are solved"),
                    HasSubstr("tools/workshop next")));
}

TEST_F(WorkshopTest, NextOfAnUnknownLessonIsRefused) {
  EXPECT_EQ(Workshop({"next", "33"}).exit_code, 2);
}

TEST_F(WorkshopTest, NextCongratulates) {
  FakeAllGreen();
  EXPECT_THAT(Workshop({"next"}).out, HasSubstr("All 3 exercises are solved"));
}

TEST_F(WorkshopTest, StatusCounts) {
  FakeRedQueryMovie();
  const Captured run = Workshop({"status"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("not solved yet"), HasSubstr("2 of 3 solved\n")));
}

TEST_F(WorkshopTest, ALongFirstBuildIsAnnounced) {
  FakeAllGreen();
  ASSERT_TRUE(WriteFileAtomically(fake_ + "/seconds", "1.5").ok());
  EXPECT_THAT(Workshop({"status"}).err, IsEmpty());
  fs::remove_all(root_ + "/bazel-bin");
  Captured run = Workshop({"status"});
  EXPECT_EQ(run.err,
            "Building and testing 2 lessons; the first time takes a few "
            "minutes.\n");
  EXPECT_THAT(run.out, Not(HasSubstr("Building")));
  run = Workshop({"test", "query_movie"});
  EXPECT_EQ(run.err,
            "Building and testing 03_streaming.query_movie; the first time "
            "takes longer.\n");
}

TEST_F(WorkshopTest, StatusForProgramsIsJsonAlone) {
  FakeRedQueryMovie();
  Write("lessons/03_streaming/query_movie_test.cc", "// mine\n");
  const Captured run = Workshop({"status", "--json"});
  EXPECT_EQ(run.exit_code, 0);
  const nlohmann::json status = nlohmann::json::parse(run.out, nullptr, false);
  ASSERT_TRUE(status.is_object()) << run.out;
  EXPECT_EQ(status["solved"], 2);
  EXPECT_EQ(status["lessons"][1]["exercises"][0]["status"], "not_solved");
  EXPECT_THAT(run.err, HasSubstr("query_movie_test.cc differs"));
}

TEST_F(WorkshopTest, TestTellsGreenFromRed) {
  FakeRedQueryMovie();
  Captured run = Workshop({"test", "query_movie"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("No movie came."), HasSubstr("Actual: false")));
  EXPECT_THAT(AskedOfBazel(), Not(HasSubstr("rules_test")));

  run = Workshop({"test", "3"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("1 of 2 solved"));

  run = Workshop({"test", "3.rules"});
  EXPECT_EQ(run.exit_code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("tools/workshop next"));
  EXPECT_THAT(run.err, IsEmpty());
}

TEST_F(WorkshopTest, TestShowsTheFirstErrorOfTheCompiler) {
  const std::string log = fake_ + "/stderr-1";
  ASSERT_TRUE(
      WriteFileAtomically(
          log, "lessons/03_streaming/query_movie.cc:3:1: error: no\n  3 | x\n")
          .ok());
  FakeBazel(
      absl::StrCat(
          R"({"id":{"actionCompleted":{"primaryOutput":"q.o"}},"action":{"stderr":{"uri":"file://)",
          log,
          R"("}}}
{"id":{"targetCompleted":{"label":"//lessons/03_streaming:query_movie_test"}},"children":[{"actionCompleted":{"primaryOutput":"q.o"}}],"completed":{}}
)",
          Finished()),
      "ERROR: Compiling\n", 1);
  const Captured run = Workshop({"test", "query_movie"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, AllOf(HasSubstr("does not build"),
                             HasSubstr("query_movie.cc:3:1: error: no"),
                             HasSubstr("edit lessons/03_streaming/"
                                       "query_movie.cc:3\n"),
                             HasSubstr("log  .workshop/logs/"
                                       "03_streaming.query_movie.log\n")));
  EXPECT_EQ(Read(".workshop/logs/03_streaming.query_movie.log"),
            Read("../fake/stderr-1"));

  // A merge explains more than the compiler does.
  Write(kQueryMovie,
        "int QueryMovie();\n<<<<<<< HEAD\n=======\n>>>>>>> main\n");
  EXPECT_THAT(Workshop({"test", "query_movie"}).out,
              AllOf(HasSubstr("conflict in "
                              "lessons/03_streaming/query_movie.cc:2"),
                    Not(HasSubstr("error: no"))));
}

// Bazel says nothing at all about a test whose BUILD file it cannot read.
TEST_F(WorkshopTest, ABrokenBuildFileIsTheLearnersOwn) {
  FakeBazel(Finished(),
            absl::StrCat("ERROR: ", root_,
                         "/lessons/03_streaming/rules/BUILD.bazel:4:1: syntax "
                         "error\n"),
            1);
  const Captured run = Workshop({"test", "rules"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("does not build"),
                    HasSubstr("    lessons/03_streaming/rules/BUILD.bazel:4:1: "
                              "syntax error")));
}

TEST_F(WorkshopTest, BazelThatCannotRunIsNotARedTest) {
  const struct {
    std::string events;
    std::string console;
    int exit_code;
    std::string says;
  } cases[] = {
      {"", "ERROR: --nonesuch :: Unrecognized option\n", 2, "Unrecognized"},
      {"", "FATAL: it crashed\n", 37, "exit code 37"},
      {Finished(), "ERROR: error loading package 'external'\n", 1, "external"},
      {"{\"id\":\n", "", 0, "line 1 of Bazel's build events"},
      {"", "", 0, "did not say how the build ended"},
  };
  for (const auto& failure : cases) {
    FakeBazel(failure.events, failure.console, failure.exit_code);
    for (const std::string command : {"test", "status", "next"}) {
      const Captured run = Workshop({command});
      EXPECT_EQ(run.exit_code, 3) << failure.says;
      EXPECT_THAT(run.out, Not(HasSubstr("solved")));
      EXPECT_THAT(run.err, AllOf(HasSubstr("Bazel could not run the tests"),
                                 HasSubstr(failure.says),
                                 HasSubstr(".workshop/bazel.log")));
      EXPECT_EQ(Read(".workshop/bazel.log"), failure.console);
    }
  }
}

TEST_F(WorkshopTest, WhatWasGivenAndChangedIsNoted) {
  FakeAllGreen();
  Write(kQueryMovie, kMine);
  EXPECT_THAT(Workshop({"test", "3"}).out, Not(HasSubstr("Note:")));
  Write("lessons/03_streaming/query_movie_test.cc", "// mine\n");
  EXPECT_THAT(Workshop({"test", "3"}).out,
              HasSubstr("lessons/03_streaming/query_movie_test.cc differs"));
  EXPECT_THAT(Workshop({"test", "2"}).out, Not(HasSubstr("Note:")));
}

TEST_F(WorkshopTest, HintsComeOneByOne) {
  Captured run = Workshop({"hint", "query_movie"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("Hint 1 of 2"), HasSubstr("Think of Write()."),
                    HasSubstr("1 more"), Not(HasSubstr("in a loop"))));
  for (int i = 0; i < 2; ++i) {
    run = Workshop({"hint", "query_movie"});
    EXPECT_THAT(run.out, AllOf(HasSubstr("Think of Write()."),
                               HasSubstr("Call Write() in a loop."),
                               HasSubstr("last hint"), HasSubstr("compare")));
  }
  EXPECT_EQ(Workshop({"hint", "query_movie", "--reset"}).exit_code, 0);
  EXPECT_THAT(Workshop({"hint", "query_movie"}).out,
              Not(HasSubstr("in a loop")));
  EXPECT_THAT(Workshop({"hint", "query_movie", "--all"}).out,
              HasSubstr("in a loop"));
  EXPECT_THAT(Workshop({"hint", "rules"}).out, HasSubstr("has no hints"));
}

TEST_F(WorkshopTest, HintsSurviveACorruptState) {
  Write(".workshop/state.textproto", "}{");
  const Captured run = Workshop({"hint", "query_movie"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("Hint 1 of 2"));
  EXPECT_THAT(run.err, HasSubstr("state.textproto.corrupt"));
  EXPECT_EQ(Read(".workshop/state.textproto.corrupt"), "}{");
}

TEST_F(WorkshopTest, CompareKeepsTheAnswerUntilItIsAskedFor) {
  FakeRedQueryMovie();
  Captured run = Workshop({"compare", "query_movie"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, AllOf(HasSubstr("--spoil"), HasSubstr("hint"),
                             Not(HasSubstr("42"))));

  run = Workshop({"compare", "query_movie", "--spoil"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("-  return 0;\n"), HasSubstr("+  return 42;\n"),
                    Not(HasSubstr("diff --git"))));

  // What is solved is shown, what is not is held back.
  run = Workshop({"compare", "3"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, AllOf(HasSubstr("+cc_test()"), Not(HasSubstr("42"))));
}

TEST_F(WorkshopTest, CompareShowsWhatIsSolved) {
  FakeAllGreen();
  Write(kQueryMovie, kMine);
  Captured run = Workshop({"compare", "query_movie"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("-  return 6 * 7;\n"),
                             HasSubstr("+  return 42;\n"),
                             HasSubstr("solutions/03_streaming/query_movie.cc"),
                             Not(HasSubstr("\x1b"))));
  EXPECT_THAT(Workshop({"compare", "query_movie", "--color=always"}).out,
              HasSubstr("\x1b["));
  Write(kQueryMovie, kAnswer);
  EXPECT_THAT(Workshop({"compare", "query_movie"}).out,
              HasSubstr("the same, to the letter"));
}

TEST_F(WorkshopTest, ResetKeepsTheLearnersVersion) {
  Write(kQueryMovie, kMine);
  const Captured run = Workshop({"reset", "3"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Read(kQueryMovie), kStub);
  ASSERT_THAT(Backups(), SizeIs(1));
  const std::string backup = ".workshop/backups/" + Backups().front();
  EXPECT_THAT(run.out, HasSubstr(backup));
  EXPECT_THAT(backup, testing::EndsWith("_03_streaming"));
  EXPECT_EQ(Read(backup + "/query_movie.cc"), kMine);

  const Captured again = Workshop({"reset", "3"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("Nothing to reset"));
  EXPECT_THAT(Backups(), SizeIs(1));

  const std::string command = "cp -r " + backup + "/. lessons/03_streaming/";
  ASSERT_THAT(run.out, HasSubstr("To get it back: " + command + "\n"));
  EXPECT_EQ(Run({"sh", "-c", command}, {}).exit_code, 0);
  EXPECT_EQ(Read(kQueryMovie), kMine);
}

TEST_F(WorkshopTest, EveryResetHasABackupOfItsOwn) {
  // More than one in a second.
  for (int i = 0; i < 3; ++i) {
    Write(kQueryMovie, absl::StrCat(kMine, "// ", i, "\n"));
    ASSERT_EQ(Workshop({"reset", "query_movie"}).exit_code, 0);
  }
  ASSERT_THAT(Backups(), SizeIs(3));
  std::string all;
  for (const std::string& backup : Backups()) {
    absl::StrAppend(&all,
                    Read(".workshop/backups/" + backup + "/query_movie.cc"));
  }
  EXPECT_THAT(all,
              AllOf(HasSubstr("// 0"), HasSubstr("// 1"), HasSubstr("// 2")));
}

TEST_F(WorkshopTest, ResetGoesBackBehindTheLearnersCommits) {
  Write(kQueryMovie, kMine);
  Git("commit --quiet --all --message=mine");
  EXPECT_EQ(Workshop({"reset", "query_movie"}).exit_code, 0);
  EXPECT_EQ(Read(kQueryMovie), kStub);
  ASSERT_THAT(Backups(), SizeIs(1));
  EXPECT_EQ(Read(".workshop/backups/" + Backups()[0] + "/query_movie.cc"),
            kMine);
}

TEST_F(WorkshopTest, ResetWorksAmidAMerge) {
  Git("checkout --quiet -b other");
  Write(kQueryMovie, "other\n");
  Git("commit --quiet --all --message=other");
  Git("checkout --quiet main");
  Write(kQueryMovie, kMine);
  Git("commit --quiet --all --message=mine");
  Git("merge --quiet other || true");
  const std::string conflict = Read(kQueryMovie);
  ASSERT_THAT(conflict, HasSubstr("<<<<<<< "));
  const Captured run = Workshop({"reset", "query_movie"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Read(kQueryMovie), kStub);
  EXPECT_EQ(Read(".workshop/backups/" + Backups()[0] + "/query_movie.cc"),
            conflict);
}

TEST_F(WorkshopTest, ResetOfOneExerciseLeavesTheOthers) {
  Write(kQueryMovie, kMine);
  Write("lessons/03_streaming/rules/BUILD.bazel", "mine\n");
  Write("lessons/02_connection/start.cc", "mine\n");
  EXPECT_EQ(Workshop({"reset", "rules"}).exit_code, 0);
  EXPECT_EQ(Read(kQueryMovie), kMine);
  EXPECT_EQ(Read("lessons/02_connection/start.cc"), "mine\n");
  EXPECT_THAT(Read("lessons/03_streaming/rules/BUILD.bazel"),
              StartsWith("# TODO"));
  EXPECT_EQ(Read(".workshop/backups/" + Backups()[0] + "/rules/BUILD.bazel"),
            "mine\n");
}

TEST_F(WorkshopTest, ResetGivesADeletedFileBack) {
  fs::remove(root_ + "/" + kQueryMovie);
  EXPECT_EQ(Workshop({"reset", "3"}).exit_code, 0);
  EXPECT_EQ(Read(kQueryMovie), kStub);
}

TEST_F(WorkshopTest, ResetSaysWhatElseIsNotAsGiven) {
  const std::string test = "lessons/03_streaming/query_movie_test.cc";
  Write(test, "// mine\n");
  Write("lessons/03_streaming/notes.txt", "my notes\n");
  Captured run = Workshop({"reset", "3"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("Nothing to reset"), HasSubstr(test),
                             HasSubstr("--all-files"), HasSubstr("notes.txt")));
  EXPECT_EQ(Read(test), "// mine\n");

  run = Workshop({"reset", "3", "--all-files"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Read(test), "// a test\n");
  EXPECT_EQ(Read("lessons/03_streaming/notes.txt"), "my notes\n");
  EXPECT_EQ(Read(".workshop/backups/" + Backups()[0] + "/query_movie_test.cc"),
            "// mine\n");
}

TEST_F(WorkshopTest, ResetWantsAnOriginal) {
  Write(kQueryMovie, kMine);
  // A fork whose main has the learner's answer.
  Git("commit --quiet --all --message=mine");
  Git("update-ref refs/remotes/origin/main HEAD");
  Captured run = Workshop({"reset", "query_movie"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("--from REVISION"));
  Git("update-ref -d refs/remotes/origin/main");
  run = Workshop({"reset", "query_movie"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("--from REVISION"));
  EXPECT_EQ(Workshop({"reset", "query_movie", "--from=no"}).exit_code, 2);
  EXPECT_EQ(Read(kQueryMovie), kMine);
  EXPECT_EQ(Workshop({"reset", "query_movie", "--from=HEAD~1"}).exit_code, 0);
  EXPECT_EQ(Read(kQueryMovie), kStub);
}

TEST_F(WorkshopTest, ResetWithoutGitSaysSo) {
  fs::remove_all(root_ + "/.git");
  const Captured run = Workshop({"reset", "3"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("not a git repository"));
  // The verdict does not need git.
  FakeAllGreen();
  EXPECT_EQ(Workshop({"test"}).exit_code, 0);
}

TEST_F(WorkshopTest, SlipsAreNotFailures) {
  const struct {
    std::vector<std::string> arguments;
    std::string says;
  } cases[] = {
      {{"tset"}, "did you mean test"},
      {{"test", "streeming"}, "did you mean streaming"},
      {{"hint", "3.qury_movie"}, "did you mean query_movie"},
      {{"hint", "3"}, "name one of its exercises"},
      {{"compare", "9"}, "The lessons are 02_connection, 03_streaming"},
      {{"reset"}, "reset LESSON[.EXERCISE]"},
      {{"help", "nxt"}, "did you mean next"},
  };
  for (const auto& slip : cases) {
    const Captured run = Workshop(slip.arguments);
    EXPECT_EQ(run.exit_code, 2) << slip.says;
    EXPECT_THAT(run.out, IsEmpty());
    EXPECT_THAT(run.err, HasSubstr(slip.says));
  }
}

TEST_F(WorkshopTest, ANonReaderDoesNoHarm) {
  FakeRedQueryMovie();
  for (const std::string sink : {">&-", "| true"}) {
    const std::string program =
        fs::current_path().string() + "/tools/learner/workshop";
    const Captured run =
        Run({"sh", "-c",
             absl::StrCat("{ '", program,
                          "' hint query_movie; echo $? > exit; } ", sink)},
            {{"WORKSHOP_ROOT", root_}});
    EXPECT_EQ(Read("exit"), "0\n") << run.err;
    EXPECT_THAT(
        Read(".workshop/state.textproto"),
        AllOf(HasSubstr("03_streaming.query_movie"), Not(HasSubstr("Hint"))));
  }
}

}  // namespace
}  // namespace workshop
