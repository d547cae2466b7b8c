// study -> programme; for each counterfactual: coalitions -> their best plans -> worth of each partner
#include "stargate/questions/plan_alliance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/study/run.hpp"

namespace stargate {
namespace {

constexpr const char* kNames[] = {"nobody", "spill", "follow"};

struct AllianceAnswer {
  std::string study;
  std::vector<PartnerSpec> partners;
  std::array<AllianceWorth, kCounterfactuals.size()> worth;
  std::array<std::int64_t, kCounterfactuals.size()> gave_up{};  ///< coalitions that cannot pay what is on order
  int quarters = 0;             ///< planned one by one
  bool years = false;           ///< after them
  double all_by_quarter = 0;    ///< value with all partners, every quarter planned

  /// Over the counterfactuals.
  std::pair<double, double> range(std::size_t partner, double PartnerWorth::*figure) const {
    double low = worth[0].partners[partner].*figure, high = low;
    for (const AllianceWorth& w : worth) {
      low = std::min(low, w.partners[partner].*figure), high = std::max(high, w.partners[partner].*figure);
    }
    return {low, high};
  }
};

std::string money(double dollars) { return fmt::format("{:.1f}", dollars / 1e9); }

std::string brings_text(const PartnerSpec& p) {
  std::vector<std::string> parts;
  const auto add = [&](const char* what, const std::vector<std::string>& ids) {
    if (!ids.empty()) parts.push_back(fmt::format("{} {}", what, fmt::join(ids, ", ")));
  };
  std::vector<std::string> tranches;
  for (const auto& [name, share] : p.capital) tranches.push_back(fmt::format("{:.0f} % of {}", 100 * share, name));
  add("capital", tranches), add("sites", p.sites), add("systems", p.systems), add("parts of", p.suppliers);
  add("customers of", p.services);
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string worth_table(const AllianceAnswer& answer, std::size_t c) {
  const AllianceWorth& w = answer.worth[c];
  TextTable table({{"partner", Align::left}, {"alone"}, {"last"}, {"Shapley"}, {w.exact ? "share" : "s.e."}});
  const double all = w.all - w.none;
  for (std::size_t i = 0; i < answer.partners.size(); ++i) {
    const PartnerWorth& p = w.partners[i];
    table.add_row({answer.partners[i].name, money(p.alone), money(p.last), money(p.shapley),
                   w.exact ? fmt::format("{:.0f} %", 100 * p.shapley / all) : money(p.standard_error)});
  }
  return table.format(2);
}

std::string heading_of(Counterfactual c) {
  switch (c) {
    case Counterfactual::nobody:
      return "Nobody takes an absent partner's place";
    case Counterfactual::spill:
      return "The market gives what it has (spill)";
    case Counterfactual::follow:
      break;
  }
  return "Rivals build it up (follow)";
}

std::string alliance_text(const AllianceAnswer& answer) {
  std::string out = fmt::format("{}: what {} partners are worth, present value in B$\n", answer.study,
                                answer.partners.size());
  for (const PartnerSpec& p : answer.partners) out += fmt::format("  {}: {} ({})\n", p.name, p.role, brings_text(p));
  if (answer.years) {
    out += fmt::format("The first {} quarters are planned one by one, what follows by the year: with all of them worth "
                       "{} B$, which is {} with every quarter planned.\n",
                       answer.quarters, money(answer.worth[0].all), money(answer.all_by_quarter));
  }
  for (std::size_t c = 0; c < kCounterfactuals.size(); ++c) {
    const AllianceWorth& w = answer.worth[c];
    out += fmt::format("\n{}: {} B$ with all of them, {} without any; {} of {:.0f} coalitions planned\n",
                       heading_of(kCounterfactuals[c]), money(w.all), money(w.none), w.coalitions,
                       std::exp2(static_cast<double>(answer.partners.size())));
    out += worth_table(answer, c);
    if (answer.gave_up[c] > 0) {
      out += fmt::format("  {} of them cannot pay for what is on order and under construction, and give it up\n",
                         answer.gave_up[c]);
    }
  }
  out += "\nWhich assumption makes it\n";
  for (std::size_t i = 0; i < answer.partners.size(); ++i) {
    const auto [least, most] = answer.range(i, &PartnerWorth::shapley);
    const auto [last_least, last_most] = answer.range(i, &PartnerWorth::last);
    out += fmt::format("  {}: {} to {} by Shapley, {} to {} as the last to join\n", answer.partners[i].name,
                       money(least), money(most), money(last_least), money(last_most));
  }
  return out +
         "\nalone: the programme with this partner only, less the one with none; last: all of them, less all but this "
         "one;\nShapley: what it adds on average over all orders of joining; they add up to what all are worth "
         "together.\n";
}

void write_alliance(JsonWriter& json, const AllianceAnswer& answer) {
  json.member("schema_version", 1).member("study", answer.study).member("quarters", answer.quarters);
  json.member("value_by_quarter_usd", answer.all_by_quarter);
  json.key("counterfactuals").begin_array();
  for (std::size_t c = 0; c < kCounterfactuals.size(); ++c) {
    const AllianceWorth& w = answer.worth[c];
    json.begin_object().member("counterfactual", kNames[c]).member("value_usd", w.all);
    json.member("value_without_any_usd", w.none).member("coalitions", w.coalitions).member("exact", w.exact);
    json.member("gave_up_orders", answer.gave_up[c]);
    json.key("partners").begin_array();
    for (std::size_t i = 0; i < answer.partners.size(); ++i) {
      const PartnerWorth& p = w.partners[i];
      json.begin_object().member("partner", answer.partners[i].partner).member("alone_usd", p.alone);
      json.member("last_usd", p.last).member("shapley_usd", p.shapley);
      json.member("standard_error_usd", p.standard_error).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

AnswerFields alliance_answer_fields() {
  return {{"study", "text", "Its name"},
          {"quarters", "integer", "Planned one by one; years after them"},
          {"value_by_quarter_usd", "number", "With all partners and every quarter planned"},
          {"counterfactuals[]/counterfactual", "text", "Who takes an absent partner's place: nobody, spill, follow"},
          {"counterfactuals[]/value_usd", "number", "Present value of the plan with all partners"},
          {"counterfactuals[]/value_without_any_usd", "number", "Without any of them"},
          {"counterfactuals[]/coalitions", "integer", "Planned"},
          {"counterfactuals[]/exact", "boolean", "Whether these were all"},
          {"counterfactuals[]/gave_up_orders", "integer", "Coalitions that cannot pay what is on order"},
          {"counterfactuals[]/partners[]/partner", "text", "Id"},
          {"counterfactuals[]/partners[]/alone_usd", "number", "With it only, less with none"},
          {"counterfactuals[]/partners[]/last_usd", "number", "With all, less with all but it"},
          {"counterfactuals[]/partners[]/shapley_usd", "number", "Mean over all orders of joining"},
          {"counterfactuals[]/partners[]/standard_error_usd", "number", "Of the mean; 0 where exact"}};
}

/// Those named, in the study's order; a fault where the study has none, or not these.
Result<std::vector<PartnerSpec>> chosen_partners(const AllianceQuestion& question, const QuestionContext& context,
                                                 const StudySpec& study) {
  if (study.partners.empty()) {
    return context.fault("study", "names no partners", "add a list 'partners': stargate catalogue fields study");
  }
  std::vector<std::string> known;
  for (const auto& partner : study.partners) known.push_back(partner.partner);
  for (const auto& id : question.partners) {
    if (std::find(known.begin(), known.end(), id) != known.end()) continue;
    return context.fault("partners", "the study has no partner '" + id + "'", suggest_name(id, known));
  }
  std::vector<PartnerSpec> out;
  for (const auto& partner : study.partners) {
    const auto& asked = question.partners;
    if (asked.empty() || std::find(asked.begin(), asked.end(), partner.partner) != asked.end()) out.push_back(partner);
  }
  return out;
}

}  // namespace

Result<Answer> answer_alliance(const AllianceQuestion& question, const QuestionContext& context) {
  auto changes = parse_changes(asked_changes(context, question));
  if (!changes) return changes.faults();
  StudyRequest request{question.study, context.catalogue_folder, changes->catalogue, changes->study};
  request.confidence = question.confidence;
  auto prepared = prepare_study(request, context.files, context.progress);
  if (!prepared) return prepared.faults();
  auto partners = chosen_partners(question, context, prepared->study);
  if (!partners) return partners.faults();
  AllianceAnswer answer;
  answer.study = prepared->study.name, answer.partners = *partners;
  prepared->study.partners = *partners;
  const std::vector<PlanPartner> chosen = plan_partners(prepared->study);
  const auto solver = make_clp_solver();
  const Programme programme = in_years(prepared->programme, static_cast<int>(question.quarters));
  answer.quarters = programme.quarters(), answer.years = programme.last < prepared->programme.last;
  const auto everybody = (Coalition{1} << chosen.size()) - 1;
  const auto by_quarter = coalition_value(prepared->programme, chosen, everybody, kCounterfactuals[0], *solver);
  answer.all_by_quarter = by_quarter.value;
  std::mutex mutex;
  std::string unsolved = by_quarter.unsolved;
  for (std::size_t c = 0; c < kCounterfactuals.size(); ++c) {
    std::int64_t planned = 0;
    const auto value = [&](Coalition present) {
      const auto found = coalition_value(programme, chosen, present, kCounterfactuals[c], *solver);
      const std::lock_guard lock(mutex);
      if (!found.unsolved.empty()) unsolved = found.unsolved;
      answer.gave_up[c] += found.gave_up ? 1 : 0;
      if (++planned % 64 == 0) context.progress(fmt::format("{}: {} coalitions planned", kNames[c], planned));
      return found.value;
    };
    answer.worth[c] = alliance_worth(static_cast<int>(chosen.size()), value, question.coalitions,
                                     static_cast<std::uint64_t>(question.seed));
    if (!unsolved.empty()) return context.fault("study", "a coalition's plan was not found: " + unsolved);
  }
  return make_answer(AnswerKind::answered, std::move(answer), alliance_text, write_alliance);
}

const QuestionTable<AllianceQuestion>& AllianceQuestion::table() {
  using Q = AllianceQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan alliance", "What each partner of a programme is worth: alone, last, and over all orders of joining");
    t.required("study", &Q::study, "Study file with partners").positional();
    t.optional("partners", &Q::partners, "Ids of them; those not named are always in it").commas().otherwise("all");
    t.optional("coalitions", &Q::coalitions, "Plans for each counterfactual: all coalitions, or a sample of the orders",
               Rule{.at_least = 8.0, .above = {}, .at_most = 1e7});
    t.optional("quarters", &Q::quarters, "Planned one by one, at least; what follows by the year",
               Rule{.at_least = 1.0, .above = {}, .at_most = 1e4});
    t.optional("seed", &Q::seed, "Of the sample", not_negative);
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question alliance_question() {
  return make_question(answer_alliance,
                       {{"studies/stargate.yaml", "all of them, orders of joining drawn"},
                        {"studies/stargate.yaml --partners nvidia,samsung", "two of them, every coalition"}},
                       alliance_answer_fields());
}

}  // namespace stargate
