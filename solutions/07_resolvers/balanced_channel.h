// A channel that spreads its calls over all servers of the movie service.

#ifndef BALANCED_CHANNEL_H_
#define BALANCED_CHANNEL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace movies {

// Returns a channel to the movie service at `target`, which may name any number
// of servers, for instance "ipv4:10.0.0.1:50051,10.0.0.2:50051" or
// "dns:///movies.example.com:50051". The channel is lazy, as every channel is.
//
// It is made with `arguments` and one more, a service config that says two
// things (https://github.com/grpc/grpc/blob/master/doc/service_config.md):
//
// Which server gets a call: the policy "round_robin" gives each call to the
// next one of the servers that can be reached, whatever other calls are doing.
// A "loadBalancingConfig" is a list, of which gRPC takes the first policy that
// it knows: [{"NAME": {}}].
//
// What happens to a call whose server dies: GetMovie, QueryMovie and AddMovies
// of movies.v1.MoviesService are made again after UNAVAILABLE, up to four
// attempts in all. The backoff begins at 0.05 s and doubles each time; the
// largest, which a config has to name, is 1 s. No call is made again once its
// answer has begun to arrive: a stream of movies that breaks off fails. The
// other methods are not made again at all: run twice, they do something twice.
// Nothing else is as it would not be without the config: a call fails when no
// server can be reached, unless its caller says that it waits for ready.
//
// A service config that the target's resolver brings takes the place of this
// one. `arguments` must not hold one: it would win, and this one be ignored.
std::shared_ptr<grpc::Channel> BalancedChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    grpc::ChannelArguments arguments);

}  // namespace movies

#endif  // BALANCED_CHANNEL_H_
