// Keeps a State between two commands.

#ifndef TOOLS_LEARNER_STATE_FILE_H_
#define TOOLS_LEARNER_STATE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/learner/state.pb.h"

namespace workshop {

struct LoadedState {
  State state;
  // What to tell the learner, if the file could not be understood: it was moved
  // aside and all begins anew.
  std::string note;
};

// Reads the file; an empty State if there is none. The system's error if it
// cannot be read, or not be moved aside.
absl::StatusOr<LoadedState> LoadState(const std::string& path);

// Replaces the file in one step. The system's error if it cannot.
absl::Status SaveState(const State& state, const std::string& path);

}  // namespace workshop

#endif  // TOOLS_LEARNER_STATE_FILE_H_
