// Scenarios: as planned without regions, with regions, and for each draw with failures, then with late machines too.
// What each adds to what is missing is its cause's.
#include "stargate/planner/run_in_time.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <numbers>
#include <numeric>

#include "stargate/base/parallel.hpp"
#include "stargate/base/random.hpp"
#include "stargate/planner/run_flow.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kSecondsAnHour = 3600;
using Grid = std::vector<std::vector<double>>;

int run_size(const auto& items) { return static_cast<int>(items.size()); }

/// Machines of one system at one site, in accelerators.
struct Pool {
  int s = 0, g = 0;
  std::vector<double> installed;  ///< by quarter
  std::vector<double> delivered;  ///< by quarter
  Grid share;                     ///< (service, quarter): of what works, given to it
};

/// What the plan says of its fleet.
struct PlannedFleet {
  std::vector<Pool> pools;
  Grid missing_base;              ///< (system, quarter): delivered up to it
  Grid arrived;                   ///< (system, quarter): of what is delivered or stored, arrived up to it
  std::vector<Grid> rented;       ///< (contract, service, quarter): Mtok an hour
  std::vector<Grid> promised;     ///< (service, block, quarter): Mtok an hour
  Grid energised, planned_power;  ///< (site, quarter): MW
};

PlannedFleet planned_fleet(const Programme& p, const PlanColumns& c, const std::vector<double>& x) {
  const auto at = [&](int column) { return column < 0 ? 0.0 : std::max(0.0, x[static_cast<std::size_t>(column)]); };
  const int quarters = p.quarters(), services = run_size(p.services);
  const auto n = static_cast<std::size_t>(quarters);
  PlannedFleet out;
  out.missing_base = out.arrived = Grid(p.systems.size(), std::vector<double>(n, 0));
  for (int s = 0; s < run_size(p.sites); ++s) {
    for (int g = 0; g < run_size(p.systems); ++g) {
      const std::vector<double> none(n, 0);
      Pool pool{s, g, none, none, Grid(p.services.size(), none)};
      double all = 0;
      for (int t = 0; t < quarters; ++t) {
        pool.installed[t] = kLpAccelerators * at(c.installed.at(s, g, t));
        pool.delivered[t] = kLpAccelerators * at(c.deliver.at(s, g, t));
        all += pool.installed[t] + pool.delivered[t];
        double given = 0;
        for (int k = 0; k < services; ++k) given += at(c.run.at(s, g, k, t));
        for (int k = 0; k < services && given > 0; ++k) pool.share[k][t] = at(c.run.at(s, g, k, t)) / given;
        for (int u = t; u < quarters; ++u) out.missing_base[g][u] += pool.delivered[t];
      }
      if (all > 0) out.pools.push_back(std::move(pool));
    }
  }
  for (int g = 0; g < run_size(p.systems); ++g) {
    for (int t = 0; t < quarters; ++t) {
      out.arrived[g][t] = out.missing_base[g][t] + kLpAccelerators * at(c.store.at(g, t));
    }
  }
  for (int contract = 0; contract < run_size(p.contracts); ++contract) {
    Grid& rented = out.rented.emplace_back(p.services.size(), std::vector<double>(n, 0));
    for (int k = 0; k < services; ++k) {
      const PlanThroughput* rate = rented_throughput(p.contracts[contract], p.services[k]);
      if (rate == nullptr) continue;
      for (int t = 0; t < quarters; ++t) {
        rented[k][t] = kLpAccelerators * at(c.serve.at(contract, k, t)) * to_lp(rate->per_accelerator) * kSecondsAnHour;
      }
    }
  }
  for (int k = 0; k < services; ++k) {
    Grid& promised = out.promised.emplace_back();
    for (int b = 0; b < run_size(p.services[k].blocks); ++b) {
      auto& series = promised.emplace_back();
      for (int t = 0; t < quarters; ++t) series.push_back(at(c.sell.at(k, b, t)) * kSecondsAnHour);
    }
  }
  for (int s = 0; s < run_size(p.sites); ++s) {
    auto& on = out.energised.emplace_back();
    auto& drawn = out.planned_power.emplace_back();
    for (int t = 0; t < quarters; ++t) on.push_back(at(c.energised.at(s, t))), drawn.push_back(at(c.drawn.at(s, t)));
  }
  return out;
}

