// A picture of which backend answered when, from a load generator's log.
//
//   ChartOptions options;
//   options.names = {{"ipv4:127.0.0.1:50051", "A"}};
//   options.marks = {{died, "B dies"}};
//   std::cout << ChartAsText(load.Stop(), options);

#ifndef CALL_CHART_H_
#define CALL_CHART_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "load_generator.h"

namespace movies {

// Something that happened while the calls were made.
struct ChartMark {
  // By support::SteadyNow(), as the log's times. A time before the first call
  // or after the last is drawn at the edge.
  absl::Time time;
  std::string label;
};

struct ChartOptions {
  std::string title = "Calls per backend";

  // What to call a peer. One without a name is called what the log calls it,
  // without "ipv4:". One that answered no call has a row even so. Two peers of
  // the same name share a row.
  std::map<std::string, std::string> names;

  std::vector<ChartMark> marks;

  // Into how many parts of the same length to divide the time; 1 or more.
  int slices = 60;
};

// One row per backend, by name, one column per slice of time: the fuller a
// block, the more calls were answered in it, compared with the fullest of the
// chart. A call counts where it ended. "·" is no call, and "✗" is one or more
// that failed, whatever else there was. At the right, all calls of the row. A
// few lines for a terminal that shows UTF-8.
std::string ChartAsText(const std::vector<CallRecord>& log,
                        const ChartOptions& options);

// The same as a picture: one bar per slice, failed calls on top in another
// colour. A whole SVG document, readable on light and dark ground; its title
// says in words what is to be seen.
std::string ChartAsSvg(const std::vector<CallRecord>& log,
                       const ChartOptions& options);

}  // namespace movies

#endif  // CALL_CHART_H_
