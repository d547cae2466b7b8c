// Every sequence of the folder, and that the language notices what is wrong.
#include "sequence.hpp"

#include <doctest/doctest.h>

#include "stargate/base/file_reader.hpp"

using namespace stargate;
using namespace stargate::scheduler_tests;

TEST_CASE("every scheduler makes the batches its sequences assert") {
  const DiskFileReader files;
  const auto paths = files.list(STARGATE_SOURCE_DIR "/tests/schedulers/sequences", ".seq");
  REQUIRE(paths.size() >= 10);
  for (const auto& path : paths) {
    const auto text = files.read(path);
    REQUIRE(text.ok());
    for (const auto& fault : run_sequence(*text)) {
      FAIL_CHECK(path << ":" << fault.line << ": " << fault.message);
    }
  }
}

TEST_CASE("a wrong batch and a wrong line are told with their line") {
  const auto wrong = run_sequence("engine vllm\nsend a at=0 prompt=4 output=2\nstep prompts a:3\n");
  REQUIRE(wrong.size() == 1);
  CHECK(wrong[0].line == 3);
  CHECK(wrong[0].message == "step 1 is 'prompts a:4', not 'prompts a:3'");
  CHECK(run_sequence("engine vllm colour=blue\n")[0].message == "'colour=blue' is no field of an engine");
  CHECK(run_sequence("sent a\n")[0].message == "'sent' is no statement");
}
