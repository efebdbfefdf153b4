// Requests that nobody in their right mind would send, to be thrown at a server
// that must survive them.

#ifndef RANDOM_REQUESTS_H_
#define RANDOM_REQUESTS_H_

#include <cstdint>
#include <string>

namespace movies {

// Returns the bytes of request `index` of the series `seed`: always the same
// ones, so that those that did harm can be had again. Half of them are any
// bytes, at most a few hundred. The other half begin as requests to the movie
// service, good ones and some of parts that do not fit, and have from none to
// three mistakes in them: bytes that are changed, missing, there twice, or from
// elsewhere.
std::string RandomRequest(std::uint64_t seed, std::uint64_t index);

}  // namespace movies

#endif  // RANDOM_REQUESTS_H_