/// Which machines serve whom: users seen as one group, or each with its own places.
struct Reach {
  std::vector<std::uint32_t> classes;       ///< bits of users
  std::vector<int> of_pool, of_contract;    ///< class; -1: may serve nobody
};

Reach reach_of(const RunService& service, const PlannedFleet& fleet, int contracts, bool regions) {
  Reach out;
  std::map<std::uint32_t, int> known;
  const auto class_of = [&](std::uint32_t bits) {
    if (bits == 0) return -1;
    const auto [found, fresh] = known.emplace(bits, run_size(out.classes));
    if (fresh) out.classes.push_back(bits);
    return found->second;
  };
  const auto bits_of = [&](std::vector<bool> RunUsers::*places, int place) {
    std::uint32_t bits = 0;
    for (int u = 0; u < run_size(service.users); ++u) {
      if (!regions || (service.users[u].*places)[place]) bits |= std::uint32_t{1} << u;
    }
    return bits;
  };
  for (const Pool& pool : fleet.pools) out.of_pool.push_back(class_of(bits_of(&RunUsers::sites, pool.s)));
  for (int contract = 0; contract < contracts; ++contract) {
    out.of_contract.push_back(class_of(bits_of(&RunUsers::contracts, contract)));
  }
  return out;
}

/// Of a scenario, by quarter and service.
struct Tally {
  double asked = 0, delivered = 0, lost = 0, waiting = 0, hours_short = 0, capacity = 0, missing_usd = 0;
  std::vector<double> lost_in;  ///< (users, hour of the week)
};
struct Outcome {
  std::vector<std::vector<Tally>> services;  ///< (quarter, service)
  Grid energy, peak;                         ///< (quarter, site): MWh, MW
};

struct Scenario {
  bool regions = true;
  const RunDraw* draw = nullptr;  ///< null: machines work as planned
  bool late = false;
  std::uint32_t number = 0;       ///< of the draw
};

/// Work of one block and group of users that may wait, oldest hour first.
struct Queue {
  std::deque<double> hours;
  double total = 0;
};

class FleetRun {
 public:
  FleetRun(const Programme& p, const PlannedFleet& fleet, const RunSpec& spec, const Scenario& scenario)
      : p_(p), fleet_(fleet), spec_(spec), scenario_(scenario) {
    for (int k = 0; k < run_size(p.services); ++k) {
      const RunService& service = spec.services[k];
      reach_.push_back(reach_of(service, fleet, run_size(p.contracts), scenario.regions));
      flows_.emplace_back(run_size(service.users), reach_.back().classes);
      queues_.emplace_back(p.services[k].blocks.size(), std::vector<Queue>(service.users.size()));
    }
    for (const Pool& pool : fleet.pools) {
      const auto number = static_cast<std::uint32_t>(pool.s * run_size(p.systems) + pool.g);
      streams_.emplace_back(spec.seed, scenario.number * 65536U + number, "nodes away");
      deviation_.push_back(scenario.draw != nullptr ? streams_.back().normal() : 0);
    }
  }

  Outcome run() {
    Outcome out;
    for (t_ = 0; t_ < p_.quarters(); ++t_) {
      begin_quarter(out);
      for (hour_ = 0; hour_ < kQuarterHours; ++hour_) run_hour(out);
      end_quarter(out);
    }
    return out;
  }

 private:
  bool trains(int k) const { return spec_.services[k].trains; }
  int waits(int k, int b) const { return spec_.services[k].waits[b]; }
  int hour_of_week() const { return (t_ * kQuarterHours + hour_) % kWeekHours; }

