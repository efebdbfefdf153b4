// The adapter of support/resolver.h to gRPC 1.51, and the one file that
// includes gRPC's internal headers. CONTRIBUTING.md says how another version
// gets one.

#include <grpc/event_engine/event_engine.h>
#include <grpc/grpc.h>
#include <grpcpp/version_info.h>

#include <deque>
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
#include "src/core/lib/channel/promise_based_filter.h"
#include "src/core/lib/config/core_configuration.h"
#include "src/core/lib/gprpp/debug_location.h"
#include "src/core/lib/gprpp/orphanable.h"
#include "src/core/lib/gprpp/ref_counted_ptr.h"
#include "src/core/lib/gprpp/work_serializer.h"
#include "src/core/lib/handshaker/proxy_mapper.h"
#include "src/core/lib/iomgr/exec_ctx.h"
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

using grpc_event_engine::experimental::EventEngine;
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

absl::Status Check(const grpc_core::URI& uri) {
  std::shared_ptr<ResolverBuilder> builder = FindResolverBuilder(uri.scheme());
  if (builder == nullptr) return absl::OkStatus();
  return builder->CheckTarget(ToTarget(uri));
}

// Returns why the target that these channel arguments hold is refused, or OK,
// also for a target that is none of ours.
absl::Status CheckTargetIn(const grpc_core::ChannelArgs& args) {
  const absl::optional<absl::string_view> target =
      args.GetString(GRPC_ARG_SERVER_URI);
  if (!target.has_value()) return absl::OkStatus();
  // gRPC puts its default scheme before what it cannot parse.
  const absl::string_view given = absl::StripPrefix(*target, "dns:///");
  absl::StatusOr<grpc_core::URI> uri = grpc_core::URI::Parse(given);
  if (uri.ok()) return Check(*uri);
  const absl::string_view scheme = given.substr(0, given.find(':'));
  if (FindResolverBuilder(scheme) == nullptr) return absl::OkStatus();
  return uri.status();
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
    channel_->target = args.uri.ToString();
    channel_->args = args.args;
    channel_->serializer = args.work_serializer;
    channel_->handler = std::move(handler);
  }

  absl::Status UpdateState(ResolverState state) override {
    absl::StatusOr<grpc_core::ServerAddressList> addresses =
        ParseAddresses(state.addresses);
    if (!addresses.ok()) {
      absl::MutexLock lock(&mutex_);
      return Report(Failure(addresses.status()), addresses.status());
    }
    // A service config may hold gRPC's objects, so an ExecCtx must be there.
    grpc_core::ExecCtx exec_ctx;
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
    return Report(std::move(result), std::move(status));
  }

  void ReportError(const absl::Status& error) override {
    absl::MutexLock lock(&mutex_);
    Report(Failure(error), absl::OkStatus()).IgnoreError();
  }

  // Forgets the channel. Called in its work serializer.
  void Close() {
    std::unique_ptr<Channel> channel;
    std::deque<grpc_core::Resolver::Result> unreported;
    absl::MutexLock lock(&mutex_);
    channel = std::move(channel_);
    unreported = std::move(unreported_);
    unreported_.clear();
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
    return result;
  }

  // Queues the result and returns `status`, or CANCELLED.
  absl::Status Report(grpc_core::Resolver::Result result, absl::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (channel_ == nullptr) return Closed();
    result.args = channel_->args;
    unreported_.push_back(std::move(result));
    if (unreported_.size() == 1) {
      channel_->args.GetObject<EventEngine>()->Run(
          [self = shared_from_this()] { self->EnterSerializer(); });
    }
    return status;
  }

  void EnterSerializer() {
    grpc_core::ApplicationCallbackExecCtx callback_exec_ctx;
    grpc_core::ExecCtx exec_ctx;
    std::shared_ptr<grpc_core::WorkSerializer> serializer;
    {
      absl::MutexLock lock(&mutex_);
      if (channel_ == nullptr) return;
      serializer = channel_->serializer;
    }
    serializer->Run([self = shared_from_this()] { self->ReportAllLocked(); },
                    DEBUG_LOCATION);
  }

  // Runs in the serializer, as Close() does, so the handler stays while it is
  // used.
  void ReportAllLocked() {
    while (true) {
      grpc_core::Resolver::Result result;
      grpc_core::Resolver::ResultHandler* handler = nullptr;
      {
        absl::MutexLock lock(&mutex_);
        if (channel_ == nullptr || unreported_.empty()) return;
        handler = channel_->handler.get();
        result = std::move(unreported_.front());
        unreported_.pop_front();
      }
      handler->ReportResult(std::move(result));
    }
  }

  absl::Mutex mutex_;
  // Null once closed.
  std::unique_ptr<Channel> channel_ ABSL_GUARDED_BY(mutex_);
  // Oldest first. Whoever adds the first one calls for a thread.
  std::deque<grpc_core::Resolver::Result> unreported_ ABSL_GUARDED_BY(mutex_);
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

  bool IsValidUri(const grpc_core::URI& uri) const override {
    return Check(uri).ok();
  }

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

