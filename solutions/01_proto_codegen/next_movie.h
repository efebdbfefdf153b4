// Movies as a program of the next version would send them, with a field
// `release_year` that this program's Movie does not have.

#ifndef NEXT_MOVIE_H_
#define NEXT_MOVIE_H_

#include <google/protobuf/descriptor.pb.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "message_version.h"
#include "movies/v1/movies.pb.h"

namespace movies {

// Thread-safe.
class NextMovie {
 public:
  // `next` describes Movie with a field int32 release_year. INVALID_ARGUMENT
  // if it does not, or does not compile.
  static absl::StatusOr<std::unique_ptr<NextMovie>> Make(
      const google::protobuf::DescriptorProto& next);

  // Changes `*movie` to what a program of this version gets when one of the
  // next sends it: the same, and release_year, taken from the movie's name, as
  // an unknown field. INVALID_ARGUMENT if the name has no year.
  absl::Status Upgrade(v1::Movie* movie) const;

  // The field's number in the next version.
  int release_year_number() const { return release_year_->number(); }

 private:
  NextMovie() = default;

  std::unique_ptr<MessageVersion> version_;
  const google::protobuf::FieldDescriptor* release_year_ = nullptr;
};

}  // namespace movies

#endif  // NEXT_MOVIE_H_
