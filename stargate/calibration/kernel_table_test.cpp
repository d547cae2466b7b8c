// Tables read from disk, plain and gzipped; faults name the file and the line.
#include "stargate/calibration/kernel_table.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>

namespace stargate {
namespace {

const std::string kRows = "kernel_source,gemm_dtype,m,latency_ms\ncublas,fp8,1,0.049\ncublas,bf16,64,\n";

std::string folder() { return (std::filesystem::temp_directory_path() / "stargate_kernel_tables").string(); }

std::string written(const std::string& name, const std::string& content) {
  const std::string path = folder() + "/" + name;
  REQUIRE(write_file(path, content).ok());
  return path;
}

std::string gzipped(const std::string& name, const std::string& content) {
  const std::string path = folder() + "/" + name;
  std::filesystem::create_directories(folder());
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, content.data(), static_cast<unsigned>(content.size())) == static_cast<int>(content.size()));
  gzclose(file);
  return path;
}

TEST_CASE("A table's name and columns are read the same plain and gzipped") {
  for (const std::string& path : {written("h100_sxm.gemm.trtllm-1.3.0rc20.csv", kRows),
                                  gzipped("h100_sxm.gemm.trtllm-1.3.0rc20.csv.gz", kRows)}) {
    const auto table = load_kernel_table(path);
    REQUIRE(table.ok());
    CHECK(table->device == "h100_sxm");
    CHECK(table->table == "gemm");
    CHECK(table->engine == "trtllm");
    CHECK(table->version == "1.3.0rc20");
    CHECK(table->rows == 2);
    CHECK(table->text("gemm_dtype") == std::vector<std::string>{"fp8", "bf16"});
    CHECK(table->number("m") == std::vector<double>{1, 64});
    CHECK(table->number("latency_ms")[0] == 0.049);
    CHECK(std::isnan(table->number("latency_ms")[1]));
    CHECK(table->has("m"));
    CHECK_FALSE(table->has("n"));
  }
}

TEST_CASE("Each row with the wrong number of cells is reported with its line") {
  const auto table = load_kernel_table(written("l40s.moe.vllm-0.1.csv", "a,b\n1,2\n1\n3,4\n1,2,3\n"));
  REQUIRE_FALSE(table.ok());
  REQUIRE(table.faults().size() == 2);
  CHECK(table.faults()[0].line == 3);
  CHECK(table.faults()[1].line == 5);
  CHECK(table.faults()[1].message == "has 3 cells where the header names 2");
}

TEST_CASE("A misnamed file, an empty one, a cut gzip and a column named twice are refused") {
  CHECK_FALSE(load_kernel_table(written("gemm.csv", kRows)).ok());
  CHECK_FALSE(load_kernel_table(written("l40s.gemm.vllm-1.csv", "")).ok());
  CHECK_FALSE(load_kernel_table(written("l40s.gemm.vllm-2.csv.gz", "not gzip")).ok());
  CHECK_FALSE(load_kernel_table(written("l40s.gemm.vllm-3.csv", "m,m\n1,2\n")).ok());
}

TEST_CASE("Listing a folder gives its tables in order of name and nothing else") {
  std::filesystem::remove_all(folder());
  CHECK(list_kernel_tables(folder()).empty());
  const auto second = written("h100_sxm.gemm.vllm-1.csv", kRows);
  const auto first = gzipped("a100_sxm.gemm.vllm-1.csv.gz", kRows);
  written("notes.csv", "a\n");
  CHECK(list_kernel_tables(folder()) == std::vector<std::string>{first, second});
}

}  // namespace
}  // namespace stargate
