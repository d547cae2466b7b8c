// Calibration and validation from the outside, on made-up tables and a law with two coefficients:
// t = launch + bytes / (share * bandwidth).
#include "stargate/calibration/calibrate.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "stargate/config/node.hpp"
#include "stargate/measured/validation_json.hpp"

namespace stargate {
namespace {

class StreamFit final : public LawFit {
 public:
  std::string law() const override { return "stream"; }
  bool accepts(const KernelTable& table) const override { return table.table == "stream"; }
  std::vector<Parameter> parameters() const override {
    return {{"launch", "us", "start of a kernel", 5, 0.1, 50, true},
            {"memory_share", "1", "share of the peak bandwidth", 0.8, 0.2, 1, false}};
  }
  static double milliseconds(double launch, double share, double bytes, const Accelerator& device) {
    return launch * 1e-3 + bytes / (share * device.memory_bandwidth.base()) * 1e3;
  }
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    const auto& bytes = table.number("bytes");
    const auto& times = table.number("latency_ms");
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < table.rows; ++i) {
      if (times[i] > 0) used.push_back(i);
    }
    std::vector<double> measured;
    for (const auto i : used) measured.push_back(times[i]);
    const auto predict = [&](std::span<const double> v, std::span<double> out) {
      for (std::size_t j = 0; j < used.size(); ++j) out[j] = milliseconds(v[0], v[1], bytes[used[j]], device);
    };
    const Fit found = fit_parameters(parameters(), predict, measured, {});
    CalibratedGroup group;
    group.engine = table.engine, group.version = table.version, group.precision = "bf16";
    group.coefficients = {{"launch", found.values[0]}, {"memory_share", found.values[1]}};
    group.fitted_on["bytes"] = {1e3, 1e9};
    return {group};
  }
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    std::vector<Prediction> out;
    for (const double bytes : table.number("bytes")) {
      if (groups.empty()) {
        out.push_back({std::nan(""), "bf16", "no coefficients"});
      } else {
        const auto& c = groups[0].coefficients;
        out.push_back({milliseconds(c.at("launch"), c.at("memory_share"), bytes, device), "bf16", {}});
      }
    }
    return out;
  }
};

/// Two devices of one architecture with the same true coefficients, and a folder of their tables.
class Bed {
 public:
  Bed() {
    std::filesystem::remove_all(folder);
    for (const auto& [id, bandwidth] : {std::pair{"one", 2e12}, std::pair{"two", 4e12}}) {
      Accelerator a;
      a.id = a.name = id, a.vendor = "NVIDIA", a.architecture = "Hopper";
      a.memory_bandwidth = ByteRate::from_base(bandwidth);
      catalogue.accelerators[id] = a;
      write(std::string(id) + ".stream.vllm-1.0.csv", rows(a));
    }
    laws.push_back(std::make_unique<StreamFit>());
  }
  static std::string rows(const Accelerator& device) {
    std::string out = "bytes,latency_ms\n";
    for (double bytes = 1e3; bytes < 2e9; bytes *= 1.5) {
      out += fmt::format("{},{}\n", bytes, StreamFit::milliseconds(6, 0.9, bytes, device));
    }
    return out;
  }
  void write(const std::string& name, const std::string& content) const {
    REQUIRE(write_file(folder + "/" + name, content).ok());
  }

  const std::string folder = (std::filesystem::temp_directory_path() / "stargate_calibrate").string();
  Catalogue catalogue;
  std::vector<std::unique_ptr<LawFit>> laws;
};

TEST_CASE("Calibrating finds the coefficients of every device and the error of carrying them over") {
  Bed bed;
  std::size_t last = 0;
  const auto outcome =
      calibrate(bed.catalogue, bed.laws, {bed.folder, {}, {}, {}},
                [&](std::size_t done, std::size_t all, const std::string&) { last = done == all ? all : 0; });
  CHECK(last == 2);
  CHECK(outcome.faults.empty());
  REQUIRE(outcome.calibrations.size() == 2);
  for (const auto& [id, calibration] : outcome.calibrations) {
    const auto& c = calibration.groups.at(0).coefficients;
    CHECK(c.at("launch") == doctest::Approx(6).epsilon(1e-3));
    CHECK(c.at("memory_share") == doctest::Approx(0.9).epsilon(1e-3));
    REQUIRE(calibration.left_out.has_value());
    CHECK(calibration.left_out->mean_pct < 0.1);
  }
}

TEST_CASE("A calibration names the source of the data it was fitted to: kernel tables, published sweeps") {
  Bed bed;
  std::filesystem::remove_all(bed.folder);
  Accelerator& device = bed.catalogue.accelerators["h100-sxm"];
  device.id = device.name = "h100-sxm", device.vendor = "NVIDIA", device.architecture = "Hopper";
  device.scale_up_bandwidth = ByteRate::from_base(450e9), device.scale_up_domain = 8;
  std::string rows = "source,hw,nodes,gpus,op,bytes,time_us,busbw_GBps,inter_node_net,algo_or_lib,notes,year\n";
  for (double bytes = 1024; bytes < 1e9; bytes *= 2) {
    rows += fmt::format("A,H100 SXM,1,8,all_reduce,{},{},,,nccl-tests,,2024\n", bytes, 25 + bytes / 250e3);
  }
  bed.write("sweeps.txt", rows);
  const auto outcome =
      calibrate(bed.catalogue, make_law_fits(bed.catalogue), {bed.folder, bed.folder + "/sweeps.txt", {}, {}}, {});
  REQUIRE(outcome.faults.empty());
  REQUIRE(outcome.calibrations.size() == 1);
  CHECK(outcome.calibrations.begin()->second.sources.at("*").sources ==
        std::vector<std::string>{"published-collectives"});
  Bed tables;
  const auto other = calibrate(tables.catalogue, tables.laws, {tables.folder, {}, {}, {}}, {});
  for (const auto& [id, fitted] : other.calibrations)
    CHECK(fitted.sources.at("*").sources == std::vector<std::string>{"aiconfigurator-kernels"});
}

