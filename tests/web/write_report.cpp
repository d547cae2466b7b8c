// write_report <result.json> <report.html>: the page the program writes for a result kept as JSON, without planning
// again.
#include <cstdio>

#include "stargate/questions/html_report.hpp"
#include "stargate/base/file_reader.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s <result.json> <report.html>\n", argv[0]);
    return 2;
  }
  const auto json = stargate::DiskFileReader().read(argv[1]);
  if (!json) {
    std::fprintf(stderr, "%s: cannot read it\n", argv[1]);
    return 2;
  }
  return stargate::write_file(argv[2], stargate::format_html_report(*json)).ok() ? 0 : 1;
}
