// Whether a server tells whoever asks what it serves.
//
//   grpc::ServerBuilder builder;
//   builder.RegisterService(&service);
//   builder.SetOption(std::make_unique<ReflectionOption>(false));
//
// With grpc++_reflection linked, a plugin of that library is in every
// ServerBuilder of the program from the start, and each server it builds
// answers grpc.reflection.v1alpha.ServerReflection: somebody's decision to link
// a library, for the whole program. This option decides for one server.

#ifndef REFLECT_SERVER_H_
#define REFLECT_SERVER_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>

#include <memory>
#include <vector>

namespace movies {

// The name() of the plugin that adds reflection to a server.
inline constexpr char kReflectionPlugin[] = "proto_server_reflection";

// For one builder, which takes it and calls it, once, when it builds.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  // True for a server that offers reflection, false for one that does not.
  explicit ReflectionOption(bool offered) : offered_(offered) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}

  // Sees to it that among `plugins`, the builder's, none of which is null, is
  // exactly one that adds reflection, or none if it is not offered, whatever
  // there was before. All others stay, in their order.
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*
                         plugins) override;

 private:
  const bool offered_;
};

}  // namespace movies

#endif  // REFLECT_SERVER_H_
