// A message type made while the program runs, from a descriptor instead of from
// generated code: here, tomorrow's version of a type that this program has.
//
//   absl::StatusOr<std::unique_ptr<MessageVersion>> next =
//       MessageVersion::Make(*v1::Movie::descriptor(), next_descriptor);
//   std::unique_ptr<google::protobuf::Message> movie = (*next)->New();

#ifndef MESSAGE_VERSION_H_
#define MESSAGE_VERSION_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>

#include <memory>

#include "absl/status/statusor.h"

namespace movies {

// One version of a message type. Thread-safe. Must outlive its messages.
class MessageVersion {
 public:
  // Makes the version of `current`, a message at the top of its file, in which
  // `changed` describes it; everything else in the file, and what the file
  // imports, stays as it is. INVALID_ARGUMENT, with every complaint that protoc
  // would have, if that does not compile.
  static absl::StatusOr<std::unique_ptr<MessageVersion>> Make(
      const google::protobuf::Descriptor& current,
      const google::protobuf::DescriptorProto& changed);

  MessageVersion(const MessageVersion&) = delete;
  MessageVersion& operator=(const MessageVersion&) = delete;

  const google::protobuf::Descriptor& descriptor() const {
    return *descriptor_;
  }

  // An empty message of this version, to be used through its Reflection.
  std::unique_ptr<google::protobuf::Message> New() const;

 private:
  MessageVersion() = default;

  google::protobuf::DescriptorPool pool_;
  const google::protobuf::Descriptor* descriptor_ = nullptr;
  // Messages are made of what the pool holds, so it goes last and leaves first.
  google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Message* prototype_ = nullptr;
};

}  // namespace movies

#endif  // MESSAGE_VERSION_H_
