#include "reflect_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <algorithm>

namespace movies {

void ReflectionOption::UpdatePlugins(
    std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) {
  // TODO(09_reflection.reflect_server): Take the plugin named kReflectionPlugin
  // out of `plugins`, wherever and as often as it is there. If reflection is
  // offered, add a new grpc::reflection::ProtoServerReflectionPlugin.
  // END TODO(09_reflection.reflect_server)
}

}  // namespace movies
