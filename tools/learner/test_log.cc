#include "tools/learner/test_log.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <regex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace workshop {
namespace {

using Lines = std::vector<std::string>;

constexpr size_t kTailLines = 8;

Lines SplitLines(absl::string_view text) {
  Lines lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    lines.emplace_back(absl::StripTrailingAsciiWhitespace(line));
  }
  return lines;
}

std::string JoinTrimmed(const Lines& lines) {
  auto begin = lines.begin();
  auto end = lines.end();
  while (begin != end && begin->empty()) ++begin;
  while (begin != end && std::prev(end)->empty()) --end;
  return absl::StrJoin(begin, end, "\n");
}

// A line of gRPC's or abseil's own log: "E1122 22:30:12.123456 …".
bool IsLogLine(absl::string_view line) {
  static const std::regex& pattern =
      *new std::regex("[DIWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\\..*");
  return std::regex_match(line.begin(), line.end(), pattern);
}

// Whether `line` is GoogleTest's, "[ RUN      ] Suite.Test (3 ms)"; if so, says
// which word and which test.
bool IsBookkeeping(absl::string_view line, std::string* word,
                   std::string* test) {
  static const std::regex& pattern =
      *new std::regex("\\[([ A-Z=-]{10})\\] ?(.*)");
  std::match_results<absl::string_view::const_iterator> match;
  if (!std::regex_match(line.begin(), line.end(), match, pattern)) return false;
  *word = std::string(absl::StripAsciiWhitespace(match[1].str()));
  const std::string rest = match[2].str();
  *test = rest.substr(0, rest.find_first_of(" ,"));
  return true;
}

// "query_movie_test.cc:42: Failure"; says where.
bool IsFailure(absl::string_view line, std::string* location) {
  if (!absl::ConsumeSuffix(&line, ": Failure")) return false;
  *location = std::string(line);
  return true;
}

// Sorts what GoogleTest wrote by itself from what the test's author did.
TestFailure Sort(TestFailure failure, const Lines& lines) {
  Lines sentence;
  Lines detail;
  // Between "Value of: " and "  Actual: " a matcher describes itself, freely.
  auto described = lines.begin();
  if (!lines.empty() && absl::StartsWith(lines.front(), "Value of: ")) {
    described =
        std::find_if(lines.begin(), lines.end(), [](absl::string_view line) {
          return absl::StartsWith(line, "  Actual: ");
        });
    if (described == lines.end()) described = lines.begin();
  }
  bool values = true;  // GoogleTest's part comes first,
  bool trace = false;  // and its traces last.
  for (auto it = lines.begin(); it != lines.end(); ++it) {
    const std::string& line = *it;
    if (line == "Google Test trace:") trace = true;
    if (values && it >= described) {
      values = absl::StartsWith(line, "  ") ||
               absl::StartsWith(line, "Value of: ") ||
               absl::StartsWith(line, "Expected: ") ||
               absl::StartsWith(line, "Expected equality of ") ||
               absl::StartsWith(line, "The difference between ") ||
               line == "Failed" || line == "Succeeded";
    }
    if (line == "Failed") continue;
    (values || trace ? detail : sentence).push_back(line);
  }
  failure.sentence = JoinTrimmed(sentence);
  failure.detail = JoinTrimmed(detail);
  return failure;
}

// Whether a line of the compiler's names a line of a lesson's file; says which:
// "lessons/03_streaming/query_movie.cc:12".
bool NamesLesson(const std::string& line, std::string* place) {
  static const std::regex& pattern =
      *new std::regex("(?:^|\\s)(lessons/[^\\s:]+:[0-9]+)[:,].*");
  // Source that it quotes: "   12 | #include …".
  static const std::regex& quoted = *new std::regex("\\s*[0-9]* \\| .*");
  std::smatch match;
  if (std::regex_match(line, quoted)) return false;
  if (!std::regex_search(line, match, pattern)) return false;
  *place = match[1].str();
  return true;
}

bool IsInclusion(absl::string_view line) {
  return absl::StartsWith(line, "In file included from ") ||
         absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "from ");
}

// Of the error in lines[error], the line that says best where the learner's
// code led to it, and that place. No line if there is none, or if the error's
// own says it.
std::optional<size_t> LearnersLine(const Lines& lines, size_t error,
                                   std::string* place) {
  if (NamesLesson(lines[error], place)) return std::nullopt;
  const auto is_other = [&lines](size_t i) {
    return absl::StrContains(lines[i], "error: ") ||
           absl::StrContains(lines[i], "warning: ") ||
           absl::StrContains(lines[i], "note: ");
  };
  size_t begin = error;
  while (begin > 0 && !is_other(begin - 1)) --begin;
  // How the compiler came to instantiate a template or to inline a function.
  for (size_t i = begin; i < error; ++i) {
    if (!IsInclusion(lines[i]) && NamesLesson(lines[i], place)) return i;
  }
  for (size_t i = error + 1; i < lines.size(); ++i) {
    const bool note = absl::StrContains(lines[i], "note: ");
    if (!note && is_other(i)) break;
    if (note && NamesLesson(lines[i], place)) return i;
  }
  for (size_t i = begin; i < error; ++i) {
    if (NamesLesson(lines[i], place)) return i;
  }
  return std::nullopt;
}

// How lines of Bazel's begin that are no part of an error.
constexpr std::array<absl::string_view, 8> kOtherLines = {
    "INFO: ", "WARNING: ", "DEBUG: ",   "FAIL: ",
    "//",     "FAILED",    "Executed ", "Loading: "};

