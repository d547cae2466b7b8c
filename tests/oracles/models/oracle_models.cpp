// Reads every model configuration in $STARGATE_DATA/models and compares the counts with the rows of param_check.csv
// there: parameters, active parameters, cache a token and fixed state a sequence in bf16. All must be exact.
// A row's file may carry the name of where it was saved before it ("ome--mistral.json"); two rows name a file whose
// shapes another, present file has. Returns 77 (skipped) without the folder.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

#include "stargate/base/file_reader.hpp"
#include "stargate/catalogue/model_config.hpp"
#include "tests/measured_data.hpp"

namespace {

using stargate::Model;
using Models = std::map<std::string, Model>;

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

double billions(std::int64_t count) { return static_cast<double>(count) / 1e9; }

/// Every file that parses, by name; counts those that do not.
Models read_models(const stargate::FileReader& files, const std::string& folder, int& failures) {
  Models models;
  for (const auto& path : files.list(folder, ".json")) {
    const std::string name = file_name(path);
    if (name.ends_with("hf_quant_config.json")) continue;
    auto text = files.read(path);
    auto side = files.read(path.substr(0, path.size() - std::string("config.json").size()) + "hf_quant_config.json");
    auto model = text ? stargate::parse_model_config(path, *text, side ? &*side : nullptr) : text.faults();
    if (!model) {
      std::printf("%s", stargate::format_diagnostics(model.faults()).c_str());
      ++failures;
      continue;
    }
    std::printf("%-55s %12s %9.2f B, %8.2f B active, %8.0f B a token, %11.0f B fixed, %8.1f GB, %s experts, cache %s\n",
                name.c_str(), model->family.c_str(), billions(stargate::parameter_count(*model)),
                billions(stargate::active_parameter_count(*model)),
                stargate::kv_bytes_per_token(*model, stargate::Precision::bf16).base(),
                stargate::fixed_state_bytes(*model, stargate::Precision::bf16).base(),
                stargate::weight_bytes(*model).base() / 1e9, stargate::precision_name(model->expert_precision),
                stargate::precision_name(model->kv_precision));
    for (const auto& note : model->notes) std::printf("  note: %s\n", note.c_str());
    models.emplace(name, std::move(*model));
  }
  return models;
}

const Model* find_model(const Models& models, std::string wanted) {
  const std::map<std::string, std::string> same_shapes = {
      {"llama4_scout_17b_16e.json", "meta-llama--Llama-4-Scout-17B-16E-Instruct_config.json"},
      {"Qwen--Qwen3-32B_config.json", "Qwen--Qwen3-32B-FP8_config.json"}};
  if (const auto other = same_shapes.find(wanted); other != same_shapes.end()) wanted = other->second;
  for (const auto& [name, model] : models) {
    if (name == wanted || name.ends_with("--" + wanted)) return &model;
  }
  return nullptr;
}

/// True when the row holds; prints the difference when not.
bool check_row(const std::string& file, const Model& model, const std::vector<double>& expected) {
  const double got[] = {static_cast<double>(stargate::parameter_count(model)),
                        static_cast<double>(stargate::active_parameter_count(model)),
                        stargate::kv_bytes_per_token(model, stargate::Precision::bf16).base(),
                        stargate::fixed_state_bytes(model, stargate::Precision::bf16).base()};
  const char* what[] = {"total parameters", "active parameters", "cache bytes a token", "fixed state bytes"};
  bool good = true;
  for (std::size_t i = 0; i < 4; ++i) {
    if (got[i] == expected[i]) continue;
    std::printf("%s: %s: %.0f, expected %.0f, difference %+.0f\n", file.c_str(), what[i], got[i], expected[i],
                got[i] - expected[i]);
    good = false;
  }
  return good;
}

/// The files of 2026: parameters only, as the reference classes have them; a file without a class must be read.
void check_newer(const stargate::FileReader& files, int& exact, int& failures) {
  const auto checks = stargate::measured_data("models-2026/param_check.csv");
  if (!checks) return;
  const auto table = files.read(*checks);
  if (!table) return;
  const auto models = read_models(files, checks->substr(0, checks->rfind('/')), failures);
  std::istringstream rows(*table);
  std::string row;
  std::getline(rows, row);
  while (std::getline(rows, row)) {
    std::istringstream cells(row);
    std::string file, type, total;
    std::getline(cells, file, ','), std::getline(cells, type, ','), std::getline(cells, total, ',');
    const auto model = models.find(file);
    if (model == models.end() || total.empty()) continue;  // one that is not read has been counted
    const double got = static_cast<double>(stargate::parameter_count(model->second));
    if (got == std::strtod(total.c_str(), nullptr)) {
      ++exact;
    } else {
      std::printf("%s: %.0f parameters, expected %s\n", file.c_str(), got, total.c_str());
      ++failures;
    }
  }
}

}  // namespace

int main() {
  const auto checks = stargate::measured_data("models/param_check.csv");
  if (!checks) return 77;
  const std::string folder = checks->substr(0, checks->rfind('/'));
  const stargate::DiskFileReader files;
  const auto table = files.read(*checks);
  if (!table) return std::printf("%s cannot be read\n", checks->c_str()), 1;
  int failures = 0, exact = 0;
  const auto models = read_models(files, folder, failures);
  std::istringstream rows(*table);
  std::string row;
  std::getline(rows, row);  // the header
  while (std::getline(rows, row)) {
    std::istringstream cells(row);
    std::string file, cell;
    std::getline(cells, file, ',');
    std::vector<double> expected;
    while (std::getline(cells, cell, ',')) expected.push_back(std::strtod(cell.c_str(), nullptr));
    const Model* model = find_model(models, file);
    if (model == nullptr || expected.size() != 4) {
      std::printf("%s: not checked, %s\n", file.c_str(), model ? "the row is not complete" : "no such file");
      continue;
    }
    check_row(file, *model, expected) ? ++exact : ++failures;
  }
  check_newer(files, exact, failures);
  std::printf("%zu configurations read, %d rows exact, %d failures\n", models.size(), exact, failures);
  return failures == 0 && exact > 0 ? 0 : 1;
}