TEST_CASE("A calibration's file is the same each time and reads back as it was") {
  Bed bed;
  const auto once = calibrate(bed.catalogue, bed.laws, {bed.folder, {}, {}, {}}, {}).calibrations.at("one.stream");
  const auto twice = calibrate(bed.catalogue, bed.laws, {bed.folder, {}, {}, {}}, {}).calibrations.at("one.stream");
  CHECK(format_calibration(once) == format_calibration(twice));
  auto dated = once;
  dated.date = "2026-11-23";
  dated.groups[0].skipped["faster than \"the chip\""] = 3;
  const auto document = parse_yaml("one.stream.yaml", format_calibration(dated));
  REQUIRE(document.ok());
  const auto read = read_record<Calibration>(*document);
  if (!read.ok()) FAIL(format_diagnostics(read.faults()));
  CHECK(format_calibration(*read) == format_calibration(dated));
}

TEST_CASE("Validation says how wrong each table's predictions are, in the shape every validate prints") {
  Bed bed;
  bed.catalogue.calibrations = calibrate(bed.catalogue, bed.laws, {bed.folder, {}, {"one"}, {}}, {}).calibrations;
  bed.write("one.stream.vllm-2.0.csv", "bytes,latency_ms\n1000000,0.013111\n1000,0\n");
  bed.write("three.stream.vllm-1.0.csv", "bytes,latency_ms\n1,1\n2,2\n");
  bed.write("one.magic.vllm-1.0.csv", "bytes,latency_ms\n1,1\n");
  bed.write("one.stream.vllm-3.0.csv", "bytes,latency_ms\n1,1,1\n");
  const auto report = validate_kernels(bed.catalogue, bed.laws, {{bed.folder, {}, {}, {}}, Hidden::nothing, 2}, {});
  REQUIRE(report.groups.size() == 3);
  CHECK(report.groups[0].key.source == "one.stream.vllm-1.0");
  CHECK(report.groups[0].basis == "fitted");
  CHECK(report.groups[0].errors.mean_pct < 0.1);
  CHECK(report.groups[1].rows == 2);
  CHECK(report.groups[1].errors.rows == 1);
  CHECK(report.groups[1].errors.median_pct == doctest::Approx(50).epsilon(0.01));
  CHECK(report.groups[2].basis == "carried over from one");
  CHECK(report.skipped.at("no measured time") == 1);
  CHECK(report.skipped.at("no accelerator of the catalogue is called three") == 2);
  CHECK(report.skipped.at("no law is for tables of magic") == 1);
  CHECK(report.skipped.at(bed.folder + "/one.stream.vllm-3.0.csv:2: the row has 3 cells, the header 2") == 1);
  REQUIRE(report.worst.size() == 2);
  CHECK(report.worst[0].row == "bytes=1000000");

  JsonWriter written;
  write_validation(written.begin_object(), report);
  const auto json = parse_json("report.json", written.end_object().text());
  REQUIRE(json.ok());
  std::vector<std::string> top, fields;
  for (const auto& member : json->root.members) top.push_back(member.key);
  CHECK(top == std::vector<std::string>{"schema_version", "groups", "overall", "skipped"});
  for (const auto& member : json->root.find("groups")->items.at(0).members) fields.push_back(member.key);
  CHECK(fields == std::vector<std::string>{"source", "accelerator", "engine", "precision", "metric", "rows",
                                           "predicted", "median_pct", "mean_pct", "p90_pct", "bias_pct", "above_pct"});
  CHECK(json->root.find("overall")->items.at(0).find("metric")->text == "stream");
  CHECK(format_validation_text(report, "ms").find("carried over from one") != std::string::npos);
}

TEST_CASE("Leaving a device out predicts it with what the others lend, or says that none does") {
  Bed bed;
  bed.catalogue.calibrations = calibrate(bed.catalogue, bed.laws, {bed.folder, {}, {}, {}}, {}).calibrations;
  const auto report = validate_kernels(bed.catalogue, bed.laws, {{bed.folder, {}, {"two"}, {}}, Hidden::device, 0}, {});
  REQUIRE(report.groups.size() == 1);
  CHECK(report.groups[0].basis == "carried over from one");
  bed.catalogue.calibrations.erase("one.stream");
  const auto alone = validate_kernels(bed.catalogue, bed.laws, {{bed.folder, {}, {"two"}, {}}, Hidden::device, 0}, {});
  CHECK(alone.groups[0].errors.rows == 0);
  CHECK(alone.skipped.at("no law of stream without measured kernels") == alone.groups[0].rows);
}

}  // namespace
}  // namespace stargate