  void begin_quarter(Outcome& out) {
    auto& tallies = out.services.emplace_back(p_.services.size());
    out.energy.emplace_back(p_.sites.size(), 0.0), out.peak.emplace_back(p_.sites.size(), 0.0);
    factors_.assign(p_.services.size(), {}), order_.assign(p_.services.size(), {});
    for (int k = 0; k < run_size(p_.services); ++k) {
      tallies[k].lost_in.assign(spec_.services[k].users.size() * kWeekHours, 0);
      for (const RunUsers& users : spec_.services[k].users) factors_[k].push_back(week_of(users));
      const auto& blocks = p_.services[k].blocks;
      order_[k].resize(blocks.size());
      std::iota(order_[k].begin(), order_[k].end(), 0);
      const Quarter now = p_.first + t_;
      std::stable_sort(order_[k].begin(), order_[k].end(), [&](int a, int b) {
        const bool waits_a = waits(k, a) > 0 || trains(k), waits_b = waits(k, b) > 0 || trains(k);
        return waits_a != waits_b ? waits_b : blocks[a].price.at(now) > blocks[b].price.at(now);
      });
    }
    set_present();
  }

  /// Share of the mean by hour of the week, so that the quarter's own hours have the promised mean.
  std::vector<double> week_of(const RunUsers& users) const {
    if (users.week.empty()) return std::vector<double>(kWeekHours, users.share);
    double sum = 0;
    for (int h = 0; h < kQuarterHours; ++h) {
      sum += users.week[static_cast<std::size_t>((t_ * kQuarterHours + h) % kWeekHours)];
    }
    std::vector<double> out = users.week;
    for (double& share : out) share *= users.share * kQuarterHours / sum;
    return out;
  }

  /// Accelerators of each pool that are there, before and after the hour in which late ones arrive.
  void set_present() {
    present_ = {}, switch_.assign(p_.systems.size(), 0);
    for (const Pool& pool : fleet_.pools) {
      present_[0].push_back(pool.installed[t_]), present_[1].push_back(pool.installed[t_]);
    }
    if (!scenario_.late) return;
    for (int g = 0; g < run_size(p_.systems); ++g) {
      const double late = std::min(scenario_.draw->late[g], 1e6), whole = std::floor(late);
      switch_[g] = static_cast<int>(std::lround((late - whole) * kQuarterHours));
      for (int part = 0; part < 2; ++part) take_missing(g, t_ - static_cast<int>(whole) - (part == 0 ? 1 : 0), part);
    }
  }

  /// What the plan has switched on by now, of what has arrived by the end of quarter `arrived`, is not there: of the
  /// latest deliveries, evenly over their sites.
  void take_missing(int g, int arrived, int part) {
    double missing = fleet_.missing_base[g][t_] - (arrived < 0 ? 0 : fleet_.arrived[g][arrived]);
    for (int u = t_; u >= 0 && missing > 0; --u) {
      const double all = fleet_.missing_base[g][u] - (u > 0 ? fleet_.missing_base[g][u - 1] : 0);
      if (!(all > 0)) continue;
      const double share = std::min(1.0, missing / all);
      for (std::size_t i = 0; i < fleet_.pools.size(); ++i) {
        if (fleet_.pools[i].g != g) continue;
        present_[part][i] = std::max(0.0, present_[part][i] - share * fleet_.pools[i].delivered[u]);
      }
      missing -= share * all;
    }
  }

  double present(std::size_t i) const { return present_[hour_ < switch_[fleet_.pools[i].g] ? 0 : 1][i]; }

  /// Accelerators that work. Each of n nodes is away a share q of the time: mean n q, variance n q (1 - q), correlation
  /// exp(-t / repair); by its diffusion.
  double working(std::size_t i) {
    const int g = fleet_.pools[i].g;
    const double there = present(i);
    if (scenario_.draw == nullptr) return there * p_.systems[g].availability;
    const double kept = std::exp(-1 / spec_.repair[g]);
    deviation_[i] = kept * deviation_[i] + std::sqrt(1 - kept * kept) * streams_[i].normal();
    const double node = spec_.nodes[g], away = scenario_.draw->away[g], mean = there * away / node;
    return std::clamp(there - node * (mean + std::sqrt(mean * (1 - away)) * deviation_[i]), 0.0, there);
  }

