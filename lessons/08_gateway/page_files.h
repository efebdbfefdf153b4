// The files of page/, as the build put them into the program.

#ifndef PAGE_FILES_H_
#define PAGE_FILES_H_

#include "absl/strings/string_view.h"

namespace movies {

// Returns the file page/NAME; empty if there is none.
absl::string_view PageFile(absl::string_view name);

}  // namespace movies

#endif  // PAGE_FILES_H_
