// What would spoil a report somebody else opens: a page that needs the network, a result changed or cut on its way in.
#include "stargate/questions/html_report.hpp"

#include <doctest/doctest.h>

#include <regex>

#include "stargate/base/file_reader.hpp"

using namespace stargate;

namespace {

constexpr std::string_view kOpen = "<script id=\"result\" type=\"application/json\">";

/// What a browser takes for the content of the element that carries the result: it ends at the first "</script".
std::string carried_result(const std::string& page) {
  const auto begin = page.find(kOpen);
  REQUIRE(begin != std::string::npos);
  const auto end = page.find("</script", begin);
  REQUIRE(end != std::string::npos);
  return page.substr(begin + kOpen.size(), end - begin - kOpen.size());
}

std::string unescape(std::string text) {
  for (auto at = text.find("\\u003c"); at != std::string::npos; at = text.find("\\u003c", at)) text.replace(at, 6, "<");
  return text;
}

int count(const std::string& text, std::string_view what) {
  int n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

/// The page without its chart library, whose 200 kB of one line are no food for std::regex.
std::string own_page(std::string page) {
  const auto begin = page.find("* Chart.js v3");
  REQUIRE(begin != std::string::npos);
  return page.erase(begin, page.find("</script", begin) - begin);
}

std::string sample() {
  const auto text = DiskFileReader().read(STARGATE_SOURCE_DIR "/web/report/sample.json");
  REQUIRE(text.ok());
  return *text;
}

}  // namespace

TEST_CASE("a report refers to nothing outside itself") {
  const std::string page = own_page(format_html_report(sample()));
  CHECK_FALSE(
      std::regex_search(page, std::regex(R"((src|href|action)\s*=\s*["']?\s*(https?:)?//)", std::regex::icase)));
  CHECK_FALSE(std::regex_search(page, std::regex(R"(@import|url\(\s*["']?(https?:)?//|\bfetch\(|XMLHttpRequest)")));
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("a report carries the result it was made from") {
  const std::string json = sample();
  CHECK(unescape(carried_result(format_html_report(json))) == json);
}

TEST_CASE("every placeholder is filled, and none is looked for in what was filled in") {
  const std::string page = own_page(format_html_report(R"({"study":{"name":"{{style}}"}})"));
  CHECK(count(page, "{{") == 1);
  CHECK(carried_result(page) == R"({"study":{"name":"{{style}}"}})");
}

TEST_CASE("a script end inside the result does not end the script that carries it") {
  const std::string json = R"({"study":{"name":"</script><script>alert(1)</script><!--"}})";
  const std::string page = format_html_report(json);
  CHECK(unescape(carried_result(page)) == json);
  CHECK(count(page, "<script") == count(format_html_report("{}"), "<script"));
  CHECK(page.find("alert(1)</script") == std::string::npos);
}

TEST_CASE("scripts of the page hold no text that would end their element") {
  const std::string page = format_html_report("{}");
  CHECK(count(page, "<script") == count(page, "</script"));
}
