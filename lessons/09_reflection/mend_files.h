// What some servers' descriptors lack, made good.

#ifndef MEND_FILES_H_
#define MEND_FILES_H_

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <string>

namespace movies {

// Returns `files`, by their names, as protoc would have made them, as far as
// that can be told. Node's @grpc/reflection makes its descriptors anew, and
//
//  * leaves out the imports: a file that uses a message or an enum of another
//    one of `files` imports it;
//  * calls the type of a map's entries "Scores", where protobuf insists on
//    "ScoresEntry".
//
// Files that lack nothing are returned as they are, but for this: what a file
// imports by way of another one's public imports it then imports itself too.
std::map<std::string, google::protobuf::FileDescriptorProto> MendFiles(
    std::map<std::string, google::protobuf::FileDescriptorProto> files);

}  // namespace movies

#endif  // MEND_FILES_H_
