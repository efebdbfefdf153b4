#include "balanced_channel.h"

namespace movies {

std::shared_ptr<grpc::Channel> BalancedChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    grpc::ChannelArguments arguments) {
  arguments.SetServiceConfigJSON(R"json({
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{
      "name": [
        {"service": "movies.v1.MoviesService", "method": "GetMovie"},
        {"service": "movies.v1.MoviesService", "method": "QueryMovie"},
        {"service": "movies.v1.MoviesService", "method": "AddMovies"}
      ],
      "retryPolicy": {
        "maxAttempts": 4,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    }]
  })json");
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

}  // namespace movies
