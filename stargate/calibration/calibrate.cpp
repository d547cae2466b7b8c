// Two passes when calibrating: fit each table on its own, then predict each device with what the others lend it, which
// is the error to expect of a device nobody has measured.
#include "stargate/calibration/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "stargate/base/parallel.hpp"
#include "stargate/calibration/collective_sweep.hpp"
#include "stargate/perf/device_law.hpp"
#include "stargate/perf/law_choice.hpp"
#include "stargate/perf/typical.hpp"

namespace stargate {
namespace {

bool is_selected(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

/// "h100_sxm.gemm.vllm-0.24.0"
std::string table_name(const KernelTable& table) {
  return fmt::format("{}.{}.{}-{}", table.device, table.table, table.engine, table.version);
}

/// What a table is to the question: its device and the laws that can use it, or why it is left out.
struct TableUse {
  const Accelerator* device = nullptr;
  std::vector<const LawFit*> laws;
  std::string left_out;  ///< empty when the table is used, or simply not selected
};

TableUse use_of(const KernelTable& table, const Catalogue& catalogue, const std::vector<std::unique_ptr<LawFit>>& laws,
                const KernelSelection& selection) {
  TableUse use;
  use.device = find_table_device(catalogue.accelerators, table.device);
  if (use.device == nullptr) {
    if (is_selected(selection.devices, table.device))
      use.left_out = "no accelerator of the catalogue is called " + table.device;
    return use;
  }
  if (!is_selected(selection.devices, table.device) && !is_selected(selection.devices, use.device->id)) return use;
  bool accepted = false;
  for (const auto& law : laws) {
    if (!law->accepts(table)) continue;
    accepted = true;
    if (is_selected(selection.laws, law->law())) use.laws.push_back(law.get());
  }
  if (!accepted && selection.laws.empty()) use.left_out = "no law is for tables of " + table.table;
  return use;
}

/// Counts what is done, from any thread.
class Steps {
 public:
  Steps(const Progress& progress, std::size_t all) : progress_(progress), all_(all) {}
  void done(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (progress_) progress_(++done_, all_, name);
  }

 private:
  const Progress& progress_;
  std::size_t all_, done_ = 0;
  std::mutex mutex_;
};

std::string basis_text(const ChosenGroup& chosen) {
  if (chosen.origin == LawOrigin::fitted) return law_origin_name(chosen.origin);
  return fmt::format("{} from {}", law_origin_name(chosen.origin), chosen.group->device);
}

std::string row_text(const KernelTable& table, std::size_t row) {
  std::string out;
  for (const auto& column : table.columns) {
    if (column == "latency_ms") continue;
    const auto number = table.numbers.find(column);
    out += out.empty() ? "" : " ";
    out += column + "=" +
           (number != table.numbers.end() ? fmt::format("{}", number->second[row]) : table.text(column)[row]);
  }
  return out;
}

/// How rows are grouped: `key` has all but the precision, which each row's group names when `by_precision`.
struct Grouping {
  ValidationKey key;
  bool by_precision = true;
};

/// A table's rows as a law predicts them, and what each group of them rests on.
struct Predicted {
  std::vector<LawFit::Prediction> rows;
  std::map<std::string, std::string> basis;
};

/// `chosen` has one group a precision; the law looks among them for each row's.
Predicted predict_calibrated(const KernelTable& table, const LawFit& law, const Accelerator& device,
                             const std::vector<ChosenGroup>& chosen) {
  Predicted out;
  std::vector<CalibratedGroup> groups;
  for (const ChosenGroup& c : chosen) {
    groups.push_back(*c.group);
    groups.back().coefficients = scaled_coefficients(c);
    out.basis[c.group->precision] = basis_text(c);
  }
  out.rows = law.predict(table, device, groups);
  return out;
}

/// Whether a device's laws take all kernels of this one from one engine of one device, as perf/kernel_laws.cpp does.
bool takes_one_lender(const std::string& law) {
  return law != "gemm" && law != "recurrent" && law != "sparse_attention";
}

/// With nothing of the device's own architecture or family: what all others' kernels would take, as perf/device_law.hpp
/// joins them. Nothing when there are none.
std::optional<Predicted> predict_typical(const KernelTable& table, const LawFit& law, const Accelerator& device,
                                         const Catalogue& catalogue, const LawQuery& query) {
  std::vector<WeighedTimes> times(table.rows);
  Predicted out;
  out.rows.assign(table.rows, {std::numeric_limits<double>::quiet_NaN(), {}, {}});
  for (const LendingArchitecture& lender : lending_architectures(catalogue, device)) {
    LawQuery of_lender = query;
    of_lender.architecture = lender.id;
    auto chosen = choose_groups(catalogue, device, of_lender);
    if (takes_one_lender(query.law)) chosen = keep_one_lender(chosen);
    if (chosen.empty()) continue;
    const Predicted theirs = predict_calibrated(table, law, device, chosen);
    for (std::size_t i = 0; i < table.rows; ++i) {
      LawFit::Prediction& row = out.rows[i];
      const double ms = theirs.rows[i].milliseconds;
      if (row.group.empty()) row.group = theirs.rows[i].group, row.reason = theirs.rows[i].reason;
      if (!(ms > 0)) continue;
      row.group = theirs.rows[i].group;
      times[i].add(ms, lender.weight);
      row.milliseconds = times[i].quantile(time_quantile(catalogue.confidence));
    }
  }
  for (const auto& row : out.rows) out.basis[row.group] = law_origin_name(LawOrigin::typical);
  const bool any = std::any_of(out.rows.begin(), out.rows.end(), [](const auto& row) { return row.milliseconds > 0; });
  return any ? std::optional<Predicted>(std::move(out)) : std::nullopt;
}

/// With nothing measured to take coefficients from: as questions about such a device are answered.
Predicted predict_by_specification(const KernelTable& table, const LawFit& law, const Accelerator& device,
                                   const Catalogue& catalogue) {
  Predicted out;
  const DeviceLaw by_data_sheet(device, catalogue, KernelChoice{});
  for (const auto& call : law.calls(table, device)) {
    Duration time;
    for (const Operator& op : call.operators) time += by_data_sheet.operator_time(op);
    const bool said = !call.operators.empty();
    out.rows.push_back(
        {said ? time.in(millisecond) : std::numeric_limits<double>::quiet_NaN(), call.group, call.reason});
    if (said) out.basis[call.group] = law_origin_name(LawOrigin::specification);
  }
  return out;
}

Predicted predict(const KernelTable& table, const LawFit& law, const Accelerator& device, const Catalogue& catalogue,
                  const LawQuery& query) {
  const auto chosen = choose_groups(catalogue, device, query);
  if (!chosen.empty()) return predict_calibrated(table, law, device, chosen);
  if (!is_known_from_whole_runs(catalogue, device)) {
    if (auto typical = predict_typical(table, law, device, catalogue, query)) return *std::move(typical);
  }
  return predict_by_specification(table, law, device, catalogue);
}

/// Adds each row of a table under one law to the tally.
void tally_table(const KernelTable& table, const Predicted& predicted, Grouping grouping, ValidationTally& tally) {
  const auto& predictions = predicted.rows;
  STARGATE_CHECK(predictions.size() == table.rows, "a prediction a row");
  const auto& measured = table.number("latency_ms");
  ValidationKey& key = grouping.key;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const auto& p = predictions[i];
    if (grouping.by_precision) key.precision = p.group;
    if (!(measured[i] > 0)) {
      tally.skip(key, "no measured time");
    } else if (!std::isfinite(p.milliseconds)) {
      tally.skip(key, p.reason.empty() ? "the law says nothing of it" : p.reason);
    } else {
      tally.add(key, predicted.basis.at(p.group), measured[i], p.milliseconds);
      if (tally.is_among_worst(measured[i], p.milliseconds)) {
        tally.note_worst({table_name(table), row_text(table, i), measured[i], p.milliseconds});
      }
    }
  }
}

/// A table without times cannot be judged or fitted to.
Result<KernelTable> load_timed_table(const std::string& path) {
  auto table = load_kernel_table(path);
  if (table.ok() && !table->numbers.contains("latency_ms")) {
    return Diagnostic{path, 1, 0, {}, "has no column latency_ms of numbers", {}, {}};
  }
  return table;
}

/// Rounded as the files will have them, so that what is judged is what is kept. Six digits.
double rounded(double value) { return std::stod(fmt::format("{:.6g}", value)); }

/// Whether the law describes the coefficient itself.
bool has_text(const LawFit& law, const std::string& coefficient) {
  const auto parameters = law.parameters();
  return std::any_of(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.name == coefficient; });
}

// Ids of catalogue/sources.yaml: what the groups of a file were fitted to.
constexpr const char* kKernelTables = "aiconfigurator-kernels";
constexpr const char* kCollectiveSweeps = "published-collectives";

/// Rounds the coefficients, notes those at a bound, and gives each coefficient its text once for the file. Coefficients
/// that no Parameter describes (choices by rule) are described here.
void add_groups(CalibrationOutcome& outcome, const LawFit& law, const Accelerator& device,
                const std::string& source, std::vector<CalibratedGroup> groups) {
  CalibrationSet& set = outcome.calibrations;
  for (CalibratedGroup& group : groups) {
    const std::string name = group.law.empty() ? law.law() : group.law;
    Calibration& calibration = set[device.id + "." + name];
    if (calibration.groups.empty()) {
      calibration.id = device.id + "." + name;
      calibration.name = name + " on " + device.name;
      calibration.device = device.id, calibration.law = name;
    }
    auto& sources = calibration.sources["*"].sources;
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) sources.push_back(source);
    for (const Parameter& p : law.parameters()) {
      const auto value = group.coefficients.find(p.name);
      if (value == group.coefficients.end()) continue;
      if (value->second != 0 && !p.structure) {
        note_bound(outcome.at_bounds, {name, p.name}, value->second, {p.lower, p.upper});
      }
      // A name used for two kinds of groups has the bounds of both.
      auto& text = calibration.coefficients.try_emplace(p.name, CoefficientText{p.unit, p.meaning, p.lower, p.upper}).first->second;
      text.lower = std::min(text.lower, p.lower), text.upper = std::max(text.upper, p.upper);
    }
    for (auto& [coefficient, value] : group.coefficients) {
      value = rounded(value);
      if (has_text(law, coefficient)) continue;
      const CoefficientText by_rule{"1", "set by rule, not fitted", value, value};
      auto& text = calibration.coefficients.try_emplace(coefficient, by_rule).first->second;
      text.lower = std::min(text.lower, value), text.upper = std::max(text.upper, value);
    }
    group.law = name, group.device = device.id;
    calibration.groups.push_back(std::move(group));
  }
}

