#include "path_template.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "percent_encoding.h"

namespace movies {

// Reads a template from left to right, a function for each rule of the grammar.
class PathTemplateParser {
 public:
  explicit PathTemplateParser(absl::string_view text) : rest_(text) {
    template_.text_ = std::string(text);
  }

  absl::StatusOr<PathTemplate> Parse() {
    if (!Consume('/')) return Fail("a template begins with a slash");
    absl::Status status = ReadSegments(/*in_variable=*/false);
    if (status.ok() && Consume(':')) status = ReadLiteral(&template_.verb_);
    if (!status.ok()) return status;
    if (Peek() == ':' || Peek() == '/') {
      return Fail(
          "a colon begins the verb, which comes once and last; a colon of a "
          "literal is written %3A");
    }
    if (!rest_.empty()) {
      return Fail(
          "a variable or wildcard is a whole segment, or a part of one "
          "in braces");
    }
    return std::move(template_);
  }

 private:
  // Returns the next character, NUL at the end.
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool Consume(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  absl::Status Fail(absl::string_view what_is_wrong) const {
    return absl::InvalidArgumentError(
        absl::StrCat("path template \"", template_.text_, "\", at \"", rest_,
                     "\": ", what_is_wrong));
  }

  absl::Status ReadSegments(bool in_variable) {
    do {
      absl::Status status;
      if (Peek() == '{') {
        if (in_variable) return Fail("a variable has no variables in it");
        status = ReadVariable();
      } else {
        status = ReadSegment();
      }
      if (!status.ok()) return status;
      if (Peek() == '/' && template_.segments_.back() == "**") {
        return Fail("** is all that is left, so it must be the last segment");
      }
    } while (Consume('/'));
    return absl::OkStatus();
  }

  absl::Status ReadSegment() {
    if (Consume('*')) {
      template_.segments_.push_back(Consume('*') ? "**" : "*");
      return absl::OkStatus();
    }
    std::string literal;
    absl::Status status = ReadLiteral(&literal);
    if (status.ok()) template_.segments_.push_back(std::move(literal));
    return status;
  }

  absl::Status ReadLiteral(std::string* literal) {
    const absl::string_view text =
        rest_.substr(0, std::min(rest_.find_first_of("/{}*:?#"), rest_.size()));
    if (text.size() < rest_.size() &&
        absl::StrContains("?#", rest_[text.size()])) {
      rest_.remove_prefix(text.size());
      return Fail(
          "a template is of the path only; fields that it does not name are "
          "parameters of the query by themselves");
    }
    if (text.empty())
      return Fail("a literal, a wildcard or a variable is missing");
    if (!IsPercentEncoded(text)) {
      return Fail("two hexadecimal digits must follow a %; itself it is %25");
    }
    *literal = PercentEncode(PercentDecode(text));
    rest_.remove_prefix(text.size());
    return absl::OkStatus();
  }

  absl::Status ReadVariable() {
    Consume('{');
    PathTemplate::Variable variable;
    do {
      absl::Status status = ReadIdentifier(&variable.field_path);
      if (!status.ok()) return status;
    } while (Peek() == '.');
    variable.begin = static_cast<int>(template_.segments_.size());
    if (Consume('=')) {
      absl::Status status = ReadSegments(/*in_variable=*/true);
      if (!status.ok()) return status;
    } else {
      template_.segments_.push_back("*");
    }
    variable.end = static_cast<int>(template_.segments_.size());
    if (!Consume('}')) {
      return Fail(absl::StrCat("the variable \"", variable.field_path,
                               "\" should end with a brace here"));
    }
    for (const PathTemplate::Variable& other : template_.variables_) {
      if (other.field_path == variable.field_path) {
        return Fail(absl::StrCat("the variable \"", variable.field_path,
                                 "\" is there twice"));
      }
    }
    template_.variables_.push_back(std::move(variable));
    return absl::OkStatus();
  }

  // Appends an identifier to `field_path`, after a dot if it is not the first.
  absl::Status ReadIdentifier(std::string* field_path) {
    if (!field_path->empty() && Consume('.')) *field_path += '.';
    std::size_t size = 0;
    while (size < rest_.size() &&
           (absl::ascii_isalnum(rest_[size]) || rest_[size] == '_')) {
      ++size;
    }
    if (size == 0 || absl::ascii_isdigit(rest_.front())) {
      return Fail("the name of a field is missing");
    }
    absl::StrAppend(field_path, rest_.substr(0, size));
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  PathTemplate template_;
  // What is not read yet.
  absl::string_view rest_;
};

absl::StatusOr<PathTemplate> PathTemplate::Parse(absl::string_view text) {
  return PathTemplateParser(text).Parse();
}

}  // namespace movies
