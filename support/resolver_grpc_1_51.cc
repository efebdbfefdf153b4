// The adapter of support/resolver.h to gRPC 1.51, and the one file that
// includes gRPC's internal headers. CONTRIBUTING.md says how another version
// gets one.

#include <grpc/grpc.h>
#include <grpcpp/version_info.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "src/core/ext/filters/client_channel/client_channel.h"
#include "src/core/lib/address_utils/parse_address.h"
#include "src/core/lib/channel/channel_args.h"
#include "src/core/lib/channel/channel_stack_builder.h"
#include "src/core/lib/config/core_configuration.h"
#include "src/core/lib/gprpp/debug_location.h"
#include "src/core/lib/gprpp/orphanable.h"
#include "src/core/lib/gprpp/ref_counted_ptr.h"
#include "src/core/lib/gprpp/work_serializer.h"
#include "src/core/lib/iomgr/closure.h"
#include "src/core/lib/iomgr/exec_ctx.h"
#include "src/core/lib/iomgr/executor.h"
#include "src/core/lib/iomgr/resolved_address.h"
#include "src/core/lib/resolver/resolver.h"
#include "src/core/lib/resolver/resolver_factory.h"
#include "src/core/lib/resolver/server_address.h"
#include "src/core/lib/service_config/service_config.h"
#include "src/core/lib/service_config/service_config_impl.h"
#include "src/core/lib/surface/channel_stack_type.h"
#include "src/core/lib/surface/lame_client.h"
#include "src/core/lib/uri/uri_parser.h"
#include "support/resolver.h"
#include "support/resolver_registry.h"

#if GRPC_CPP_VERSION_MAJOR != 1 || GRPC_CPP_VERSION_MINOR != 51
#error \
    "resolver_grpc_1_51.cc is for gRPC 1.51 only: another version needs one more adapter, see CONTRIBUTING.md"
#endif

// gRPC's reference-counted classes have more members without NDEBUG, and
// Debian builds its library without.
#ifdef NDEBUG
#error "build this file as Debian builds gRPC, with NDEBUG undefined"
#endif

