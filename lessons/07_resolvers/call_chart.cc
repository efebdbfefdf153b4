#include "call_chart.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

struct Slice {
  int answered = 0;
  int failed = 0;
};

using Row = std::vector<Slice>;

// The log, counted.
struct Table {
  absl::Time start;
  absl::Duration length;
  int slices;
  std::map<std::string, Row> rows;  // By name.
  std::vector<ChartMark> marks;     // By time.
};

// Which slice `time` is in.
int SliceOf(const Table& table, absl::Time time) {
  if (table.length <= absl::ZeroDuration()) return 0;
  const double part = absl::FDivDuration(time - table.start, table.length);
  return std::clamp(static_cast<int>(part * table.slices), 0, table.slices - 1);
}

std::string NameOf(const std::string& peer, const ChartOptions& options) {
  const auto found = options.names.find(peer);
  if (found != options.names.end()) return found->second;
  return std::string(absl::StripPrefix(peer, "ipv4:"));
}

Table Count(const std::vector<CallRecord>& log, const ChartOptions& options) {
  Table table;
  table.slices = std::max(1, options.slices);
  table.start = absl::InfiniteFuture();
  absl::Time end = absl::InfinitePast();
  for (const CallRecord& call : log) {
    table.start = std::min(table.start, call.start);
    end = std::max(end, call.start + call.duration);
  }
  table.length = log.empty() ? absl::ZeroDuration() : end - table.start;
  for (const auto& [peer, name] : options.names) {
    table.rows[name].resize(table.slices);
  }
  for (const CallRecord& call : log) {
    Row& row = table.rows[NameOf(call.peer, options)];
    row.resize(table.slices);
    Slice& slice = row[SliceOf(table, call.start + call.duration)];
    ++(call.code == grpc::StatusCode::OK ? slice.answered : slice.failed);
  }
  table.marks = options.marks;
  std::stable_sort(
      table.marks.begin(), table.marks.end(),
      [](const ChartMark& a, const ChartMark& b) { return a.time < b.time; });
  return table;
}

Slice Total(const Row& row) {
  return std::accumulate(row.begin(), row.end(), Slice(),
                         [](Slice sum, const Slice& slice) {
                           sum.answered += slice.answered;
                           sum.failed += slice.failed;
                           return sum;
                         });
}

// "412" or "412, 3 failed".
std::string Describe(const Slice& total) {
  std::string text = absl::StrCat(total.answered);
  if (total.failed > 0) absl::StrAppend(&text, ", ", total.failed, " failed");
  return text;
}

std::string Seconds(absl::Duration duration) {
  return absl::StrFormat("%.2f s", absl::ToDoubleSeconds(duration));
}

