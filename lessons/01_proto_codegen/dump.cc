// Shows what this lesson is about with one movie of the catalogue: its bytes,
// its JSON, what becomes of it when the message grows, and the service. No
// network.

#include <google/protobuf/util/json_util.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "add_field.h"
#include "generated_api.h"
#include "json_size.h"
#include "movies/v1/movies.pb.h"
#include "next_movie.h"
#include "proto/movie_store.h"
#include "report.h"
#include "unknown_fields.h"
#include "wire_format.h"

ABSL_FLAG(int, mid, 1, "the movie's ID");

namespace movies {
namespace {

void ShowFields(absl::string_view bytes) {
  absl::StatusOr<std::vector<WireField>> fields = ReadFields(bytes);
  std::cout << (fields.ok() ? FieldTable(*v1::Movie::descriptor(), *fields)
                            : WhyNot(fields.status()));
}

void ShowBytes(const v1::Movie& movie) {
  const std::string bytes = movie.SerializeAsString();
  std::cout << "The " << bytes.size() << " bytes of movie " << movie.mid()
            << ":\n";
  ShowFields(bytes);
}

absl::Status ShowSizes(absl::string_view what,
                       const google::protobuf::Message& of) {
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(of);
  if (!sizes.ok()) return sizes.status();
  std::cout << absl::StrFormat(
      "  %-28s %6d %6d   %.2f\n", what, sizes->binary, sizes->json,
      static_cast<double>(sizes->json) / static_cast<double>(sizes->binary));
  return absl::OkStatus();
}

absl::Status ShowAllSizes(const v1::Movie& movie) {
  std::cout << "\nBytes in binary and in JSON, and their ratio:\n";
  v1::MovieID id;
  id.set_mid(movie.mid());
  absl::Status status = ShowSizes("its ID alone", id);
  id.set_mid(-1);
  if (status.ok()) status = ShowSizes("an ID of -1", id);
  if (status.ok()) status = ShowSizes("this movie", movie);
  absl::StatusOr<v1::Catalogue> catalogue = ParseCatalogue(CatalogueText());
  if (!catalogue.ok()) return catalogue.status();
  if (status.ok()) status = ShowSizes("the whole catalogue", *catalogue);
  if (!status.ok()) return status;

  const std::string& style = movie.movie_style();
  const v1::Catalogue taken = TakeStyle(style, &*catalogue);
  if (taken.movies().empty()) {
    return absl::UnimplementedError("TODO(01_proto_codegen.generated_api)");
  }
  return ShowSizes(absl::StrCat(taken.movies_size(), " x ", style), taken);
}

absl::Status ShowJson(const v1::Movie& movie) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(movie, &json, options);
  if (!status.ok()) return absl::InternalError(status.ToString());
  std::cout << "\nThe same as JSON:\n  " << json << "\n";

  return absl::OkStatus();
}

absl::Status ShowNextVersion(v1::Movie movie) {
  std::cout << "\nTomorrow's Movie has a field release_year. Today's "
               "program gets:\n";
  absl::StatusOr<google::protobuf::DescriptorProto> descriptor =
      AddField(*v1::Movie::descriptor(), "release_year",
               google::protobuf::FieldDescriptorProto::TYPE_INT32);
  if (!descriptor.ok()) {
    std::cout << WhyNot(descriptor.status());
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<NextMovie>> next =
      NextMovie::Make(*descriptor);
  if (!next.ok()) return next.status();
  absl::Status upgraded = (*next)->Upgrade(&movie);
  if (!upgraded.ok()) return upgraded;
  ShowFields(movie.SerializeAsString());

  v1::Catalogue catalogue;
  *catalogue.add_movies() = movie;
  std::cout << "\nAnd hands on, after changing the style:\n";
  absl::StatusOr<std::string> relayed = RenameStyle(
      catalogue.SerializeAsString(), movie.movie_style(), "classic");
  if (!relayed.ok()) {
    std::cout << WhyNot(relayed.status());
    return absl::OkStatus();
  }
  if (!catalogue.ParseFromString(*relayed) || catalogue.movies_size() != 1) {
    return absl::InternalError("the relay's answer is not one movie");
  }
  ShowFields(catalogue.movies(0).SerializeAsString());
  return absl::OkStatus();
}

int Main() {
  const MovieStore store;
  const std::optional<v1::Movie> movie = store.Find(absl::GetFlag(FLAGS_mid));
  if (!movie.has_value()) {
    std::cerr << "No movie has ID " << absl::GetFlag(FLAGS_mid)
              << ". The catalogue has " << store.size()
              << " movies; try --mid=1.\n";
    return 1;
  }
  ShowBytes(*movie);
  absl::Status status = ShowJson(*movie);
  if (status.ok()) {
    const absl::Status sizes = ShowAllSizes(*movie);
    if (!sizes.ok()) std::cout << WhyNot(sizes);
    status = ShowNextVersion(*movie);
  }
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::cout << "\nThe service, from its descriptor:\n"
            << MethodTable(*v1::Movie::descriptor()->file()->FindServiceByName(
                   "MoviesService"));
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Shows a movie's bytes, its JSON, its next version, and the service.");
  absl::ParseCommandLine(argc, argv);
  return movies::Main();
}