  void run_hour(Outcome& out) {
    auto& tallies = out.services[t_];
    const std::size_t pools = fleet_.pools.size();
    working_.resize(pools), load_.assign(pools, 0);
    for (std::size_t i = 0; i < pools; ++i) working_[i] = present(i) > 0 ? working(i) : 0;
    for (int k = 0; k < run_size(p_.services); ++k) {
      set_capacity(k, tallies[k]);
      serve_hour(k, tallies[k]);
      add_load(k);
    }
    std::vector<double> power(p_.sites.size(), 0);
    for (std::size_t i = 0; i < pools; ++i) {
      const int s = fleet_.pools[i].s;
      const double idle = idle_power_lp(p_.sites[s], p_.systems[fleet_.pools[i].g]) / kLpAccelerators;
      power[s] += load_[i] + idle * present(i);
    }
    for (std::size_t s = 0; s < power.size(); ++s) {
      out.energy[t_][s] += power[s], out.peak[t_][s] = std::max(out.peak[t_][s], power[s]);
    }
  }

  /// Mtok an hour of an accelerator at its rated load.
  double rate(int k, int g) const {
    const auto found = p_.services[k].throughput.find(p_.systems[g].id);
    if (found == p_.services[k].throughput.end()) return 0;
    const RunDraw* draw = scenario_.draw;
    const double pace = trains(k) && draw != nullptr && !draw->pace.empty() ? draw->pace[k][g] : 1;
    return to_lp(found->second.per_accelerator) * kSecondsAnHour * pace;
  }

  void set_capacity(int k, Tally& tally) {
    const Reach& reach = reach_[k];
    capacity_.assign(reach.classes.size(), 0);
    for (std::size_t i = 0; i < fleet_.pools.size(); ++i) {
      const double share = fleet_.pools[i].share[k][t_];
      if (share > 0 && reach.of_pool[i] >= 0) {
        capacity_[reach.of_pool[i]] += share * working_[i] * rate(k, fleet_.pools[i].g);
      }
    }
    for (std::size_t contract = 0; contract < p_.contracts.size(); ++contract) {
      if (reach.of_contract[contract] >= 0) capacity_[reach.of_contract[contract]] += fleet_.rented[contract][k][t_];
    }
    for (const double some : capacity_) tally.capacity += some;
    flows_[k].begin(capacity_);
  }

  /// What cannot wait first, dearest first; then what waits, oldest first.
  void serve_hour(int k, Tally& tally) {
    bool is_short = false;
    for (const int b : order_[k]) {
      for (int u = 0; u < run_size(spec_.services[k].users); ++u) {
        const double asked = fleet_.promised[k][b][t_] * factors_[k][u][hour_of_week()];
        tally.asked += asked;
        const bool may_wait = waits(k, b) > 0 || trains(k);
        double lost = 0;
        if (may_wait) {
          lost = serve_waiting(k, b, u, asked, tally);
        } else if (asked > 0) {
          const double served = flows_[k].serve(u, asked);
          tally.delivered += served, lost = asked - served;
          if (lost < 1e-9 * asked) lost = 0;
        }
        if (!(lost > 0)) continue;
        is_short = true;
        tally.lost += lost, tally.missing_usd += lost * dollars_a_mtok(k, b);
        tally.lost_in[static_cast<std::size_t>(u * kWeekHours + hour_of_week())] += lost;
      }
    }
    if (is_short) ++tally.hours_short;
  }

  double dollars_a_mtok(int k, int b) const {
    return (p_.services[k].blocks[b].price.at(p_.first + t_) * million_tokens).in(dollar);
  }

