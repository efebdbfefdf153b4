#include "tools/learner/render.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

namespace workshop {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kBarWidth = 12;
// Longer details are for the log.
constexpr size_t kDetailLines = 12;

struct Look {
  absl::string_view mark;
  absl::string_view words;
  absl::string_view json;
};

Look LookOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSolved:
      return {"✓", "solved", "solved"};
    case Verdict::kNotSolved:
      return {"✗", "not solved yet", "not_solved"};
    case Verdict::kDoesNotBuild:
      return {"!", "does not build", "does_not_build"};
    case Verdict::kTimedOut:
      return {"✗", "timed out", "timed_out"};
    case Verdict::kNoResult:
      break;
  }
  return {"?", "no result", "no_result"};
}

std::string Coloured(Verdict verdict, absl::string_view text,
                     const Style& style) {
  if (verdict == Verdict::kSolved) return style.Green(text);
  if (verdict == Verdict::kNotSolved) return style.Red(text);
  return style.Yellow(text);
}

// In columns: the bytes that do not continue a character of UTF-8.
size_t Width(absl::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (c & 0xC0) != 0x80; });
}

std::string Padded(absl::string_view text, size_t width) {
  const size_t has = Width(text);
  return absl::StrCat(text, std::string(width > has ? width - has : 0, ' '));
}

// One part of `outcomes` for each lesson.
std::vector<std::vector<Outcome>> ByLesson(
    const std::vector<Outcome>& outcomes) {
  std::vector<std::vector<Outcome>> lessons;
  for (const Outcome& outcome : outcomes) {
    if (lessons.empty() ||
        lessons.back().back().exercise.lesson != outcome.exercise.lesson) {
      lessons.emplace_back();
    }
    lessons.back().push_back(outcome);
  }
  return lessons;
}

std::string Heading(const std::vector<Outcome>& lesson, const Style& style) {
  const size_t solved = CountSolved(lesson);
  const std::string bar = Bar(solved, lesson.size());
  const Lesson& manifest = *lesson.front().exercise.lesson;
  return absl::StrCat(
      style.Bold(absl::StrFormat("%s %s", Padded(manifest.name(), 18),
                                 Padded(manifest.title(), 36))),
      " ", solved == lesson.size() ? style.Green(bar) : bar, " ", solved,
      " of ", lesson.size(), "\n");
}

std::string Indented(absl::string_view text, size_t indent, size_t most_lines) {
  std::string result;
  size_t lines = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (++lines > most_lines) {
      absl::StrAppend(&result, std::string(indent, ' '), "…\n");
      break;
    }
    absl::StrAppend(&result, line.empty() ? "" : std::string(indent, ' '), line,
                    "\n");
  }
  return result;
}

// `text`, or its begin if it is wider.
std::string Shortened(absl::string_view text, size_t width) {
  if (Width(text) <= width) return std::string(text);
  size_t end = 0;
  // As long as one column is left for the ellipsis, and characters are whole.
  for (size_t columns = 0; columns < width; ++end) {
    if ((text[end] & 0xC0) != 0x80) ++columns;
  }
  return absl::StrCat(text.substr(0, end - 1), "…");
}

// What a failure's detail says of the values, in a few lines: what was there,
// or all if that is short.
std::string ActualValues(absl::string_view detail) {
  constexpr size_t kMostLines = 4;
  constexpr size_t kMostColumns = 72;
  std::vector<std::string> all;
  std::vector<std::string> actual;
  for (const absl::string_view line : absl::StrSplit(detail, '\n')) {
    if (line == "Google Test trace:") break;
    all.push_back(Shortened(line, kMostColumns));
    if (absl::StartsWith(line, "  Actual: ")) {
      actual.push_back(
          Shortened(absl::StripLeadingAsciiWhitespace(line), kMostColumns));
    }
  }
  if (!actual.empty()) return absl::StrJoin(actual, "\n");
  return all.size() <= kMostLines ? absl::StrJoin(all, "\n") : "";
}

}  // namespace

std::string Style::With(absl::string_view code, absl::string_view text) const {
  if (!colours_) return std::string(text);
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

std::string Style::Bold(absl::string_view text) const {
  return With("1", text);
}
std::string Style::Dim(absl::string_view text) const { return With("2", text); }
std::string Style::Red(absl::string_view text) const {
  return With("31", text);
}
std::string Style::Green(absl::string_view text) const {
  return With("32", text);
}
std::string Style::Yellow(absl::string_view text) const {
  return With("33", text);
}

std::string Wrap(absl::string_view text, size_t indent) {
  if (text.empty()) return "";
  std::string result;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view words = absl::StripLeadingAsciiWhitespace(line);
    // Keeps what indentation the line has.
    const std::string margin(indent + line.size() - words.size(), ' ');
    std::string row;
    for (const absl::string_view word :
         absl::StrSplit(words, ' ', absl::SkipEmpty())) {
      if (!row.empty() &&
          margin.size() + Width(row) + 1 + Width(word) > kColumns) {
        absl::StrAppend(&result, margin, row, "\n");
        row.clear();
      }
      absl::StrAppend(&row, row.empty() ? "" : " ", word);
    }
    absl::StrAppend(&result, row.empty() ? "" : margin, row, "\n");
  }
  return result;
}

