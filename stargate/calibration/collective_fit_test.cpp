// The collective fit finds the coefficients rows were made with, and leaves out rows by its rules alone. Measured
// tables, where they are there, must come out within the bars.
#include "stargate/calibration/collective_fit.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "stargate/calibration/collective_sweep.hpp"
#include "stargate/perf/law_choice.hpp"
#include "tests/measured_data.hpp"

using namespace stargate;

namespace {

Accelerator hopper() {
  Accelerator a;
  a.id = "h100-sxm";
  a.scale_up = "nvlink4";
  a.scale_up_bandwidth = 450 * gigabyte / second;
  a.scale_up_domain = 8;
  a.scale_out_bandwidth = 50 * gigabyte / second;
  return a;
}

Records<Network> nvlink() {
  Network network;
  network.id = "nvlink4", network.network_class = NetworkClass::scale_up, network.in_network_reduction = true;
  return {{"nvlink4", network}};
}

DomainCoefficients truth() {
  DomainCoefficients c;
  c.launch_us = 4.4, c.step_us = 0.9, c.low_share = 0.03, c.mid_extra_us = 1.3, c.mid_share = 0.38;
  c.bulk_extra_us = 6, c.bulk_step_us = 1, c.bulk_share = 0.87, c.chunk_us = 1.2, c.local_copy = 0.35;
  return c;
}

/// A table of all-gathers made by the law.
KernelTable made_table() {
  KernelTable table;
  table.file = "made", table.device = "h100_sxm", table.table = "nccl", table.engine = "nccl", table.version = "2.29";
  for (int n : {2, 4, 8}) {
    for (double elements = 256; elements < 1e9; elements *= 2) {
      table.texts["op_name"].push_back("all_gather");
      table.texts["nccl_dtype"].push_back("half");
      table.numbers["num_gpus"].push_back(n);
      table.numbers["message_size"].push_back(elements);
      const CollectiveCall call{Collective::all_gather, 2 * elements, n, n};
      table.numbers["latency_ms"].push_back(1e-3 * domain_collective_us(truth(), call, 450e3));
      ++table.rows;
    }
  }
  return table;
}

constexpr const char* kHeader =
    "source,year,hw,inter_node_net,nodes,gpus,op,bytes,time_us,busbw_GBps,algo_or_lib,notes\n";

}  // namespace

TEST_CASE("rows made by the collective law are fitted to a percent, held-out rows too") {
  const auto law = make_collective_fit(nvlink());
  const KernelTable table = made_table();
  REQUIRE(law->accepts(table));
  const auto groups = law->fit(table, hopper());
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].precision == "all_gather");
  CHECK(groups[0].held_out.rows > 10);
  CHECK(groups[0].held_out.mean_pct < 1.0);
  CHECK(groups[0].coefficients.at("bulk_share") == doctest::Approx(0.87).epsilon(0.05));
  CHECK_FALSE(groups[0].coefficients.contains("contention"));
  CHECK_FALSE(groups[0].coefficients.contains("switch_share"));
  const auto predictions = law->predict(table, hopper(), groups);
  for (std::size_t i = 0; i < table.rows; ++i) {
    CHECK(predictions[i].milliseconds == doctest::Approx(table.number("latency_ms")[i]).epsilon(0.03));
  }
}

TEST_CASE("message sizes are counted in elements: half has two bytes each") {
  KernelTable table = made_table();
  const auto law = make_collective_fit(nvlink());
  const auto groups = law->fit(table, hopper());
  CHECK(groups[0].fitted_on.at("bytes").low == 512);
}

TEST_CASE("a row faster than its links and one slower than larger calls are left out with their reasons") {
  KernelTable table = made_table();
  const std::size_t large = 20, small = 3;
  table.numbers["latency_ms"][large] *= 0.2;
  table.numbers["latency_ms"][small] *= 3;
  const auto law = make_collective_fit(nvlink());
  const auto predictions = law->predict(table, hopper(), law->fit(made_table(), hopper()));
  CHECK(predictions[large].reason == "faster than the links can carry");
  CHECK(predictions[small].reason.starts_with("disturbed"));
  CHECK(std::isnan(predictions[large].milliseconds));
  int left_out = 0;
  for (const auto& p : predictions) left_out += !p.reason.empty();
  CHECK(left_out == 2);
}

