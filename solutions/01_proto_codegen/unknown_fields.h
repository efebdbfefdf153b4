// A relay: a program that changes what it knows of a message and hands on what
// it does not know.

#ifndef UNKNOWN_FIELDS_H_
#define UNKNOWN_FIELDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// Takes the bytes of a movies.v1.Catalogue and returns those of the same
// catalogue, in which every movie of style `from` has style `to`. Fields that a
// newer program wrote and this one does not know, in the catalogue and in its
// movies, are kept.
//
// That `to` is UTF-8, as every string of a proto3 message, is for the caller to
// see to; nothing here checks it. INVALID_ARGUMENT if `bytes` are no Catalogue.
// Slide: rename_style
absl::StatusOr<std::string> RenameStyle(const std::string& bytes,
                                        absl::string_view from,
                                        absl::string_view to);
// End slide: rename_style

}  // namespace movies

#endif  // UNKNOWN_FIELDS_H_
