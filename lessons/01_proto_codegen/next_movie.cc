#include "next_movie.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

// The 1927 of "Metropolis (1927)"; 0 if there is none.
int32_t YearInName(absl::string_view name) {
  int32_t year = 0;
  if (!absl::ConsumeSuffix(&name, ")") ||
      !absl::SimpleAtoi(name.substr(name.rfind('(') + 1), &year)) {
    return 0;
  }
  return year;
}

}  // namespace

absl::StatusOr<std::unique_ptr<NextMovie>> NextMovie::Make(
    const google::protobuf::DescriptorProto& next) {
  absl::StatusOr<std::unique_ptr<MessageVersion>> version =
      MessageVersion::Make(*v1::Movie::descriptor(), next);
  if (!version.ok()) return version.status();
  const auto* year = (*version)->descriptor().FindFieldByName("release_year");
  if (year == nullptr || year->is_repeated() ||
      year->type() != google::protobuf::FieldDescriptor::TYPE_INT32) {
    return absl::InvalidArgumentError("there is no int32 release_year");
  }
  auto result = std::unique_ptr<NextMovie>(new NextMovie());
  result->version_ = *std::move(version);
  result->release_year_ = year;
  return result;
}

absl::Status NextMovie::Upgrade(v1::Movie* movie) const {
  const int32_t year = YearInName(movie->movie_name());
  if (year == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("no year in \"", movie->movie_name(), "\""));
  }
  // There and back through the bytes, as between two programs.
  const std::unique_ptr<google::protobuf::Message> next = version_->New();
  if (!next->ParseFromString(movie->SerializeAsString())) {
    return absl::InternalError("the next version cannot read this one");
  }
  next->GetReflection()->SetInt32(next.get(), release_year_, year);
  if (!movie->ParseFromString(next->SerializeAsString())) {
    return absl::InternalError("this version cannot read the next one");
  }
  return absl::OkStatus();
}

}  // namespace movies
