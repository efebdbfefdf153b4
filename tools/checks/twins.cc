#include "tools/checks/twins.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace checks {
namespace {

using Lines = std::vector<std::string>;

// The stub's lines between holes: one part more than there are holes.
struct Stub {
  std::vector<Lines> parts = {{}};
  std::vector<std::string> holes;
};

// If `line` is a comment that begins with `marker` and a name in parentheses,
// returns the name.
std::string Marked(absl::string_view line, absl::string_view marker) {
  line = absl::StripAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "//") && !absl::ConsumePrefix(&line, "#")) {
    return "";
  }
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, marker)) return "";
  return std::string(line.substr(0, line.find(')')));
}

absl::StatusOr<Stub> ParseStub(absl::string_view text) {
  Stub stub;
  std::string open;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::string begin = Marked(line, "TODO(");
    const std::string end = Marked(line, "END TODO(");
    if (!begin.empty()) {
      if (!open.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "line ", number, ": TODO(", begin, ") inside TODO(", open, ")"));
      }
      open = begin;
      stub.holes.push_back(begin);
    } else if (!end.empty()) {
      if (end != open) {
        return absl::InvalidArgumentError(
            absl::StrCat("line ", number, ": END TODO(", end, ") closes ",
                         open.empty() ? "nothing" : open));
      }
      open.clear();
      stub.parts.push_back({});
    } else if (open.empty()) {
      stub.parts.back().push_back(std::string(line));
    }
  }
  if (!open.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("TODO(", open, ") has no END TODO(", open, ")"));
  }
  return stub;
}

bool StandsAt(const Lines& part, const Lines& lines, size_t at) {
  return at + part.size() <= lines.size() &&
         std::equal(part.begin(), part.end(), lines.begin() + at);
}

// Says which of the stub's lines is the first that `lines` lacks from `at` on.
absl::Status Differs(const Lines& part, const Lines& lines, size_t at) {
  size_t i = 0;
  while (i < part.size() && at + i < lines.size() && part[i] == lines[at + i]) {
    ++i;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "outside the holes they differ at the solution's line ", at + i + 1,
      ":\n  stub:     ", i < part.size() ? part[i] : "(end)",
      "\n  solution: ", at + i < lines.size() ? lines[at + i] : "(end)"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Holes(absl::string_view stub) {
  absl::StatusOr<Stub> parsed = ParseStub(stub);
  if (!parsed.ok()) return parsed.status();
  return parsed->holes;
}

absl::StatusOr<std::vector<Answer>> Answers(absl::string_view stub_text,
                                            absl::string_view solution_text) {
  absl::StatusOr<Stub> stub = ParseStub(stub_text);
  if (!stub.ok()) return stub.status();
  // The macro is the one word by which two BUILD files differ.
  for (Lines& part : stub->parts) {
    for (std::string& line : part) {
      absl::StrReplaceAll(
          {{"\"lesson\"", "\"solution\""}, {"lesson(", "solution("}}, &line);
    }
  }
  const Lines solution = absl::StrSplit(solution_text, '\n');
  for (const std::string& line : solution) {
    if (!Marked(line, "TODO(").empty() || !Marked(line, "END TODO(").empty()) {
      return absl::FailedPreconditionError("a solution carries no markers");
    }
  }

  if (!StandsAt(stub->parts[0], solution, 0)) {
    return Differs(stub->parts[0], solution, 0);
  }
  std::vector<Answer> answers;
  size_t at = stub->parts[0].size();
  for (size_t hole = 0; hole < stub->holes.size(); ++hole) {
    const Lines& next = stub->parts[hole + 1];
    const bool last = hole + 1 == stub->holes.size();
    // The answer ends where the stub's next lines begin; the last of them must
    // reach the end of the file.
    size_t end = at;
    if (last) {
      end = std::max(at,
                     solution.size() - std::min(solution.size(), next.size()));
    } else {
      while (end < solution.size() && !StandsAt(next, solution, end)) ++end;
    }
    if (!StandsAt(next, solution, end)) return Differs(next, solution, end);
    answers.push_back(
        {stub->holes[hole], {solution.begin() + at, solution.begin() + end}});
    at = end + next.size();
  }
  if (at != solution.size()) return Differs({}, solution, at);
  return answers;
}

absl::Status CheckTwins(absl::string_view stub, absl::string_view solution) {
  absl::StatusOr<std::vector<Answer>> answers = Answers(stub, solution);
  if (!answers.ok()) return answers.status();
  for (const Answer& answer : *answers) {
    const auto lines = std::count_if(
        answer.lines.begin(), answer.lines.end(), [](const std::string& line) {
          return !absl::StripAsciiWhitespace(line).empty();
        });
    if (lines < kMinAnswerLines || lines > kMaxAnswerLines) {
      return absl::FailedPreconditionError(
          absl::StrCat("the answer to ", answer.exercise, " has ", lines,
                       " lines; a hole is one idea, ", kMinAnswerLines, " to ",
                       kMaxAnswerLines, " lines"));
    }
  }
  return absl::OkStatus();
}

}  // namespace checks
