#include "reflect_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <algorithm>

namespace movies {

void ReflectionOption::UpdatePlugins(
    std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) {
  plugins->erase(
      std::remove_if(
          plugins->begin(), plugins->end(),
          [](const std::unique_ptr<grpc::ServerBuilderPlugin>& plugin) {
            return plugin->name() == kReflectionPlugin;
          }),
      plugins->end());
  if (offered_) {
    plugins->push_back(
        std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
  }
}

}  // namespace movies
