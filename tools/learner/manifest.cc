#include "tools/learner/manifest.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/files.h"
#include "support/text_proto.h"

namespace workshop {
absl::StatusOr<Lesson> ParseLesson(absl::string_view text,
                                   absl::string_view path) {
  Lesson lesson;
  absl::Status status = support::ParseTextProto(text, path, &lesson);
  if (!status.ok()) return status;
  return lesson;
}

absl::StatusOr<Lesson> ReadLesson(const std::string& path) {
  absl::StatusOr<std::string> text = support::ReadFile(path);
  if (!text.ok()) return text.status();
  return ParseLesson(*text, path);
}

absl::StatusOr<std::vector<Lesson>> ReadLessons(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  std::error_code error;
  const fs::path folder = fs::path(root) / "lessons";
  for (const fs::directory_entry& entry :
       fs::directory_iterator(folder, error)) {
    const fs::path manifest = entry.path() / "lesson.textproto";
    if (fs::exists(manifest)) paths.push_back(manifest.string());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("cannot list ", folder.string(), ": ", error.message()));
  }
  if (paths.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no lesson.textproto under ", folder.string()));
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Lesson> lessons;
  for (const std::string& path : paths) {
    absl::StatusOr<Lesson> lesson = ReadLesson(path);
    if (!lesson.ok()) return lesson.status();
    lessons.push_back(*std::move(lesson));
  }
  return lessons;
}

std::string ExerciseId(const Lesson& lesson, const Exercise& exercise) {
  return absl::StrCat(lesson.name(), ".", exercise.name());
}

}  // namespace workshop