// The whole stack of a channel whose target was refused: every call fails with
// the reason. It is gRPC's own filter for channels that are of no use; gRPC by
// itself would put a sentence of its own there.
class RefusedTargetFilter : public grpc_core::LameClientFilter {
 public:
  static const grpc_channel_filter kFilter;

  static absl::StatusOr<RefusedTargetFilter> Create(
      const grpc_core::ChannelArgs& args,
      grpc_core::ChannelFilter::Args filter_args) {
    absl::Status reason = CheckTargetIn(args);
    // A builder that changed its mind meanwhile.
    if (reason.ok()) reason = absl::UnavailableError("the target was refused");
    const grpc_arg arg = grpc_core::MakeLameClientErrorArg(&reason);
    const grpc_channel_args only_reason = {1, const_cast<grpc_arg*>(&arg)};
    absl::StatusOr<grpc_core::LameClientFilter> filter =
        grpc_core::LameClientFilter::Create(
            grpc_core::ChannelArgs::FromC(&only_reason), filter_args);
    if (!filter.ok()) return filter.status();
    return RefusedTargetFilter(*std::move(filter));
  }

 private:
  explicit RefusedTargetFilter(grpc_core::LameClientFilter filter)
      : grpc_core::LameClientFilter(std::move(filter)) {}
};

const grpc_channel_filter RefusedTargetFilter::kFilter =
    grpc_core::MakePromiseBasedFilter<RefusedTargetFilter,
                                      grpc_core::FilterEndpoint::kClient,
                                      grpc_core::kFilterIsLast>(
        "refused-target");

bool ReplaceIfRefused(grpc_core::ChannelStackBuilder* builder) {
  if (CheckTargetIn(builder->channel_args()).ok()) return true;
  builder->mutable_stack()->clear();
  builder->AppendFilter(&RefusedTargetFilter::kFilter);
  return true;
}

// gRPC would ask an HTTP proxy that the environment names to connect to the
// target, by its name, and ask no resolver; but only the resolver knows what
// names of its scheme mean.
class NoProxyForOurSchemes : public grpc_core::ProxyMapperInterface {
 public:
  absl::optional<std::string> MapName(
      absl::string_view target, grpc_core::ChannelArgs* /*args*/) override {
    absl::StatusOr<grpc_core::URI> uri = grpc_core::URI::Parse(target);
    if (!uri.ok() || FindResolverBuilder(uri->scheme()) == nullptr) {
      return absl::nullopt;
    }
    return std::string(target);
  }

  absl::optional<grpc_resolved_address> MapAddress(
      const grpc_resolved_address& /*address*/,
      grpc_core::ChannelArgs* /*args*/) override {
    return absl::nullopt;
  }
};

// Runs when gRPC fills its registries: once, or by several threads at once of
// which one wins.
void FillRegistries(grpc_core::CoreConfiguration::Builder* registries) {
  for (std::shared_ptr<ResolverBuilder>& builder :
       resolver_internal::CloseRegistry()) {
    registries->resolver_registry()->RegisterResolverFactory(
        std::make_unique<FactoryAdapter>(std::move(builder)));
  }
  registries->proxy_mapper_registry()->Register(
      /*at_start=*/true, std::make_unique<NoProxyForOurSchemes>());
  // After all other stages, so that nothing is added to a refused channel.
  registries->channel_init()->RegisterStage(
      GRPC_CLIENT_CHANNEL, std::numeric_limits<int>::max(), ReplaceIfRefused);
}

// Before main(), because gRPC ends a program that asks for this once the
// registries are filled, and does not let it find out.
[[maybe_unused]] const bool kAskedGrpc = [] {
  grpc_core::CoreConfiguration::RegisterBuilder(FillRegistries);
  return true;
}();

}  // namespace
}  // namespace support