/// What judging a folder of tables needs; all outlive it.
struct Judgement {
  const Catalogue& catalogue;
  const std::vector<std::unique_ptr<LawFit>>& laws;
  const KernelValidation& question;
  const Progress& progress;
};
using GroupingOf = std::function<Grouping(const KernelTable&, const Accelerator&, const LawFit&)>;

/// A tally a table, merged in the order of the paths: the answer does not depend on the number of threads.
ValidationTally tally_folder(const Judgement& judgement, const GroupingOf& grouping_of) {
  const KernelValidation& question = judgement.question;
  const auto paths = list_kernel_tables(question.selection.folder);
  std::vector<ValidationTally> tallies(paths.size(), ValidationTally(question.worst));
  Steps steps(judgement.progress, paths.size());
  for_each_parallel(paths.size(), [&](std::size_t i) {
    const auto table = load_timed_table(paths[i]);
    if (!table.ok()) {
      for (const auto& fault : table.faults()) {
        tallies[i].skip(fmt::format("{}:{}: {}", fault.file, fault.line, fault.message), 1);
      }
      return steps.done(paths[i]);
    }
    const TableUse use = use_of(*table, judgement.catalogue, judgement.laws, question.selection);
    if (!use.left_out.empty()) tallies[i].skip(use.left_out, static_cast<int>(table->rows));
    for (const LawFit* law : use.laws) {
      LawQuery query{law->law(), table->engine, table->version};
      if (question.hidden == Hidden::device) query.without = use.device->id;
      query.without_family = question.hidden == Hidden::architecture;
      const auto asking = law->asking(judgement.catalogue);
      const Predicted predicted = predict(*table, asking ? *asking : *law, *use.device, judgement.catalogue, query);
      tally_table(*table, predicted, grouping_of(*table, *use.device, *law), tallies[i]);
    }
    steps.done(table_name(*table));
  });
  ValidationTally all(question.worst);
  for (const auto& tally : tallies) all.merge(tally);
  return all;
}

