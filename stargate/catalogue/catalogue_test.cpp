// A small catalogue held in memory: what its faults say, and where.
#include "stargate/catalogue/catalogue.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

class MemoryFiles final : public FileReader {
 public:
  std::map<std::string, std::string> files = {
      {"c/sources.yaml", "maker: {title: Data sheet}\n"},
      {"c/memories/hbm3.yaml", "name: HBM3\nsources: {\"*\": maker}\nyear: 2022\n"},
      {"c/accelerators/chip.yaml",
       "name: Chip\nsources: {\"*\": maker}\nvendor: Maker\nstatus: shipping\navailable: 2023Q1\nmemory: hbm3\n"
       "memory_capacity: 80 GB\nmemory_bandwidth: 3 TB/s\npeak: {bf16: 900 TFLOP/s}\npower: 700 W\nidle_power: 70 "
       "W\ncompute_units: 132\nclock: 2 GHz\n"}};

  Result<std::string> read(const std::string& path) const override {
    const auto found = files.find(path);
    if (found == files.end()) return Diagnostic{path, 0, 0, {}, "no such file", {}, {}};
    return found->second;
  }
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override {
    std::vector<std::string> out;
    for (const auto& [path, text] : files) {
      if (path.starts_with(folder + "/") && path.ends_with(suffix)) out.push_back(path);
    }
    return out;
  }
  void replace(const std::string& path, const std::string& from, const std::string& to) {
    std::string& text = files.at(path);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
};

std::string faults_of(const MemoryFiles& files, const CatalogueChanges& changes = {}) {
  const auto catalogue = load_catalogue(files, "c", changes);
  return catalogue.ok() ? "" : format_diagnostics(catalogue.faults());
}

}  // namespace

TEST_CASE("a name that leads to no record is a fault with its line") {
  MemoryFiles files;
  REQUIRE(faults_of(files) == "");
  files.replace("c/accelerators/chip.yaml", "memory: hbm3", "memory: hbm4");
  CHECK(faults_of(files) ==
        "c/accelerators/chip.yaml:6:9: memory: there is no memory 'hbm4'\n"
        "    6 | memory: hbm4\n"
        "                ^\n"
        "  hint: did you mean 'hbm3'?\n");
}

TEST_CASE("one bad --set is one fault, though other records name what it broke") {
  CHECK(faults_of(MemoryFiles(), {{{"memory:hbm3.year", "soon"}}, {}}) ==
        "--set memory:hbm3.year=soon: year: 'soon' is not a number\n");
  CHECK(faults_of(MemoryFiles(), {{{"accelerator:chip.memory", "hbm9"}}, {}}) ==
        "--set accelerator:chip.memory=hbm9: memory: there is no memory 'hbm9'\n  hint: did you mean 'hbm3'?\n");
}

TEST_CASE("a file that nothing reads is reported: another ending, a folder of no kind, a record beside its folder") {
  for (const char* path : {"c/accelerators/other.yml", "c/acelerators/other.yaml", "c/other.yaml", "c/models/a.yaml"}) {
    MemoryFiles files;
    files.files[path] = "name: Other\n";
    CHECK_MESSAGE(faults_of(files).find(std::string(path) + ": is read by nothing") != std::string::npos, path);
  }
  MemoryFiles hidden;
  hidden.files["c/memories/.hbm3.yaml.swp"] = "";
  CHECK(faults_of(hidden) == "");
}

TEST_CASE("figures of one record that cannot both be true are a fault") {
  MemoryFiles files;
  files.replace("c/accelerators/chip.yaml", "idle_power: 70 W", "idle_power: 70 MW");
  CHECK(faults_of(files).starts_with("c/accelerators/chip.yaml:11:13: idle_power: is 70 MW, above 'power', 700 W\n"));
}

TEST_CASE("a model's fields cannot be set, which is not that there is no such model") {
  MemoryFiles files;
  files.files["c/models/m.1.json"] =
      R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32,
          "num_hidden_layers": 2, "vocab_size": 32000})";
  REQUIRE(faults_of(files) == "");
  CHECK(faults_of(files, {{{"model:m.1.hidden_size", "8192"}}, {}}) ==
        "--set model:m.1.hidden_size: a model's fields cannot be set\n"
        "  hint: change a copy of c/models/m.1.json and give its path as the model\n");
}

TEST_CASE("more memory, or dearer memory, raises the accelerator's price by what the memory costs") {
  MemoryFiles files;
  files.files["c/memories/hbm3.yaml"] += "price: {low: 10 $/GB, mid: 10 $/GB, high: 20 $/GB}\n";
  files.files["c/accelerators/chip.yaml"] += "memory_stacks: 5\nprice: {low: 20000 $, mid: 25000 $, high: 30000 $}\n";
  const auto price = [&](const std::vector<Override>& set) {
    const auto catalogue = load_catalogue(files, "c", {set, {}});
    if (!catalogue.ok()) FAIL(format_diagnostics(catalogue.faults()));
    return catalogue->accelerators.at("chip").price->mid.in(dollar);
  };
  CHECK(price({}) == doctest::Approx(25000));
  CHECK(price({{"accelerator:chip.memory_stacks", "10"}}) == doctest::Approx(25800));
  CHECK(price({{"accelerator:chip.memory_capacity", "160 GB"}}) == doctest::Approx(25800));
  CHECK(price({{"memory:hbm3.price.mid", "15 $/GB"}}) == doctest::Approx(25400));
  CHECK(price({{"memory:hbm3.price.mid", "15 $/GB"}, {"accelerator:chip.memory_stacks", "10"}}) ==
        doctest::Approx(26600));
  CHECK(price({{"accelerator:chip.memory_stacks", "10"}, {"accelerator:chip.price.mid", "25000 $"}}) ==
        doctest::Approx(25000));
}