namespace support {
namespace {

using resolver_internal::FindResolverBuilder;
using resolver_internal::ToUnavailable;

ResolverTarget ToTarget(const grpc_core::URI& uri) {
  ResolverTarget target;
  target.scheme = uri.scheme();
  target.authority = uri.authority();
  target.path = uri.path();
  for (const grpc_core::URI::QueryParam& param : uri.query_parameter_pairs()) {
    target.query.emplace_back(param.key, param.value);
  }
  target.fragment = uri.fragment();
  return target;
}

absl::StatusOr<grpc_resolved_address> ParseAddress(const std::string& address) {
  absl::StatusOr<grpc_resolved_address> parsed =
      grpc_core::StringToSockaddr(address);
  if (parsed.ok()) return parsed;
  absl::StatusOr<grpc_core::URI> uri = grpc_core::URI::Parse(address);
  grpc_resolved_address from_uri;
  if (uri.ok() && absl::StartsWith(uri->scheme(), "unix") &&
      !uri->path().empty() && grpc_parse_uri(*uri, &from_uri)) {
    return from_uri;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the resolver reported \"", address,
      "\", which is no address: want \"127.0.0.1:50051\", \"[::1]:50051\", "
      "\"unix:/path\" or \"unix-abstract:name\""));
}

absl::StatusOr<grpc_core::ServerAddressList> ParseAddresses(
    const std::vector<std::string>& addresses) {
  grpc_core::ServerAddressList list;
  for (const std::string& address : addresses) {
    absl::StatusOr<grpc_resolved_address> parsed = ParseAddress(address);
    if (!parsed.ok()) return parsed.status();
    list.emplace_back(*parsed, grpc_core::ChannelArgs());
  }
  return list;
}

// Takes reports from any thread and passes them on where gRPC wants them: in
// the channel's work serializer, which runs one thing of the channel at a time.
//
// A thread that gives work to the serializer may have to do it itself, and
// other work of the channel too, such as ResolveNow() or destroying the
// resolver. A resolver's thread that reports must not get into that, so its
// reports wait in a queue of our own until a thread of gRPC comes for them.
class Connection : public ClientConnection,
                   public std::enable_shared_from_this<Connection> {
 public:
  Connection(const grpc_core::ResolverArgs& args,
             std::unique_ptr<grpc_core::Resolver::ResultHandler> handler)
      : channel_(std::make_unique<Channel>()) {
    absl::MutexLock lock(&mutex_);
    channel_->target = args.args.GetOwnedString(GRPC_ARG_SERVER_URI)
                           .value_or(args.uri.ToString());
    channel_->args = args.args;
    channel_->serializer = args.work_serializer;
    channel_->handler = std::move(handler);
  }

  absl::Status UpdateState(ResolverState state) override {
    absl::StatusOr<grpc_core::ServerAddressList> addresses =
        ParseAddresses(state.addresses);
    // gRPC wants one on every thread that does something for it.
    grpc_core::ExecCtx exec_ctx;
    if (!addresses.ok()) {
      absl::MutexLock lock(&mutex_);
      return Report(Failure(addresses.status()), addresses.status());
    }
    // What gRPC keeps for the channel may be used as long as it is not closed,
    // which takes the mutex.
    absl::MutexLock lock(&mutex_);
    if (channel_ == nullptr) return Closed();
    grpc_core::Resolver::Result result;
    if (addresses->empty()) {
      result.resolution_note = absl::StrCat(
          "the resolver of ", channel_->target, " knows of no server");
    }
    result.addresses = *std::move(addresses);
    absl::Status status;
    if (state.service_config_json.has_value() &&
        !channel_->args.GetBool(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION)
             .value_or(false)) {
      result.service_config = grpc_core::ServiceConfigImpl::Create(
          channel_->args, *state.service_config_json);
      status = result.service_config.status();
      if (!status.ok()) result.service_config = ToUnavailable(status);
    }
    // Nothing is left of what was reported before a state that is good. So one
    // who reports faster than the channel listens does not fill the memory.
    if (status.ok()) unreported_.clear();
    return Report(std::move(result), std::move(status));
  }

  void ReportError(const absl::Status& error) override {
    grpc_core::ExecCtx exec_ctx;
    absl::MutexLock lock(&mutex_);
    Report(Failure(error), absl::OkStatus()).IgnoreError();
  }

  // Forgets the channel. Called in its work serializer.
  void Close() {
    std::unique_ptr<Channel> channel;
    std::vector<grpc_core::Resolver::Result> unreported;
    absl::MutexLock lock(&mutex_);
    channel.swap(channel_);
    unreported.swap(unreported_);
  }

 private:
  // What is used for as long as the channel wants to hear.
  struct Channel {
    std::string target;
    grpc_core::ChannelArgs args;
    std::shared_ptr<grpc_core::WorkSerializer> serializer;
    std::unique_ptr<grpc_core::Resolver::ResultHandler> handler;
  };

  static absl::Status Closed() {
    return absl::CancelledError("the channel no longer wants to hear");
  }

  static grpc_core::Resolver::Result Failure(const absl::Status& error) {
    // The service config must be an error as well. No config would mean the
    // channel's default one, and with it another balancing policy.
    grpc_core::Resolver::Result result;
    result.addresses = ToUnavailable(error);
    result.service_config = result.addresses.status();
    // For calls that fail because the last good state had no address.
    result.resolution_note = std::string(result.addresses.status().message());
    return result;
  }

  // Queues the result and returns `status`, or CANCELLED.
  absl::Status Report(grpc_core::Resolver::Result result, absl::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (channel_ == nullptr) return Closed();
    result.args = channel_->args;
    unreported_.push_back(std::move(result));
    if (!called_for_thread_) {
      called_for_thread_ = true;
      // Not the newer EventEngine::Run(): there a wake-up may go to a thread
      // that sleeps for a second on purpose.
      grpc_core::Executor::Run(
          GRPC_CLOSURE_CREATE(
              EnterSerializer,
              new std::shared_ptr<Connection>(shared_from_this()), nullptr),
          absl::OkStatus());
    }
    return status;
  }

  // Runs on a thread of gRPC's, with nothing of ours or of the channel's held.
  static void EnterSerializer(void* arg, absl::Status /*ok*/) {
    const std::unique_ptr<std::shared_ptr<Connection>> owned(
        static_cast<std::shared_ptr<Connection>*>(arg));
    const std::shared_ptr<Connection>& self = *owned;
    std::shared_ptr<grpc_core::WorkSerializer> serializer;
    {
      absl::MutexLock lock(&self->mutex_);
      if (self->channel_ == nullptr) return;
      serializer = self->channel_->serializer;
    }
    serializer->Run([self] { self->ReportLocked(); }, DEBUG_LOCATION);
  }

  // Runs in the serializer, as Close() does, so the handler stays while it is
  // used. What is reported meanwhile has to wait for its turn, or a resolver
  // that never stops reporting would keep the channel from all else.
  void ReportLocked() {
    std::vector<grpc_core::Resolver::Result> results;
    grpc_core::Resolver::ResultHandler* handler = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      if (channel_ == nullptr) return;
      called_for_thread_ = false;
      results.swap(unreported_);
      handler = channel_->handler.get();
    }
    for (grpc_core::Resolver::Result& result : results) {
      handler->ReportResult(std::move(result));
    }
  }

  absl::Mutex mutex_;
  // Null once closed.
  std::unique_ptr<Channel> channel_ ABSL_GUARDED_BY(mutex_);
  // Oldest first.
  std::vector<grpc_core::Resolver::Result> unreported_ ABSL_GUARDED_BY(mutex_);
  // Whether EnterSerializer() or ReportLocked() will yet come for them.
  bool called_for_thread_ ABSL_GUARDED_BY(mutex_) = false;
};

