#include "tools/learner/state_file.h"

#include <google/protobuf/text_format.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "support/files.h"
#include "support/text_proto.h"
#include "tools/learner/files.h"

namespace workshop {

namespace fs = std::filesystem;

absl::StatusOr<LoadedState> LoadState(const std::string& path) {
  LoadedState loaded;
  std::error_code error;
  if (!fs::exists(path, error)) return loaded;
  absl::StatusOr<std::string> text = support::ReadFile(path);
  if (!text.ok()) return text.status();
  const absl::Status parsed =
      support::ParseTextProto(*text, path, &loaded.state);
  if (parsed.ok()) return loaded;

  // Never over one that was moved aside before.
  std::string aside = path + ".corrupt";
  for (int i = 2; fs::exists(aside, error); ++i) {
    aside = absl::StrCat(path, ".corrupt-", i);
  }
  fs::rename(path, aside, error);
  if (error) {
    return absl::UnknownError(absl::StrCat(
        parsed.message(), "; nor can it be moved aside: ", error.message()));
  }
  loaded.state.Clear();
  loaded.note =
      absl::StrCat("Cannot understand ", parsed.message(), "\nIt is now ",
                   aside, ", and the hints begin anew.");
  return loaded;
}

absl::Status SaveState(const State& state, const std::string& path) {
  std::string text;
  if (!google::protobuf::TextFormat::PrintToString(state, &text)) {
    return absl::InternalError("cannot print the state");
  }
  return WriteFileAtomically(
      path, absl::StrCat("# proto-message: workshop.State\n", text));
}

}  // namespace workshop