  /// What has waited too long is lost.
  double serve_waiting(int k, int b, int u, double asked, Tally& tally) {
    Queue& queue = queues_[k][b][u];
    queue.hours.push_back(asked), queue.total += asked;
    if (!(queue.total > 0)) return queue.hours.clear(), 0.0;
    double served = flows_[k].serve(u, queue.total);
    tally.delivered += served, queue.total = std::max(0.0, queue.total - served);
    while (!queue.hours.empty() && served >= queue.hours.front()) {
      served -= queue.hours.front(), queue.hours.pop_front();
    }
    if (queue.hours.empty()) queue.total = 0;
    if (!queue.hours.empty()) queue.hours.front() -= served;
    if (trains(k)) {
      const double left = queue.total;  // one lot: nothing of it is ever given up
      if (queue.hours.size() > 1) queue.hours.assign(1, left);
      return 0;
    }
    double lost = 0;
    while (run_size(queue.hours) > waits(k, b)) lost += queue.hours.front(), queue.hours.pop_front();
    queue.total = std::max(0.0, queue.total - lost);
    return lost;
  }

  /// MW of what the machines do, by the share of their class's capacity in use.
  void add_load(int k) {
    const auto& service = p_.services[k];
    for (std::size_t i = 0; i < fleet_.pools.size(); ++i) {
      const int s = fleet_.pools[i].s, g = fleet_.pools[i].g, c = reach_[k].of_pool[i];
      const double share = fleet_.pools[i].share[k][t_];
      if (!(share > 0) || c < 0 || !(capacity_[c] > 0) || !service.throughput.contains(p_.systems[g].id)) continue;
      const double busy = share * working_[i] * flows_[k].used(c) / capacity_[c];
      load_[i] += busy * work_power_lp(p_.sites[s], p_.systems[g], service) / service.utilisation / kLpAccelerators;
    }
  }

  void end_quarter(Outcome& out) {
    for (int k = 0; k < run_size(p_.services); ++k) {
      Tally& tally = out.services[t_][k];
      for (int b = 0; b < run_size(queues_[k]); ++b) {
        for (const Queue& queue : queues_[k][b]) tally.waiting += queue.total;
      }
    }
  }

  const Programme& p_;
  const PlannedFleet& fleet_;
  const RunSpec& spec_;
  const Scenario scenario_;
  int t_ = 0, hour_ = 0;
  std::vector<Reach> reach_;                           ///< by service
  std::vector<HourFlow> flows_;                        ///< by service
  std::vector<std::vector<std::vector<Queue>>> queues_;  ///< (service, block, users)
  std::vector<RandomStream> streams_;                  ///< by pool
  std::vector<double> deviation_;                      ///< by pool: of the nodes away, in standard deviations
  std::vector<Grid> factors_;                          ///< (service, users, hour of the week)
  std::vector<std::vector<int>> order_;                ///< by service: blocks as they are served
  std::array<std::vector<double>, 2> present_;         ///< by pool, before and from the hour `switch_`
  std::vector<int> switch_;                            ///< by system
  std::vector<double> working_, load_, capacity_;      ///< of the hour: by pool, accelerators and MW; by class, Mtok
};

/// Where and when most is lost, over the draws.
void set_worst(const std::vector<double>& lost_in, RunServiceQuarter& out) {
  const auto worst = std::max_element(lost_in.begin(), lost_in.end());
  if (worst == lost_in.end() || !(*worst > 0)) return;
  const auto place = static_cast<int>(worst - lost_in.begin());
  out.worst_users = place / kWeekHours, out.worst_hour = place % kWeekHours;
}

/// `failing` and `full` by draw.
struct AllOutcomes {
  Outcome planned, regions;
  std::vector<Outcome> failing, full;
};

