// The paths that an RPC is reached by, as google/api/http.proto writes them:
//
//   Template = "/" Segments [ Verb ] ;
//   Segments = Segment { "/" Segment } ;
//   Segment  = "*" | "**" | LITERAL | Variable ;
//   Variable = "{" FieldPath [ "=" Segments ] "}" ;
//   FieldPath = IDENT { "." IDENT } ;
//   Verb     = ":" LITERAL ;
//
// For instance "/v1/{name=shelves/*/movies/*}:rate".

#ifndef PATH_TEMPLATE_H_
#define PATH_TEMPLATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// A template, taken apart. Thread-safe, since it never changes.
class PathTemplate {
 public:
  // Slide: variable
  // A part of the template whose text becomes the value of a request's field.
  struct Variable {
    // Names of fields, from the request inwards: "movie.mid".
    std::string field_path;
    // Its segments are those from `begin` to before `end`; at least one.
    int begin;
    int end;
  };
  // End slide: variable

  // INVALID_ARGUMENT for a text that is no template, with the text, the place
  // of the mistake and what is wrong. Besides the grammar, http.proto demands
  // that "**" is the last segment, that variables do not nest, and that none
  // is there twice. A literal may be percent-encoded, and must be where it has
  // one of the characters / { } * : ? # in it.
  static absl::StatusOr<PathTemplate> Parse(absl::string_view text);

  // The segments from left to right, those of variables among them: "*" for any
  // one segment, "**" for all that follow, or a literal, percent-encoded as
  // PercentEncode() does. At least one; "**" is the last one, if it is there.
  const std::vector<std::string>& segments() const { return segments_; }
  // The variables from left to right; they do not overlap.
  const std::vector<Variable>& variables() const { return variables_; }
  // What the path has to end with, after a colon; encoded as literals are.
  // Empty if the template has none.
  const std::string& verb() const { return verb_; }

  // Returns the template as it was written.
  const std::string& text() const { return text_; }

 private:
  PathTemplate() = default;

  friend class PathTemplateParser;

  std::vector<std::string> segments_;
  std::vector<Variable> variables_;
  std::string verb_;
  std::string text_;
};

}  // namespace movies

#endif  // PATH_TEMPLATE_H_