/// Sweeps reach across nodes, which tables of one node do not: their groups join those of the tables.
void add_sweeps(const Catalogue& catalogue, const LawFit& law, const KernelSelection& selection,
                const CollectiveSweeps& sweeps, CalibrationOutcome& outcome) {
  for (const auto& [reason, rows] : sweeps.skipped) outcome.skipped[reason] += rows;
  for (CalibratedGroup& group : fit_collective_sweeps(sweeps, catalogue)) {
    if (!is_selected(selection.devices, group.device)) continue;
    add_groups(outcome, law, catalogue.accelerators.at(group.device), kCollectiveSweeps, {group});
  }
}

/// The error on each device's rows with what others lend it, kept with its calibration. `lending` has them all.
void measure_left_out(const Catalogue& lending, const std::vector<std::unique_ptr<LawFit>>& laws,
                      const KernelSelection& selection, CalibrationSet& fitted) {
  const auto by_law = [](const KernelTable&, const Accelerator& device, const LawFit& law) {
    return Grouping{{{}, device.id, {}, {}, law.law(), {}}, false};
  };
  const auto report = tally_folder({lending, laws, {selection, Hidden::device, 0}, {}}, by_law).report();
  for (const ValidationGroup& group : report.groups) {
    const auto it = fitted.find(group.key.accelerator + "." + group.key.metric);
    if (it != fitted.end() && group.errors.rows > 0) it->second.left_out = group.errors;
  }
}

