// A service on a machine: `stargate serve size --gpus`, with the best engine, format and mode.
#include <algorithm>
#include <cmath>

#include "stargate/service/service_question.hpp"
#include "stargate/sizing/deployment_law.hpp"
#include "stargate/sizing/trial_traffic.hpp"
#include "stargate/study/rates.hpp"

namespace stargate {
namespace {

/// Of the weights; the cache stays as the model stores it.
std::vector<ServingPrecision> allowed_precisions(const Model& model, const StudyServiceSpec& service) {
  std::vector<ServingPrecision> out;
  for (const Precision p : service.precisions) out.push_back(serving_precision(p, model.kv_precision));
  if (service.precision) out.push_back(serving_precision(*service.precision, model.kv_precision));
  if (out.empty()) out.push_back(stored_precision(model));
  return out;
}

std::string mode_name(bool disaggregated) { return disaggregated ? "disaggregated" : "aggregated"; }

/// What takes most time, or which target is met with nothing to spare.
std::string limit_of(const SizedFleet& fleet, const SizingTargets& targets) {
  const TrialResult& at = fleet.at_load;
  const auto use = [](const LatencyGoal& goal, Duration reached) { return goal.limit ? reached / *goal.limit : 0.0; };
  const double ttft = use(targets.ttft, at.ttft), tpot = use(targets.tpot, at.tpot);
  return ttft > tpot ? "TTFT target" : "TPOT target";
}

}  // namespace

/// All that so many accelerators serve, under the service's own study where it has one.
FleetQuestion rated_question(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system) {
  const SizingDemand demand{0, rated_accelerators(system), service.headroom};
  if (service.own) return service_fleet_question(catalogue, *service.own, demand);
  FleetQuestion question;
  question.demand = demand;
  question.targets = {{service.ttft, service.share}, {service.tpot, service.share}};
  question.serving.target = {service.ttft, service.tpot};
  const auto prefix = static_cast<std::int32_t>(std::lround(service.isl * service.prefix_share));
  set_traffic(question, {LengthDistribution::fixed(service.isl), LengthDistribution::fixed(service.osl), prefix});
  return question;
}

Result<MachineRate> rate_serving(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system,
                                 const MachineRate& like) {
  const Model& model = catalogue.models.at(service.model);
  const FleetQuestion question = rated_question(catalogue, service, system);
  const auto precisions = service.own ? std::vector{question.serving.precision} : allowed_precisions(model, service);
  auto ways = make_serving_ways(catalogue, model, system, service.engine, precisions, service.mode);
  if (!ways) return ways.faults();
  if (!like.engine.empty()) {
    std::erase_if(ways->options, [&](const FleetOption& way) {
      return way.engine.kernels != like.engine || precision_name(way.precision.linear) != like.precision ||
             mode_name(way.disaggregated) != like.mode;
    });
  }
  const auto& s = like.sizes;
  if (s[0] > 0) {
    for (FleetOption& way : ways->options) {
      way.layouts = {{s[0], s[1], s[2], s[3]}};
      if (way.disaggregated) way.layouts.push_back({s[4], s[5], s[6], s[7]});
    }
  }
  const FleetAnswer answer = size_fleet(model, question, ways->options);
  const auto* fleet = std::get_if<SizedFleet>(&answer);
  const FleetOption& option = ways->options[fleet != nullptr ? fleet->option : 0];
  const std::array used{option.precision.linear, option.precision.expert};
  MachineRate rate{service.service, system.id, system.accelerator};
  rate.accelerators = question.demand.accelerators;
  rate.origin = option.machine->law.origin(used), rate.law = format_law_basis(option.machine->law, used);
  rate.ranged = std::any_of(ways->options.begin(), ways->options.end(), [&](const FleetOption& way) {
    return rests_on_typical_laws({&model, way.machine, {}, way.precision, way.engine});
  });
  if (fleet == nullptr) {
    rate.layout = std::get<FleetShortfall>(answer).sentence;
    return rate;
  }
  rate.per_accelerator = fleet->output_per_accelerator * token / second;
  rate.layout = format_deployment(fleet->deployment);
  const ServingLayout& main = fleet->deployment.main.layout;
  const ServingLayout prefill = fleet->deployment.prefill ? fleet->deployment.prefill->layout : ServingLayout{};
  rate.sizes = {main.tp,    main.pp,    main.attention_dp,    main.ep,
                prefill.tp, prefill.pp, prefill.attention_dp, prefill.ep};
  rate.engine = option.engine.kernels;
  rate.mode = mode_name(fleet->deployment.disaggregated());
  rate.precision = precision_name(option.precision.linear);
  rate.limit = limit_of(*fleet, question.targets);
  const ReplicaPower each =
      deployment_power(replica_power(catalogue, system, 1), model, question, option, *fleet);
  rate.power_share = fleet_economy(*fleet, {{}, each}).power / (static_cast<double>(fleet->accelerators) * each.busy);
  rate.shares = deployment_law_shares(model, question, option, *fleet);
  return rate;
}

}  // namespace stargate
