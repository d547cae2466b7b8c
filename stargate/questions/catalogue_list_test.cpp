// Every kind of record has its table.
#include "stargate/questions/catalogue_list.hpp"

#include <doctest/doctest.h>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/questions/registry.hpp"

using namespace stargate;

TEST_CASE("each kind of record is listed with each of its ids") {
  const DiskFileReader files;
  const std::string folder = STARGATE_SOURCE_DIR "/catalogue";
  const auto catalogue = load_catalogue(files, folder);
  REQUIRE(catalogue.ok());
  for (const auto& kind : record_kinds()) {
    CAPTURE(kind.name);
    const auto asked =
        parse_asked_question("q.json", "{\"question\": \"catalogue list\", \"kind\": \"" + std::string(kind.name) + "\"}");
    REQUIRE(asked.ok());
    const auto answer = asked->question->run(asked->document, {files, folder});
    REQUIRE(answer.ok());
    const std::string text = answer->text();
    for (const auto& id : record_ids(*catalogue, kind.name)) CHECK(text.find(id) != std::string::npos);
  }
}