std::string EscapeXml(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// What the chart shows, for whoever cannot see it.
std::string InWords(const Table& table, const ChartOptions& options) {
  std::string text =
      absl::StrCat(options.title, " over ", Seconds(table.length), ".");
  for (const auto& [name, row] : table.rows) {
    absl::StrAppend(&text, " ", name, ": ", Describe(Total(row)), ".");
  }
  for (const ChartMark& mark : table.marks) {
    absl::StrAppend(&text, " At ", Seconds(mark.time - table.start), ": ",
                    mark.label, ".");
  }
  return text;
}

constexpr absl::string_view kStyle = R"svg(  <style>
    text { fill: #1f2328; }
    .small { font-size: 12.5px; }
    .answered { fill: #0969da; }
    .failed { fill: #bc4c00; }
    .axis { stroke: #6e7781; }
    .mark { stroke: #6e7781; stroke-dasharray: 4 4; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .answered { fill: #58a6ff; }
      .failed { fill: #f0883e; }
      .axis, .mark { stroke: #8d96a0; }
    }
  </style>
)svg";

}  // namespace

std::string ChartAsText(const std::vector<CallRecord>& log,
                        const ChartOptions& options) {
  constexpr absl::string_view kBlocks[] = {"▁", "▂", "▃", "▄",
                                           "▅", "▆", "▇", "█"};
  constexpr int kLevels = 8;
  const Table table = Count(log, options);
  std::size_t name_width = 0;
  int most = 1;
  for (const auto& [name, row] : table.rows) {
    name_width = std::max(name_width, name.size());
    for (const Slice& slice : row) most = std::max(most, slice.answered);
  }
  const std::string indent(name_width + 2, ' ');

  std::string text = absl::StrCat(options.title, "\n");
  // Each mark has a line of its own, and goes on downwards beside the labels of
  // those that come after it.
  std::vector<std::string> columns(table.slices, " ");
  for (const ChartMark& mark : table.marks) {
    const int at = SliceOf(table, mark.time);
    columns[at] = "│";
    absl::StrAppend(&text, indent);
    for (int i = 0; i <= at; ++i) absl::StrAppend(&text, columns[i]);
    absl::StrAppend(&text, " ", mark.label, "\n");
  }
  for (const auto& [name, row] : table.rows) {
    absl::StrAppend(&text, absl::StrFormat("%-*s", name_width + 2, name));
    for (const Slice& slice : row) {
      if (slice.failed > 0) {
        absl::StrAppend(&text, "✗");
      } else if (slice.answered == 0) {
        absl::StrAppend(&text, "·");
      } else {
        absl::StrAppend(&text, kBlocks[(slice.answered * kLevels - 1) / most]);
      }
    }
    absl::StrAppend(&text, "  ", Describe(Total(row)), "\n");
  }
  const std::string end = Seconds(table.length);
  const int gap = table.slices - 3 - static_cast<int>(end.size());
  absl::StrAppend(&text, indent, "0 s", std::string(std::max(1, gap), ' '), end,
                  "\n");
  return text;
}

std::string ChartAsSvg(const std::vector<CallRecord>& log,
                       const ChartOptions& options) {
  constexpr double kLeft = 150;
  constexpr double kRight = 690;
  constexpr double kBarHeight = 36;
  constexpr double kRowHeight = 48;
  constexpr double kLineHeight = 18;
  const Table table = Count(log, options);
  int most = 1;
  for (const auto& [name, row] : table.rows) {
    for (const Slice& slice : row) {
      most = std::max(most, slice.answered + slice.failed);
    }
  }
  const double width = (kRight - kLeft) / table.slices;
  const double top = 44 + kLineHeight * table.marks.size();
  const double bottom = top + kRowHeight * table.rows.size();

  std::string svg = absl::StrFormat(
      R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 %g" font-family="sans-serif" font-size="14" role="img" aria-labelledby="title">
  <title id="title">%s</title>
%s  <text x="%g" y="26">%s</text>
)svg",
      bottom + 36, EscapeXml(InWords(table, options)), kStyle, kLeft,
      EscapeXml(options.title));
  double y = top;
  for (const auto& [name, row] : table.rows) {
    const double base = y + kRowHeight - 4;
    absl::StrAppendFormat(
        &svg, "  <text x=\"%g\" y=\"%g\" text-anchor=\"end\">%s</text>\n",
        kLeft - 10, base - 6, EscapeXml(name));
    for (int i = 0; i < table.slices; ++i) {
      double level = base;
      const std::pair<const char*, int> parts[] = {
          {"answered", row[i].answered}, {"failed", row[i].failed}};
      for (const auto& [kind, calls] : parts) {
        if (calls == 0) continue;
        const double height = kBarHeight * calls / most;
        level -= height;
        absl::StrAppendFormat(
            &svg,
            "  <rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
            "height=\"%.2f\"/>\n",
            kind, kLeft + i * width, level, width * 0.85, height);
      }
    }
    absl::StrAppendFormat(
        &svg,
        "  <path class=\"axis\" d=\"M%g %gH%g\"/>\n"
        "  <text class=\"small\" x=\"%g\" y=\"%g\">%s</text>\n",
        kLeft, base, kRight, kRight + 10, base - 6, Describe(Total(row)));
    y += kRowHeight;
  }
  double label_y = 44 + 4;
  for (const ChartMark& mark : table.marks) {
    const double x = kLeft + SliceOf(table, mark.time) * width;
    // A label near the right edge stands to the left of its line.
    const bool to_the_left = x > (kLeft + kRight * 2) / 3;
    absl::StrAppendFormat(&svg,
                          "  <path class=\"mark\" d=\"M%.2f %gV%g\"/>\n"
                          "  <text class=\"small\" x=\"%.2f\" y=\"%g\" "
                          "text-anchor=\"%s\">%s</text>\n",
                          x, label_y - 10, bottom, to_the_left ? x - 6 : x + 6,
                          label_y, to_the_left ? "end" : "start",
                          EscapeXml(mark.label));
    label_y += kLineHeight;
  }
  absl::StrAppendFormat(&svg,
                        "  <text class=\"small\" x=\"%g\" y=\"%g\">0 s</text>\n"
                        "  <text class=\"small\" x=\"%g\" y=\"%g\" "
                        "text-anchor=\"end\">%s</text>\n"
                        "</svg>\n",
                        kLeft, bottom + 18, kRight, bottom + 18,
                        Seconds(table.length));
  return svg;
}

}  // namespace movies