/// Fits laws to the tables at `paths` that they accept: those that ask others (`that_ask`), or those that do not. Paths
/// of the tables that the other kind accepts.
std::vector<std::string> fit_tables(const Judgement& judgement, const std::vector<std::string>& paths, bool that_ask,
                                    CalibrationOutcome& outcome) {
  struct Fitted {
    const Accelerator* device = nullptr;
    std::vector<std::pair<const LawFit*, std::vector<CalibratedGroup>>> groups;
    Diagnostics faults;
    std::string left_out;
    int rows = 0;
    bool has_others = false;
  };
  std::vector<Fitted> fitted(paths.size());
  Steps steps(judgement.progress, paths.size());
  for_each_parallel(paths.size(), [&](std::size_t i) {
    Fitted& f = fitted[i];
    const auto table = load_timed_table(paths[i]);
    if (!table.ok()) {
      f.faults = table.faults();
      return steps.done(paths[i]);
    }
    const TableUse use = use_of(*table, judgement.catalogue, judgement.laws, judgement.question.selection);
    f.device = use.device, f.left_out = use.left_out, f.rows = static_cast<int>(table->rows);
    for (const LawFit* law : use.laws) {
      const auto asking = law->asking(judgement.catalogue);
      if ((asking != nullptr) == that_ask) {
        f.groups.emplace_back(law, (asking ? *asking : *law).fit(*table, *use.device));
      } else {
        f.has_others = true;
      }
    }
    steps.done(table_name(*table));
  });
  std::vector<std::string> others;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    Fitted& f = fitted[i];
    if (f.has_others) others.push_back(paths[i]);
    outcome.faults.insert(outcome.faults.end(), f.faults.begin(), f.faults.end());
    if (!f.left_out.empty()) outcome.skipped[f.left_out] += f.rows;
    for (auto& [law, groups] : f.groups) add_groups(outcome, *law, *f.device, kKernelTables, std::move(groups));
  }
  return others;
}

}  // namespace

/// Laws that ask others come last: what they ask has been fitted by then.
CalibrationOutcome calibrate(const Catalogue& catalogue, const std::vector<std::unique_ptr<LawFit>>& laws,
                             const KernelSelection& selection, const Progress& progress) {
  CalibrationOutcome outcome;
  const auto collective = std::find_if(laws.begin(), laws.end(), [](const auto& l) { return l->law() == "collective"; });
  std::optional<CollectiveSweeps> sweeps;
  if (!selection.collectives.empty() && collective != laws.end() && is_selected(selection.laws, "collective")) {
    auto read = load_collective_sweeps(selection.collectives, catalogue.accelerators);
    if (!read.ok()) {
      outcome.faults = read.faults();
      return outcome;
    }
    sweeps = std::move(*read);
  }
  Catalogue fitted = catalogue;
  const auto keep_fitted = [&] {
    for (const auto& [id, calibration] : outcome.calibrations) fitted.calibrations[id] = calibration;
  };
  const KernelValidation question{selection, Hidden::nothing, 0};
  const auto asked_later =
      fit_tables({catalogue, laws, question, progress}, list_kernel_tables(selection.folder), false, outcome);
  keep_fitted();
  fit_tables({fitted, laws, question, progress}, asked_later, true, outcome);
  if (sweeps) add_sweeps(catalogue, **collective, selection, *sweeps, outcome);
  keep_fitted();
  measure_left_out(fitted, laws, selection, outcome.calibrations);
  return outcome;
}

ValidationReport validate_kernels(const Catalogue& catalogue, const std::vector<std::unique_ptr<LawFit>>& laws,
                                  const KernelValidation& question, const Progress& progress) {
  const auto by_table = [](const KernelTable& table, const Accelerator& device, const LawFit&) {
    return Grouping{{table_name(table), device.id, table.engine, {}, table.table, {}}, true};
  };
  ValidationTally tally = tally_folder({catalogue, laws, question, progress}, by_table);
  const std::string& file = question.selection.collectives;
  if (file.empty() || !is_selected(question.selection.laws, "collective")) return tally.report();
  const auto sweeps = load_collective_sweeps(file, catalogue.accelerators);
  if (sweeps.ok()) {
    tally_collective_sweeps(*sweeps, catalogue, tally);
  } else {
    for (const auto& fault : sweeps.faults())
      tally.skip(fmt::format("{}:{}: {}", fault.file, fault.line, fault.message), 1);
  }
  return tally.report();
}

}  // namespace stargate
