#include "tools/learner/build_events.h"

#include <cstddef>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace workshop {
namespace {

using nlohmann::json;
using Status = TargetResult::Status;

// The member `key` of `value`, or null if it has none or is no object.
const json& At(const json& value, const char* key) {
  static const json& null = *new json();
  if (!value.is_object()) return null;
  const auto it = value.find(key);
  return it == value.end() ? null : *it;
}

std::string String(const json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

bool IsTrue(const json& value) {
  return value.is_boolean() && value.get<bool>();
}

// "file:///a%20b" is "/a b"; empty for another scheme.
std::string PathOf(const json& file) {
  const std::string uri = String(At(file, "uri"));
  absl::string_view rest = uri;
  if (!absl::ConsumePrefix(&rest, "file://")) return "";
  std::string path;
  while (!rest.empty()) {
    int byte = 0;
    if (rest.size() >= 3 && rest[0] == '%' &&
        absl::SimpleHexAtoi(rest.substr(1, 2), &byte)) {
      path += static_cast<char>(byte);
      rest.remove_prefix(3);
    } else {
      path += rest[0];
      rest.remove_prefix(1);
    }
  }
  return path;
}

Status StatusOf(absl::string_view name) {
  if (name == "PASSED" || name == "FLAKY") return Status::kPassed;
  if (name == "FAILED" || name == "REMOTE_FAILURE") return Status::kFailed;
  if (name == "TIMEOUT") return Status::kTimedOut;
  if (name == "FAILED_TO_BUILD") return Status::kFailedToBuild;
  return Status::kNone;
}

class Events {
 public:
  void Add(const json& event) {
    const json& id = At(event, "id");
    const json& aborted = At(event, "aborted");
    if (const json& pattern = At(id, "pattern"); !pattern.is_null()) {
      for (const json& label : At(pattern, "pattern")) {
        if (!aborted.is_null()) Abort(String(label), aborted);
      }
    } else if (const json& target = At(id, "targetCompleted");
               !target.is_null()) {
      const std::string label = String(At(target, "label"));
      if (!aborted.is_null()) {
        Abort(label, aborted);
      } else {
        Complete(label, event);
      }
    } else if (const json& action = At(id, "actionCompleted");
               !action.is_null()) {
      const std::string path = PathOf(At(At(event, "action"), "stderr"));
      if (!path.empty())
        action_errors_[String(At(action, "primaryOutput"))] = path;
    } else if (const json& run = At(id, "testResult"); !run.is_null()) {
      if (IsTrue(At(At(event, "testResult"), "cachedLocally"))) {
        results_.targets[String(At(run, "label"))].cached = true;
      }
    } else if (const json& test = At(id, "testSummary"); !test.is_null()) {
      const json& summary = At(event, "testSummary");
      TargetResult& result = results_.targets[String(At(test, "label"))];
      result.status = StatusOf(String(At(summary, "overallStatus")));
      const json& failed = At(summary, "failed");
      if (failed.is_array() && !failed.empty()) {
        result.log_path = PathOf(failed.front());
      }
    } else if (!At(id, "buildFinished").is_null()) {
      const json& exit = At(At(event, "finished"), "exitCode");
      results_.finished = true;
      results_.exit_name = String(At(exit, "name"));
      // Protobuf's JSON leaves out a zero.
      if (At(exit, "code").is_number_integer()) {
        results_.exit_code = At(exit, "code").get<int>();
      }
    }
  }

  BuildResults Finish() && {
    for (const auto& [label, outputs] : failed_outputs_) {
      std::vector<std::string>& paths = results_.targets[label].error_paths;
      for (const std::string& output : outputs) {
        const auto it = action_errors_.find(output);
        if (it != action_errors_.end()) paths.push_back(it->second);
      }
    }
    return std::move(results_);
  }

 private:
  void Abort(const std::string& label, const json& aborted) {
    TargetResult& result = results_.targets[label];
    result.status = Status::kAborted;
    result.description = String(At(aborted, "description"));
  }

  void Complete(const std::string& label, const json& event) {
    TargetResult& result = results_.targets[label];
    // Success is no verdict yet: the test has still to run.
    if (IsTrue(At(At(event, "completed"), "success"))) return;
    result.status = Status::kFailedToBuild;
    for (const json& child : At(event, "children")) {
      const std::string output =
          String(At(At(child, "actionCompleted"), "primaryOutput"));
      if (!output.empty()) failed_outputs_[label].insert(output);
    }
  }

  BuildResults results_;
  // An action is known by its primary output.
  std::map<std::string, std::string> action_errors_;
  std::map<std::string, std::set<std::string>> failed_outputs_;
};

}  // namespace

absl::StatusOr<BuildResults> ParseBuildEvents(absl::string_view text) {
  Events events;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const json event = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!At(event, "id").is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", number, " of Bazel's build events is not an event: ",
          absl::CHexEscape(line.substr(0, 60))));
    }
    events.Add(event);
  }
  return std::move(events).Finish();
}

}  // namespace workshop
