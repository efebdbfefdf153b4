// Tables for people: a message's bytes field by field, a service's methods.

#ifndef REPORT_H_
#define REPORT_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "wire_format.h"

namespace movies {

// A line for each of `fields`, in the order in which they stand in a message of
// type `type`: where it is, its tag, its length if it has one, its payload, all
// in hexadecimal, and what `type` calls it. Long payloads are cut short.
std::string FieldTable(const google::protobuf::Descriptor& type,
                       const std::vector<WireField>& fields);

// A line for each of the service's methods: the path that names it in a call,
// and what goes in and comes out.
std::string MethodTable(const google::protobuf::ServiceDescriptor& service);

// A line that says why something cannot be shown: which exercise it waits for,
// if `status` comes from an empty hole, and the error otherwise.
std::string WhyNot(const absl::Status& status);

}  // namespace movies

#endif  // REPORT_H_
