// How a layout and its step are shown: as text, JSON and CSV, the same by every command that answers with one.
#pragma once

#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/questions/question.hpp"
#include "stargate/training/energy.hpp"

namespace stargate {

/// A layout with what its step takes.
struct LayoutAnswer {
  TrainingLayout layout;  ///< keeps all rules
  StepReport report;      ///< of one step
  Energy energy;          ///< of a step, at the systems' plugs
  MoneyRate gpu_rate;     ///< of one accelerator

  Money cost() const { return static_cast<double>(report.gpus) * (report.step_time() * gpu_rate); }
  MoneyPerToken cost_per_token() const { return cost() / report.tokens; }
  EnergyPerToken energy_per_token() const { return energy / report.tokens; }
};
/// The layout keeps all rules. Evaluates its step and its energy.
LayoutAnswer answer_for(const TrainingJob& job, const TrainingLayout& layout, MoneyRate gpu_rate);

/// What the job multiplies in.
std::vector<Precision> multiplied(const TrainingJob& job);
/// Members "device_law" and "law_basis".
void write_law(JsonWriter& json, const TrainingJob& job);
const AnswerFields& law_answer_fields();
/// Members of an open object.
void write_layout(JsonWriter& json, const LayoutAnswer& answer);
const AnswerFields& layout_answer_fields();
std::string layout_text(const LayoutAnswer& answer);

/// "0.51 $/Mtok"
std::string cost_text(MoneyPerToken cost);
/// A share of one as "12.3 %".
std::string percent_text(double share);

/// One line a layout: sizes in columns of their own, figures with the unit in the column's name.
TextTable make_layout_table();
void add_layout_row(TextTable& table, const std::string& list, int place, const LayoutAnswer& answer);

}  // namespace stargate
