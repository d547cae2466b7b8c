// One copy of the catalogue for each respect, made once.
#include "better_catalogues.hpp"

#include <algorithm>
#include <functional>

namespace stargate {
namespace {

constexpr double kBetter = 4.0 / 3;

Catalogue with(const std::function<void(Accelerator&)>& part, const std::function<void(Network&)>& link) {
  Catalogue out = shipped_catalogue();
  out.listed.accelerators = out.accelerators;
  out.listed.networks = out.networks;
  for (auto& [id, accelerator] : out.accelerators) part(accelerator);
  for (auto& [id, network] : out.networks) link(network);
  return out;
}

std::vector<BetterCatalogue> make_all() {
  const auto no_part = [](Accelerator&) {};
  const auto no_link = [](Network&) {};
  std::vector<BetterCatalogue> out;
  out.push_back({"memory bandwidth", with([](Accelerator& a) { a.memory_bandwidth *= kBetter; }, no_link)});
  out.push_back({"memory capacity", with([](Accelerator& a) { a.memory_capacity *= kBetter; }, no_link)});
  out.push_back({"peak", with(
                             [](Accelerator& a) {
                               for (auto& [precision, rate] : a.peak) rate *= kBetter;
                             },
                             no_link)});
  out.push_back({"links inside a domain", with([](Accelerator& a) { a.scale_up_bandwidth *= kBetter; },
                                               [](Network& n) {
                                                 if (n.network_class != NetworkClass::scale_out) n.bandwidth *= kBetter;
                                               })});
  out.push_back({"links between domains", with([](Accelerator& a) { a.scale_out_bandwidth *= kBetter; },
                                               [](Network& n) {
                                                 if (n.network_class == NetworkClass::scale_out) n.bandwidth *= kBetter;
                                               })});
  out.push_back({"latency of links", with(no_part, [](Network& n) {
                   if (n.latency) *n.latency *= 1 / kBetter;
                 })});
  out.push_back({"efficiency of links", with(no_part, [](Network& n) {
                   if (n.efficiency) *n.efficiency = std::min(1.0, kBetter * *n.efficiency);
                 })});
  return out;
}

}  // namespace

const std::vector<BetterCatalogue>& better_catalogues() {
  static const std::vector<BetterCatalogue> all = make_all();
  return all;
}

}  // namespace stargate
