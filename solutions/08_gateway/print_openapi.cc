// Prints an OpenAPI document of the movie service, or of the services in
// descriptor sets, which carry the comments of their .proto files if protoc was
// told so:
//
//   protoc --include_imports --include_source_info -o shop.binpb shop.proto
//   bazel run //lessons/08_gateway:print_openapi -- $PWD/shop.binpb

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "movies/v1/movies.pb.h"
#include "openapi.h"
#include "support/files.h"

ABSL_FLAG(std::string, title, "Movies", "the API's name");
ABSL_FLAG(std::string, api_version, "1", "the API's version");

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;
using ::google::protobuf::ServiceDescriptor;

// Reads a descriptor set, adds its files to `database` and their names to
// `names`.
absl::Status ReadFiles(const std::string& path,
                       google::protobuf::SimpleDescriptorDatabase* database,
                       std::vector<std::string>* names) {
  const absl::StatusOr<std::string> bytes = support::ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  FileDescriptorSet files;
  if (!files.ParseFromString(*bytes) || files.file().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     " is no descriptor set; protoc "
                     "--descriptor_set_out=FILE writes one"));
  }
  for (const FileDescriptorProto& file : files.file()) {
    // The same import may be in several sets.
    FileDescriptorProto known;
    if (database->FindFileByName(file.name(), &known)) continue;
    if (!database->Add(file)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", file.name(),
                       " declares a name that another file declares"));
    }
    names->push_back(file.name());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Describe(const std::vector<std::string>& paths) {
  const OpenApiInfo info = {absl::GetFlag(FLAGS_title),
                            absl::GetFlag(FLAGS_api_version)};
  if (paths.empty()) {
    return OpenApi({v1::Movie::descriptor()->file()->service(0)}, info);
  }
  google::protobuf::SimpleDescriptorDatabase files;
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const absl::Status read = ReadFiles(path, &files, &names);
    if (!read.ok()) return read;
  }
  // Imports that a set lacks may be linked into this program.
  google::protobuf::DescriptorPoolDatabase linked(
      *DescriptorPool::generated_pool());
  google::protobuf::MergedDescriptorDatabase all(&files, &linked);
  DescriptorPool pool(&all);
  std::vector<const ServiceDescriptor*> services;
  for (const std::string& name : names) {
    const FileDescriptor* file = pool.FindFileByName(name);
    if (file == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(name,
                       " does not stand alone: give protoc "
                       "--include_imports"));
    }
    for (int i = 0; i < file->service_count(); ++i) {
      services.push_back(file->service(i));
    }
  }
  return OpenApi(services, info);
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "prints an OpenAPI document: print_openapi [DESCRIPTOR_SET...]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const absl::StatusOr<std::string> document =
      movies::Describe({arguments.begin() + 1, arguments.end()});
  if (!document.ok()) {
    std::fprintf(stderr, "%s\n", document.status().ToString().c_str());
    return 1;
  }
  std::fwrite(document->data(), 1, document->size(), stdout);
  return 0;
}