TEST_CASE("an engine's own all-reduce is a group apart, by graph and eager") {
  KernelTable table;
  table.device = "h100_sxm", table.table = "custom_allreduce", table.engine = "vllm", table.version = "0.24.0";
  for (const char* backend : {"vllm_eager", "vllm_graph"}) {
    for (double elements = 128; elements < 1e8; elements *= 2) {
      table.texts["allreduce_dtype"].push_back("bfloat16");
      table.texts["backend"].push_back(backend);
      table.numbers["num_gpus"].push_back(4);
      table.numbers["message_size"].push_back(elements);
      const double us = domain_collective_us(truth(), {Collective::all_reduce, 2 * elements, 4, 4}, 450e3);
      table.numbers["latency_ms"].push_back(1e-3 *
                                            (std::string_view(backend) == "vllm_eager" ? std::max(25.0, us) : us));
      ++table.rows;
    }
  }
  const auto groups = make_collective_fit(nvlink())->fit(table, hopper());
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].precision == "custom_all_reduce.eager");
  CHECK(groups[0].coefficients.at("host_us") == doctest::Approx(25).epsilon(0.05));
  CHECK(groups[1].precision == "custom_all_reduce.graph");
  CHECK_FALSE(groups[1].coefficients.contains("host_us"));
}

TEST_CASE("sweeps are read by their words, and rows that say too little are counted with the reason") {
  const Records<Accelerator> accelerators{{"h100-sxm", hopper()}};
  const std::string text = std::string(kHeader) +
                           "\"A, quoted\",2025,H100 SXM,8x400Gb/s NDR,2,16,all_reduce,1048576,90,20,nccl-tests,\n"
                           "B,2025,H100 SXM,3200 Gb/s EFA per node,2,16,all_reduce,1048576,90,20,nccl-tests,\n"
                           "C,2025,H100 SXM,,1,8,alltoall,1048576,20,50,nccl-tests,\n"
                           "D,2025,H100 SXM,,1,8,all_reduce,,,480,nccl-tests,peak\n"
                           "E,2025,not stated,,4,32,all_reduce,1048576,90,20,torch,\n"
                           "F,2025,H100 SXM,not stated,2,16,all_reduce,1048576,90,20,nccl-tests,\n";
  const auto sweeps = parse_collective_sweeps("sweeps.csv", text, accelerators);
  REQUIRE(sweeps.ok());
  REQUIRE(sweeps->rows.size() == 3);
  CHECK(sweeps->rows[0].source == "A, quoted");
  CHECK(sweeps->rows[0].group == "all_reduce.across.rdma");
  CHECK(sweeps->rows[0].row.network_bandwidth == doctest::Approx(50e3));
  CHECK(sweeps->rows[0].row.call.per_domain == 8);
  CHECK(sweeps->rows[1].group == "all_reduce.across.efa");
  CHECK(sweeps->rows[1].row.network_bandwidth == doctest::Approx(50e3));
  CHECK(sweeps->rows[2].group == "all_to_all");
  CHECK(sweeps->skipped.size() == 3);
}

TEST_CASE("a sweep file without its columns is refused with each that is missing") {
  const auto sweeps = parse_collective_sweeps("x.csv", "source,hw\n", {});
  REQUIRE_FALSE(sweeps.ok());
  CHECK(sweeps.faults().size() == 10);
  CHECK(sweeps.faults()[0].message == "the column 'year' is missing");
}

TEST_SUITE_BEGIN("measured data");

TEST_CASE("measured tables come out within the bars on rows held out") {
  const auto folder = measured_data("kernels");
  if (!folder) return;
  const auto catalogue = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
  REQUIRE(catalogue.ok());
  const auto law = make_collective_fit(catalogue->networks);
  std::vector<double> medians, means;
  for (const auto& path : list_kernel_tables(*folder)) {
    if (path.find("nccl") == std::string::npos && path.find("custom_allreduce") == std::string::npos) continue;
    const auto table = load_kernel_table(path);
    REQUIRE(table.ok());
    const Accelerator* device = find_table_device(catalogue->accelerators, table->device);
    if (device == nullptr || !law->accepts(*table)) continue;
    for (const auto& group : law->fit(*table, *device)) {
      medians.push_back(group.held_out.median_pct), means.push_back(group.held_out.mean_pct);
      CHECK_MESSAGE(group.held_out.mean_pct < 15, fmt::format("{} {} {}", device->id, group.engine, group.precision));
    }
  }
  REQUIRE_FALSE(medians.empty());
  std::sort(medians.begin(), medians.end()), std::sort(means.begin(), means.end());
  CHECK(medians[medians.size() / 2] < 7);
  CHECK(means[means.size() / 2] < 12);
}

TEST_SUITE_END();