// One of Bazel's errors, from its lines: what somebody who does not know
// Bazel's rules from the inside can use.
std::string ErrorText(const Lines& lines) {
  // A call stack: what was wrong comes last, and the learner's own file is the
  // outermost.
  static const std::regex& toplevel = *new std::regex(
      "\\s*File \"(.*)\", line ([0-9]+), column ([0-9]+), in <toplevel>");
  const bool trace =
      std::any_of(lines.begin(), lines.end(), [](absl::string_view line) {
        return absl::StrContains(line, "Traceback (most recent call last)");
      });
  // A command line of many lines follows, and then what it printed.
  const bool command = absl::StrContains(lines.front(), "error executing ");
  constexpr size_t kMost = 4;
  std::string place;
  Lines text;
  for (const std::string& line : lines) {
    absl::string_view rest = line;
    std::smatch match;
    if (trace && text.empty()) {
      if (std::regex_match(line, match, toplevel)) {
        place = absl::StrCat(match[1].str(), ":", match[2].str(), ":",
                             match[3].str(), ": ");
      }
      // What fail() says may begin on the next line.
      if (!absl::ConsumePrefix(&rest, "Error in fail:") &&
          !absl::ConsumePrefix(&rest, "Error: ")) {
        continue;
      }
      text.emplace_back(absl::StrCat(place, absl::StripAsciiWhitespace(rest)));
    } else if (!line.empty() && text.size() < kMost) {
      text.push_back(line);
    }
    if (command) break;
  }
  const std::string joined = JoinTrimmed(text);
  // Bazel's guess where a macro is involved, as it is in every lesson.
  return joined.substr(0, joined.find(". Since this rule was created by"));
}

}  // namespace

TestLog ParseTestLog(absl::string_view log) {
  TestLog result;
  TestFailure failure;
  Lines message;
  Lines tail;
  bool in_failure = false;
  const auto end_failure = [&] {
    if (in_failure) result.failures.push_back(Sort(failure, message));
    in_failure = false;
    message.clear();
  };
  Lines lines = SplitLines(log);
  // Bazel's own head, when the log has one.
  const auto rule =
      std::find_if(lines.begin(), lines.end(), [](absl::string_view line) {
        return line.size() > 40 && line.find_first_not_of('-') == line.npos;
      });
  if (rule != lines.end()) lines.erase(lines.begin(), rule + 1);
  for (const std::string& line : lines) {
    std::string word;
    std::string test;
    std::string location;
    if (IsLogLine(line)) {
      // "E1122 22:30:12.123456 7 call.cc:12] what happened".
      const size_t text = line.find("] ");
      if (line.front() == 'E' && text != line.npos) {
        result.last_error = line.substr(text + 2);
      }
      continue;
    }
    if (IsBookkeeping(line, &word, &test)) {
      end_failure();
      if (word == "RUN") {
        result.unfinished = test;
        result.last_error.clear();
      } else if (test == result.unfinished) {
        result.unfinished.clear();
      }
    } else if (IsFailure(line, &location)) {
      end_failure();
      in_failure = true;
      failure = {result.unfinished, location, "", ""};
    } else if (in_failure) {
      message.push_back(line);
    } else if (!line.empty()) {
      tail.push_back(line);
      if (tail.size() > kTailLines) tail.erase(tail.begin());
    }
  }
  end_failure();
  result.tail = JoinTrimmed(tail);
  return result;
}

CompilerError FirstCompilerError(absl::string_view output) {
  static const std::regex& colours = *new std::regex("\x1b\\[[0-9;]*[mK]");
  const Lines lines =
      SplitLines(std::regex_replace(std::string(output), colours, ""));
  // The compiler underlines the place in two or three lines below.
  static constexpr size_t kMost = 5;
  size_t first = 0;
  while (first < lines.size() && !absl::StrContains(lines[first], "error: ") &&
         !absl::StrContains(lines[first], "undefined reference to ")) {
    ++first;
  }
  if (first == lines.size()) first = 0;
  CompilerError error;
  Lines shown;
  const auto show = [&lines, &shown](size_t begin) {
    for (size_t i = begin; i < lines.size() && i < begin + kMost; ++i) {
      if (i > begin && !absl::StartsWith(lines[i], " ")) break;
      shown.push_back(lines[i]);
    }
  };
  const std::optional<size_t> learners =
      LearnersLine(lines, first, &error.place);
  if (learners.has_value()) {
    if (IsInclusion(lines[*learners])) {
      // What follows it says who included that file.
      shown.push_back(absl::StrCat(error.place, ": included from here"));
    } else {
      show(*learners);
    }
  }
  show(first);
  error.text = JoinTrimmed(shown);
  return error;
}

std::vector<std::string> BazelErrors(absl::string_view console,
                                     absl::string_view root) {
  Lines errors;
  Lines error;
  const auto end_error = [&] {
    std::string text = error.empty() ? "" : ErrorText(error);
    error.clear();
    absl::StrReplaceAll({{absl::StrCat(root, "/"), ""}}, &text);
    // Says nothing that the other errors do not.
    if (absl::StartsWith(text, "command succeeded, but ")) return;
    if (text.empty() ||
        std::find(errors.begin(), errors.end(), text) != errors.end()) {
      return;
    }
    errors.push_back(std::move(text));
  };
  for (const std::string& line : SplitLines(console)) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "ERROR: ") ||
        absl::ConsumePrefix(&rest, "FATAL: ")) {
      end_error();
      error.emplace_back(rest);
    } else if (std::any_of(kOtherLines.begin(), kOtherLines.end(),
                           [&line](absl::string_view start) {
                             return absl::StartsWith(line, start);
                           })) {
      end_error();
    } else if (!error.empty()) {
      error.push_back(line);
    }
  }
  end_error();
  return errors;
}

}  // namespace workshop
