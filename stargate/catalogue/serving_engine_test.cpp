// Versions in order, and the record that holds one.
#include "stargate/catalogue/serving_engine.hpp"

#include <doctest/doctest.h>

#include "stargate/base/file_reader.hpp"
#include "stargate/catalogue/catalogue.hpp"

using namespace stargate;

TEST_CASE("versions are ordered number by number, release candidates before the release") {
  CHECK(compare_versions("0.16.0", "0.8") > 0);
  CHECK(compare_versions("1.2", "1.2.0") == 0);
  CHECK(compare_versions("1.2.0rc2.post2", "1.2.0") < 0);
  CHECK(compare_versions("1.1.0rc2", "1.0.0") > 0);
  CHECK(compare_versions("v0.5.9", "0.5.12") < 0);
  CHECK(compare_versions("0.5.1.post1", "0.5.1") >= 0);
  CHECK(compare_versions("", "0.1") < 0);
}

TEST_CASE("an engine's record is the newest that has begun, the newest of all for an unknown version") {
  Catalogue c;
  const auto add = [&](const std::string& id, const std::string& engine, const std::string& since) {
    ServingEngine record;
    record.id = id, record.engine = engine, record.since = since;
    c.engines[id] = record;
  };
  add("vllm-0", "vllm", "0.1"), add("vllm-1", "vllm", "0.8"), add("sglang-0", "sglang", "0.4");
  CHECK(find_engine(c, "vllm", "0.7.3")->id == "vllm-0");
  CHECK(find_engine(c, "vllm", "0.8")->id == "vllm-1");
  CHECK(find_engine(c, "vllm")->id == "vllm-1");
  CHECK(find_engine(c, "vllm", "main@43124cdd")->id == "vllm-1");
  CHECK(find_engine(c, "sglang", "0.2")->id == "sglang-0");
  CHECK(find_engine(c, "trtllm") == nullptr);
}

TEST_CASE("without a version the record is of the time of the run, and a version beats the time") {
  Catalogue c;
  const auto add = [&](const std::string& id, const std::string& since, Quarter released) {
    ServingEngine record;
    record.id = id, record.engine = "vllm", record.since = since, record.released = released;
    c.engines[id] = record;
  };
  add("eager", "0.1", Quarter::of(2023, 2)), add("graphs", "0.2.6", Quarter::of(2023, 4));
  add("v1", "0.8", Quarter::of(2025, 1));
  CHECK(find_engine(c, "vllm", {}, Quarter::of(2022, 1))->id == "eager");
  CHECK(find_engine(c, "vllm", {}, Quarter::of(2023, 3))->id == "eager");
  CHECK(find_engine(c, "vllm", "nightly", Quarter::of(2024, 2))->id == "graphs");
  CHECK(find_engine(c, "vllm", "0.9", Quarter::of(2023, 3))->id == "v1");
  CHECK(find_engine(c, "vllm")->id == "v1");
}

TEST_CASE("rules of memory are those of the version, and of the newest in an engine record's range without one") {
  const auto catalogue = load_catalogue(DiskFileReader{}, STARGATE_SOURCE_DIR "/catalogue");
  REQUIRE(catalogue);
  CHECK(find_engine_memory(*catalogue, "vllm", "0.10.1")->id == "vllm-0.10");
  CHECK(find_engine_memory(*catalogue, "vllm", "0.22")->id == "vllm-0.21");
  const ServingEngine& v1 = *find_engine(*catalogue, "vllm", "0.10");
  CHECK(v1.memory->id == "vllm-0.11");
  CHECK(coefficients_of(*catalogue, v1, "0.10").memory->id == "vllm-0.10");
  CHECK(coefficients_of(*catalogue, v1, "main@43124cdd").memory->id == "vllm-0.11");
  CHECK(find_engine_memory(*catalogue, "none", "") == nullptr);
}

TEST_CASE("a change reaches the record whose whole id it names, also where another's id is its beginning") {
  CatalogueChanges changes;
  changes.set = {{"engine:vllm-0.14.max_num_seqs", "77"}};
  const auto catalogue = load_catalogue(DiskFileReader{}, STARGATE_SOURCE_DIR "/catalogue", changes);
  REQUIRE(catalogue);
  CHECK(catalogue->engines.at("vllm-0.14").max_num_seqs == 77);
  CHECK(catalogue->engines.at("vllm-0").max_num_seqs != 77);
}
