// Tables read from disk, plain and gzipped; faults name the file and the line.
#include "stargate/calibration/kernel_table.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>

namespace stargate {
namespace {

const std::string kRows = "kernel_source,gemm_dtype,m,n,k,latency_ms\ncublas,fp8,1,8,8,0.049\ncublas,bf16,64,8,8,\n";

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
    CHECK_FALSE(table->has("window_size"));
  }
}

TEST_CASE("Each row with the wrong number of cells is reported with its line") {
  const auto table = load_kernel_table(written("l40s.other.vllm-0.1.csv", "a,b\n1,2\n1\n3,4\n1,2,3\n"));
  REQUIRE_FALSE(table.ok());
  REQUIRE(table.faults().size() == 2);
  CHECK(table.faults()[0].line == 3);
  CHECK(table.faults()[1].line == 5);
  CHECK(table.faults()[1].message == "the row has 3 cells, the header 2");
}

TEST_CASE("A misnamed file, an empty one, a cut gzip and a column named twice are refused") {
  CHECK_FALSE(load_kernel_table(written("gemm.csv", kRows)).ok());
  CHECK_FALSE(load_kernel_table(written("l40s.gemm.vllm-1.csv", "")).ok());
  CHECK_FALSE(load_kernel_table(written("l40s.gemm.vllm-2.csv.gz", "not gzip")).ok());
  CHECK_FALSE(load_kernel_table(written("l40s.gemm.vllm-3.csv", "m,m\n1,2\n")).ok());
}

TEST_CASE("A column that a law reads is refused when it is missing, renamed or holds text, with its line") {
  const auto renamed =
      load_kernel_table(written("l40s.gemm.vllm-4.csv", "gemm_dtype,m,n,kk,latency_ms\nbf16,1,2,3,4\n"));
  REQUIRE_FALSE(renamed.ok());
  CHECK(renamed.faults()[0].message == "the column 'k' is missing");
  CHECK(renamed.faults()[0].hint == "did you mean 'kk'?");
  const auto text = load_kernel_table(
      written("l40s.gemm.vllm-5.csv", "gemm_dtype,m,n,k,latency_ms\nbf16,1,2,3,4\nbf16,1,two,3,nan\n"));
  REQUIRE_FALSE(text.ok());
  REQUIRE(text.faults().size() == 1);
  CHECK(text.faults()[0].message == "n: 'two' is not a number");
  CHECK(text.faults()[0].line == 3);
  const auto numbers_as_text =
      load_kernel_table(written("l40s.gemm.vllm-6.csv", "gemm_dtype,m,n,k,latency_ms\n8,1,2,3,4\n"));
  REQUIRE(numbers_as_text.ok());
  CHECK(numbers_as_text->text("gemm_dtype")[0] == "8");
  const auto huge = load_kernel_table(
      written("l40s.gemm.vllm-7.csv", "gemm_dtype,m,n,k,latency_ms\nbf16,1e9,2,3,4\nbf16,1,1e300,3,4\n"));
  REQUIRE_FALSE(huge.ok());
  REQUIRE(huge.faults().size() == 1);
  CHECK(huge.faults()[0].message == "n: '1e300' is beyond what any kernel is run with");
}

TEST_CASE("A small gzip that inflates to more than any table is refused") {
  const auto bomb = load_kernel_table(gzipped("l40s.gemm.vllm-7.csv.gz", std::string(std::size_t{40} << 20, 'a')));
  REQUIRE_FALSE(bomb.ok());
  CHECK(bomb.faults()[0].message == "is larger than 32 MiB once inflated");
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
