// The key that the lesson's two programs share.

#ifndef PROGRAM_KEY_H_
#define PROGRAM_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "json_web_token.h"
#include "support/console_log.h"

namespace movies {

// The key in the file `path`; see SigningKey::FromFile() for its errors. If
// `path` is empty, a key that stands in the source, so anybody can make tokens
// with it; `log` says so.
absl::StatusOr<SigningKey> ProgramKey(const std::string& path,
                                      const support::ConsoleLog& log);

}  // namespace movies

#endif  // PROGRAM_KEY_H_
