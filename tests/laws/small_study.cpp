// Two sites, two systems, two services.
#include "small_study.hpp"

namespace stargate {

const char* const kSmallStudy = R"(
name: Every field
about: all of them
sources: {someone-2026: {title: A talk, date: 2026-01-01, grade: C, locator: there}}
horizon: {first: 2026Q1, last: 2027Q4}
finance:
  {discount_rate: 8 %, capital_cost: 10 %, system_life: 1 year, building_life: 20 years, maintenance: 3 %, deposit: 20 %,
   on_delivery: 70 %, on_acceptance: 10 %, reinvested_revenue: 5 %, maximum_debt_share: 60 %,
   debt_service_cover: 1.2, fixed_charge_cover: 1.1, covenants_from: 2027Q1, source: someone-2026}
capital:
  - {name: start, from: 2026Q1, amount: 5 B$, drawn: 20 M$, kind: equity, interest: 0 %, source: someone-2026}
  - {name: more, from: 2026Q3, amount: 5 B$, kind: debt, interest: 7 %, repaid_from: 2027Q2, repaid_until: 2028Q1, source: someone-2026}
  - {name: secured, from: 2026Q2, amount: 1 B$, kind: debt, interest: 6 %, of_systems: 40 %, of_buildings: 60 %,
     recourse: false, source: someone-2026}
sites:
  - {site: abilene, power: {2026Q1: 100 MW, 2027Q1: 200 MW}, energised: 50 MW, most_started: 50 MW,
     build_lead_time: 6 months, take_or_pay: 50 %, source: someone-2026}
  - {site: sakai, power: 50 MW, most_started: 50 MW, rack: 100 kW, source: someone-2026,
     lease: {power: 10 MW, term: 2 years, rent: 150 $/kW/month, source: someone-2026},
     flexible: {power: {2026Q2: 20 MW, 2027Q4: 5 MW}, hours: 100 h, longest: 4 h, source: someone-2026},
     plants: [{name: engines, power: {2026Q1: 5 MW, 2027Q1: 30 MW}, begun: 5 MW, price: 1.8 $/W, lead_time: 6 months,
               life: 20 years, maintenance: 2 %, efficiency: 41 %, fuel_price: 12 $/MWh, fuel_carbon: 181 g/kWh,
               source: someone-2026},
              {name: battery, power: 10 MW, price: 1 $/W, lead_time: 3 months, life: 10 years, efficiency: 85 %,
               battery: 2 h, source: someone-2026}]}
halls: [{rack: 130 kW, price: 2 $/W, source: someone-2026}, {rack: 600 kW, price: 5 $/W, source: someone-2026}]
systems:
  - {system: gb200-nvl72, from: 2026Q1, until: 2027Q2, order_lead_time: 3 months, price_change: -5 %, idle_power: 25 %,
     availability: 95 %, rack: 120 kW, seed_systems: 50, growth: 60 %, growth_source: someone-2026, source: someone-2026}
  - {system: openai-xpu-rack, kinds: [serving], procured: [memory, host_memory, packaging, wafers, cpu],
     dies: {process: tsmc-n3, area_mm2: 840, defects_per_cm2: 0.1, per_accelerator: 2, source: someone-2026},
     attrition: [2 %, 5 %], spares: 2 %,
     qualification: {cost: 50 M$, time: 6 months, minimum_systems: 10, source: someone-2026}, source: someone-2026}
building:
  - {site: sakai, power: 10 MW, finishes: 2027Q1, paid: 50 %, source: someone-2026}
committed:
  - {system: gb200-nvl72, site: abilene, accelerators: 720, arrives: 2025Q4, source: someone-2026}
  - {system: gb200-nvl72, accelerators: 1440, arrives: 2027Q1, paid: 30 %, source: someone-2026}
contracts:
  - {contract: cloud, system: gb200-nvl72, site: northern-virginia, stand_in: one, accelerators: {2026Q2: 1000},
     price: {2026Q1: 4 $/h, 2027Q1: 3 $/h}, take_or_pay: 80 %, kinds: [serving], source: someone-2026}
  - {contract: chips, system: openai-xpu-rack, site: abilene, stand_in: one, accelerators: 500, price: 2 $/h,
     take_or_pay: 50 %, signed: true, source: someone-2026}
shares:
  - {supplier: nvidia, share: {2026Q1: 5 %, 2027Q1: 10 %}, source: someone-2026}
  - {supplier: sk-hynix, share: 5 %, source: someone-2026}
  - {supplier: tsmc, share: 5 %, source: someone-2026}
services:
  - {service: assistant, name: Assistant, kind: serving, model: gpt-oss-120b, stand_in: one, isl: 1000, osl: 200,
     prefix_share: 20 %, ttft: 1 s, tpot: 30 ms, precision: fp8, peak_to_mean: 1.5, residency: [US],
     user_regions: [texas], most_round_trip: 100 ms, demand: {2026Q2: 1 Mtok/s, 2027Q2: 20 Mtok/s},
     blocks: [{name: paid, share: 60 %, price: {2026Q1: 3 $/Mtok, 2027Q4: 2 $/Mtok}, source: someone-2026},
              {name: free, share: {2026Q1: 40 %}, price: 0.5 $/Mtok, floor: 50 %, penalty: 1 $/Mtok,
               source: someone-2026}], source: someone-2026}
  - {service: training, name: Training, kind: training, model: llama-3.1-405b, stand_in: one, gpus: 4096,
     global_batch_size: 1024, seq_length: 8192, effective_time: 90 %, demand: 5 Mtok/s,
     blocks: [{name: research, price: 1 $/Mtok, source: someone-2026}], source: someone-2026}
carbon: {price: 10 $/t, source: someone-2026}
tax: {rate: 25 %, system_life: 5 years, building_life: 39 years, losses: 10 M$, source: someone-2026}
)";

std::vector<MachineRate> made_up_rates(const StudySpec& study) {
  std::vector<MachineRate> rates;
  for (const auto& service : study.services) {
    for (const auto& system : study.systems) {
      MachineRate rate;
      rate.service = service.service, rate.system = system.system;
      rate.per_accelerator = 20'000 * token / second;
      rates.push_back(rate);
    }
  }
  return rates;
}

}  // namespace stargate