std::string Bar(size_t solved, size_t total) {
  const size_t full = total == 0 ? 0 : solved * kBarWidth / total;
  return absl::StrCat("[", std::string(full, '#'),
                      std::string(kBarWidth - full, '.'), "]");
}

size_t CountSolved(const std::vector<Outcome>& outcomes) {
  return std::count_if(outcomes.begin(), outcomes.end(),
                       [](const Outcome& outcome) {
                         return outcome.verdict == Verdict::kSolved;
                       });
}

std::string SolvedOf(const std::vector<Outcome>& outcomes) {
  return absl::StrCat(CountSolved(outcomes), " of ", outcomes.size(),
                      " solved");
}

std::string Line(const Outcome& outcome, const Style& style) {
  const Look look = LookOf(outcome.verdict);
  const Exercise& exercise = *outcome.exercise.exercise;
  return absl::StrCat("  ", Coloured(outcome.verdict, look.mark, style), " ",
                      Padded(exercise.name(), 22), " ",
                      Padded(exercise.title(), 36), " ",
                      Coloured(outcome.verdict, look.words, style), "\n");
}

std::string StatusText(const std::vector<Outcome>& outcomes,
                       const Style& style) {
  std::string text;
  for (const std::vector<Outcome>& lesson : ByLesson(outcomes)) {
    absl::StrAppend(&text, Heading(lesson, style));
    for (const Outcome& outcome : lesson) {
      absl::StrAppend(&text, Line(outcome, style));
    }
    text += '\n';
  }
  absl::StrAppend(&text, SolvedOf(outcomes), "\n");
  return text;
}

std::string StatusJson(const std::vector<Outcome>& outcomes) {
  using Json = nlohmann::ordered_json;
  Json lessons = Json::array();
  for (const std::vector<Outcome>& lesson : ByLesson(outcomes)) {
    Json exercises = Json::array();
    for (const Outcome& outcome : lesson) {
      const Selected& exercise = outcome.exercise;
      exercises.push_back({
          {"id", exercise.Id()},
          {"title", exercise.exercise->title()},
          {"status", std::string(LookOf(outcome.verdict).json)},
          {"file", exercise.File()},
          {"target", exercise.Target()},
      });
    }
    const Lesson& manifest = *lesson.front().exercise.lesson;
    lessons.push_back({
        {"name", manifest.name()},
        {"title", manifest.title()},
        {"solved", CountSolved(lesson)},
        {"total", lesson.size()},
        {"exercises", std::move(exercises)},
    });
  }
  const Json status = {
      {"solved", CountSolved(outcomes)},
      {"total", outcomes.size()},
      {"lessons", std::move(lessons)},
  };
  // Bytes that are not UTF-8 must not cost the rest.
  return status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string WhyShort(const Outcome& outcome) {
  if (outcome.failures.empty()) return outcome.explanation;
  const TestFailure& first = outcome.failures.front();
  return first.sentence.empty() ? first.detail : first.sentence;
}

std::string WhyText(const Outcome& outcome, size_t most, const Style& style) {
  constexpr size_t kIndent = 4;
  std::string text;
  std::set<std::string> said;
  std::set<std::string> tests;
  size_t shown = 0;
  for (const TestFailure& failure : outcome.failures) {
    const std::string& sentence =
        failure.sentence.empty() ? failure.detail : failure.sentence;
    // The first failure of a test is its most telling, and an empty hole fails
    // many tests with the same words.
    if (!tests.insert(failure.test).second || !said.insert(sentence).second) {
      continue;
    }
    if (++shown > most) continue;
    absl::StrAppend(&text, "\n    ", style.Dim(failure.location), "  ",
                    style.Dim(failure.test), "\n",
                    Wrap(failure.sentence, kIndent));
    const std::string detail = shown == 1 || failure.sentence.empty()
                                   ? failure.detail
                                   : ActualValues(failure.detail);
    if (!detail.empty()) {
      absl::StrAppend(&text, Indented(detail, kIndent + 2, kDetailLines));
    }
  }
  if (shown > most) {
    absl::StrAppend(
        &text, "\n    ",
        style.Dim(absl::StrCat("… and ", shown - most, " more in the log")),
        "\n");
  }
  if (!outcome.explanation.empty()) {
    absl::StrAppend(&text, "\n",
                    Indented(outcome.explanation, kIndent, kDetailLines));
  }
  return text;
}

}  // namespace workshop