// What gRPC takes for the resolver. The functions named Locked are called in
// the channel's work serializer.
class ResolverAdapter : public grpc_core::Resolver {
 public:
  ResolverAdapter(std::shared_ptr<ResolverBuilder> builder,
                  grpc_core::ResolverArgs args)
      : builder_(std::move(builder)),
        target_(ToTarget(args.uri)),
        connection_(std::make_shared<Connection>(
            args, std::move(args.result_handler))) {}

  void StartLocked() override {
    absl::StatusOr<std::unique_ptr<support::Resolver>> resolver =
        builder_->Build(target_, connection_);
    if (resolver.ok()) {
      resolver_ = *std::move(resolver);
    } else {
      connection_->ReportError(resolver.status());
    }
  }

  void RequestReresolutionLocked() override {
    if (resolver_ != nullptr) resolver_->ResolveNow();
  }

 private:
  void ShutdownLocked() override {
    connection_->Close();
    resolver_.reset();
  }

  const std::shared_ptr<ResolverBuilder> builder_;
  const ResolverTarget target_;
  const std::shared_ptr<Connection> connection_;
  std::unique_ptr<support::Resolver> resolver_;
};

class FactoryAdapter : public grpc_core::ResolverFactory {
 public:
  explicit FactoryAdapter(std::shared_ptr<ResolverBuilder> builder)
      : builder_(std::move(builder)), scheme_(builder_->Scheme()) {}

  absl::string_view scheme() const override { return scheme_; }

  // MutateArgs() has asked the builder.
  bool IsValidUri(const grpc_core::URI& /*uri*/) const override { return true; }

  grpc_core::OrphanablePtr<grpc_core::Resolver> CreateResolver(
      grpc_core::ResolverArgs args) const override {
    return grpc_core::MakeOrphanable<ResolverAdapter>(builder_,
                                                      std::move(args));
  }

  std::string GetDefaultAuthority(const grpc_core::URI& uri) const override {
    const absl::string_view name = absl::StripPrefix(uri.path(), "/");
    if (name.empty()) return "localhost";  // As for "unix:".
    return grpc_core::URI::PercentEncodeAuthority(name);
  }

 private:
  const std::shared_ptr<ResolverBuilder> builder_;
  const std::string scheme_;
};

// Adds the reason to the arguments of a channel that is refused.
grpc_core::ChannelArgs Refuse(const grpc_core::ChannelArgs& args,
                              absl::Status reason) {
  return args.Set(grpc_core::MakeLameClientErrorArg(&reason));
}

bool IsRefused(const grpc_core::ChannelArgs& args) {
  return args.Contains(grpc_core::MakeLameClientErrorArg(nullptr).key);
}

// Called for every channel before it is created. Takes care of those of our
// schemes.
grpc_core::ChannelArgs MutateArgs(const char* target,
                                  const grpc_core::ChannelArgs& args,
                                  grpc_channel_stack_type type) {
  if (type != GRPC_CLIENT_CHANNEL || target == nullptr) return args;
  const absl::string_view text = target;
  std::shared_ptr<ResolverBuilder> builder =
      FindResolverBuilder(text.substr(0, text.find(':')));
  if (builder == nullptr) return args;
  absl::StatusOr<grpc_core::URI> uri = grpc_core::URI::Parse(text);
  if (!uri.ok()) return Refuse(args, uri.status());
  absl::Status status = builder->CheckTarget(ToTarget(*uri));
  if (!status.ok()) return Refuse(args, std::move(status));
  // If the environment names an HTTP proxy, gRPC would ask that to connect to
  // the target, and no resolver. But only the resolver knows what the names of
  // its scheme mean.
  return args.Set(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
}

// Makes a refused channel one of those of which gRPC says that they are lame:
// each call fails with the reason. By itself gRPC would make it lame too, but
// with a sentence of its own for a reason.
bool MakeLameIfRefused(grpc_core::ChannelStackBuilder* builder) {
  if (IsRefused(builder->channel_args())) {
    builder->mutable_stack()->clear();
    builder->AppendFilter(&grpc_core::LameClientFilter::kFilter);
  }
  return true;
}

// Runs when gRPC fills its registries: once, or by several threads at once of
// which one wins.
void FillRegistries(grpc_core::CoreConfiguration::Builder* registries) {
  for (std::shared_ptr<ResolverBuilder>& builder :
       resolver_internal::CloseRegistry()) {
    registries->resolver_registry()->RegisterResolverFactory(
        std::make_unique<FactoryAdapter>(std::move(builder)));
  }
  // After all other stages, so that nothing is added to a refused channel.
  registries->channel_init()->RegisterStage(
      GRPC_CLIENT_CHANNEL, std::numeric_limits<int>::max(), MakeLameIfRefused);
}

// Before main(), because gRPC ends a program that asks for this once the
// registries are filled, and does not let it find out.
[[maybe_unused]] const bool kAskedGrpc = [] {
  grpc_core::CoreConfiguration::RegisterBuilder(FillRegistries);
  grpc_channel_args_set_client_channel_creation_mutator(MutateArgs);
  return true;
}();

}  // namespace
}  // namespace support
