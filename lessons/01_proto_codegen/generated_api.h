// The C++ that protoc makes of a message: read, add, change and move its parts.

#ifndef GENERATED_API_H_
#define GENERATED_API_H_

#include "absl/strings/string_view.h"
#include "movies/v1/movies.pb.h"

namespace movies {

// Takes the movies whose style is exactly `style` out of `*catalogue`, which
// the caller owns, and returns them in a catalogue of their own. Both keep the
// order that their movies had. Movies are moved, not copied, unless
// `*catalogue` lives on an arena, which owns the memory of many messages and
// frees it all at once: what an arena owns cannot leave it.
// Slide: take_style
v1::Catalogue TakeStyle(absl::string_view style, v1::Catalogue* catalogue);
// End slide: take_style

}  // namespace movies

#endif  // GENERATED_API_H_