RunServiceQuarter told_quarter(const AllOutcomes& all, int t, int k) {
  RunServiceQuarter out;
  const auto missing = [&](const Outcome& outcome) {
    const Tally& tally = outcome.services[t][k];
    return tally.asked - tally.delivered;
  };
  const auto n = static_cast<double>(all.full.size());
  out.missing.peak = missing(all.planned), out.missing.reach = missing(all.regions) - out.missing.peak;
  std::vector<double> delivered, lost_in(all.regions.services[t][k].lost_in.size(), 0);
  double failing = 0, full = 0;
  for (std::size_t i = 0; i < all.full.size(); ++i) {
    const Tally& tally = all.full[i].services[t][k];
    failing += missing(all.failing[i]) / n, full += missing(all.full[i]) / n;
    out.promised += tally.asked / n, out.delivered += tally.delivered / n, out.lost += tally.lost / n;
    out.waiting += tally.waiting / n, out.hours_short += tally.hours_short / n, out.capacity += tally.capacity / n;
    out.missing_usd += tally.missing_usd / n;
    delivered.push_back(tally.delivered);
    for (std::size_t j = 0; j < lost_in.size(); ++j) lost_in[j] += tally.lost_in[j];
  }
  out.missing.failures = failing - missing(all.regions), out.missing.late = full - failing;
  std::sort(delivered.begin(), delivered.end());
  out.low = delivered[static_cast<std::size_t>(0.1 * static_cast<double>(delivered.size()))];
  set_worst(lost_in, out);
  return out;
}

}  // namespace

std::vector<RunQuarter> run_in_time(const Programme& programme, const PlanColumns& columns,
                                    const std::vector<double>& values, const RunSpec& spec) {
  const PlannedFleet fleet = planned_fleet(programme, columns, values);
  const std::size_t n = spec.draws.size();
  AllOutcomes all;
  all.failing.resize(n), all.full.resize(n);
  for_each_parallel(2 + 2 * n, [&](std::size_t i) {
    const std::size_t draw = i < 2 ? 0 : (i - 2) / 2;
    const bool late = i >= 2 && i % 2 == 1;
    const Scenario scenario{i != 0, i < 2 ? nullptr : &spec.draws[draw], late, static_cast<std::uint32_t>(draw)};
    Outcome& out = i == 0 ? all.planned : i == 1 ? all.regions : late ? all.full[draw] : all.failing[draw];
    out = FleetRun(programme, fleet, spec, scenario).run();
  });
  std::vector<RunQuarter> out;
  for (int t = 0; t < programme.quarters(); ++t) {
    RunQuarter& quarter = out.emplace_back();
    quarter.quarter = programme.first + t;
    for (int k = 0; k < run_size(programme.services); ++k) quarter.services.push_back(told_quarter(all, t, k));
    for (int s = 0; s < run_size(programme.sites); ++s) {
      RunSiteQuarter site;
      for (const Outcome& outcome : all.full) {
        site.energy_mwh += outcome.energy[t][s] / static_cast<double>(n);
        site.peak_mw = std::max(site.peak_mw, outcome.peak[t][s]);
      }
      site.planned_mwh = fleet.planned_power[s][t] * kQuarterHours, site.limit_mw = fleet.energised[s][t];
      quarter.sites.push_back(site);
    }
  }
  return out;
}

std::vector<double> week_shape(double peak_to_mean, double peak_hour, double weekend) {
  const double weekday = 7 / (5 + 2 * weekend), of_day = std::max(1.0, peak_to_mean / weekday);
  const auto hours_of = [&](double power) {
    std::vector<double> out;
    for (int h = 0; h < 24; ++h) {
      const double cosine = std::cos((h - peak_hour) / 24 * 2 * std::numbers::pi);
      out.push_back(of_day <= 2 ? 1 + (of_day - 1) * cosine : std::pow((1 + cosine) / 2, power));
    }
    return out;
  };
  const auto peak_of = [&](const std::vector<double>& hours) {
    return 24 * *std::max_element(hours.begin(), hours.end()) / std::accumulate(hours.begin(), hours.end(), 0.0);
  };
  double low = 0, high = 1e4;  // a power of the cosine; an hour alone has 24 times the mean
  for (int i = 0; i < 60 && of_day > 2; ++i) {
    const double middle = 0.5 * (low + high);
    (peak_of(hours_of(middle)) < of_day ? low : high) = middle;
  }
  const std::vector<double> hours = hours_of(high);
  const double mean = std::accumulate(hours.begin(), hours.end(), 0.0) / 24;
  std::vector<double> out;
  for (int d = 0; d < 7; ++d) {
    for (const double share : hours) out.push_back(share / mean * (d < 5 ? weekday : weekend * weekday));
  }
  return out;
}

}  // namespace stargate
