// The field tables of hardware records.
#include "stargate/catalogue/hardware.hpp"

namespace stargate {

template <class Q>
const RecordTable<PriceRange<Q>>& PriceRange<Q>::table() {
  static const auto table = RecordTable<PriceRange<Q>>("price range", "Lowest, most likely and highest price.")
                                .required("low", &PriceRange<Q>::low, "Lowest seen or expected.", not_negative)
                                .required("mid", &PriceRange<Q>::mid, "Most likely; what plans use.", not_negative)
                                .required("high", &PriceRange<Q>::high, "Highest seen or expected.", not_negative);
  return table;
}
template struct PriceRange<Money>;
template struct PriceRange<MoneyPerByte>;
template struct PriceRange<MoneyPerPower>;

const RecordTable<Accelerator>& Accelerator::table() {
  using A = Accelerator;
  static const auto table =
      record_fields<A>("accelerator", "A chip or package that multiplies matrices; rates dense, links per direction.")
          .required("vendor", &A::vendor, "Company that sells it.")
          .optional("architecture", &A::architecture,
                    "Family of the chip, within which coefficients carry over: id of an architecture record.")
          .optional("kernel_table_name", &A::kernel_table_name,
                    "Its name in collected kernel tables, when that is not the id with '_' for '-'.")
          .required("status", &A::status, "Shipping, or announced only.")
          .required("available", &A::available, "First quarter of volume shipments.")
          .optional("process", &A::process, "Foundry process of the compute dies.")
          .optional("form", &A::form, "Form factor.")
          .required("memory", &A::memory, "Kind of its memory: id of a memory record.")
          .optional("memory_stacks", &A::memory_stacks, "Stacks of it.", not_negative)
          .required("memory_capacity", &A::memory_capacity, "Usable capacity; vendors' GB of HBM are GiB.", positive)
          .optional("driver_memory", &A::driver_memory,
                    "Of the capacity, what driver and error correction keep from programs.", not_negative)
          .required("memory_bandwidth", &A::memory_bandwidth, "Peak bandwidth.", positive)
          .required("peak", &A::peak, "Dense peak rate by precision.", positive)
          .optional("best_share", &A::best_share,
                    "Share of the peak that the best measured matrix multiply reaches, by precision.", fraction)
          .required("compute_units", &A::compute_units, "Number of SMs, CUs or cores that take tiles of work.",
                    positive)
          .required("clock", &A::clock, "Highest clock.", positive)
          .optional("last_level_cache", &A::last_level_cache, "Capacity of the cache all compute units share.",
                    positive)
          .required("power", &A::power, "Maximum power of the part.", positive)
          .optional("idle_power", &A::idle_power, "Power when nothing runs.", positive)
          .optional("scale_up", &A::scale_up, "Network inside the scale-up domain: id of a network record.")
          .optional("scale_up_bandwidth", &A::scale_up_bandwidth, "Bandwidth into that network, per direction.",
                    positive)
          .optional("scale_up_domain", &A::scale_up_domain, "Largest number of accelerators in one domain.", positive)
          .optional("scale_out_bandwidth", &A::scale_out_bandwidth, "Bandwidth to other systems, per direction.",
                    positive)
          .optional("host_bandwidth", &A::host_bandwidth, "Bandwidth to the host CPU, per direction.", positive)
          .optional("price", &A::price, "Price of the part.")
          .optional("packages_per_wafer", &A::packages_per_wafer, "Packages from one wafer of advanced packaging.",
                    positive);
  return table;
}

FlopRate Accelerator::peak_rate(Precision precision) const {
  // A chip without matrix units for a format converts to the next wider one it has.
  for (auto p : {precision, Precision::fp8, Precision::bf16, Precision::fp32}) {
    if (bytes_per_element(p) < bytes_per_element(precision)) continue;
    if (const auto it = peak.find(p); it != peak.end()) return it->second;
  }
  return peak.empty() ? FlopRate{} : peak.begin()->second;
}

const RecordTable<System>& System::table() {
  using S = System;
  static const auto table =
      record_fields<S>("system",
                       "A node or rack as it is ordered: accelerators, hosts, scale-up domain, network cards.")
          .required("accelerator", &S::accelerator, "Id of the accelerator in it.")
          .required("accelerators", &S::accelerators, "How many accelerators.", positive)
          .required("accelerators_per_node", &S::accelerators_per_node, "Accelerators behind one host.", positive)
          .optional("cpu", &S::cpu, "Id of the host CPU.")
          .optional("cpus", &S::cpus, "How many host CPUs.", not_negative)
          .required("status", &S::status, "Shipping, or announced only.")
          .required("available", &S::available, "First quarter of volume shipments.")
          .required("power", &S::power, "Power of the whole system at its plug.", positive)
          .optional("cooling", &S::cooling, "What takes its heat away; air when it is not said.")
          .required("price", &S::price, "Price of the whole system with network cards.")
          .required("scale_up_domain", &S::scale_up_domain, "Accelerators in one scale-up domain.", positive)
          .required("scale_up", &S::scale_up, "Network inside the domain: id of a network record.")
          .required("scale_out", &S::scale_out, "Network between systems: id of a network record.")
          .optional("host_memory", &S::host_memory, "Memory of the hosts.", positive)
          .optional("host_contention", &S::host_contention,
                    "Exponent by which cards on PCIe share a host, in place of the calibrated host's; 0: switches give "
                    "each its own.",
                    not_negative);
  return table;
}

const RecordTable<Cpu>& Cpu::table() {
  using C = Cpu;
  static const auto table = record_fields<C>("cpu", "A host processor.")
                                .required("vendor", &C::vendor, "Company that sells it.")
                                .required("core_ip", &C::core_ip, "Architecture of its cores.")
                                .optional("process", &C::process, "Foundry process.")
                                .optional("cores", &C::cores, "Number of cores.", positive)
                                .optional("memory", &C::memory, "Kind of its memory: id of a memory record.")
                                .optional("memory_capacity", &C::memory_capacity, "Largest memory.", positive)
                                .optional("memory_bandwidth", &C::memory_bandwidth, "Bandwidth of it.", positive)
                                .optional("power", &C::power, "Maximum power.", positive)
                                .optional("links", &C::links, "Links to accelerators.")
                                .required("year", &C::year, "Year of first shipments.");
  return table;
}

const RecordTable<MemoryKind>& MemoryKind::table() {
  using M = MemoryKind;
  static const auto table =
      record_fields<M>("memory", "A generation of memory.")
          .required("year", &M::year, "First year of volume.")
          .optional("stack_high", &M::stack_high, "Dies in a stack.", positive)
          .optional("interface_bits", &M::interface_bits, "Width of the interface of a stack.", positive)
          .optional("pin_rate", &M::pin_rate, "Highest rate of one pin.", positive)
          .optional("capacity_per_stack", &M::capacity_per_stack, "Capacity of one stack.", positive)
          .optional("bandwidth_per_stack", &M::bandwidth_per_stack, "Bandwidth of one stack in products.", positive)
          .optional("price", &M::price, "Price by capacity.")
          .optional("device_energy", &M::device_energy, "Energy a bit inside the memory.", positive)
          .optional("system_energy", &M::system_energy, "Energy a bit with interface and controller.", positive);
  return table;
}

const RecordTable<Network>& Network::table() {
  using N = Network;
  static const auto table =
      record_fields<N>("network", "A generation of links and switches.")
          .required("class", &N::network_class, "Inside a domain, between systems, or to the host.")
          .required("topology", &N::topology, "How accelerators are joined.")
          .required("year", &N::year, "First year of volume.")
          .required("status", &N::status, "Shipping, or announced only.")
          .required("bandwidth", &N::bandwidth, "Per direction: of one accelerator, or of one port for scale-out.",
                    positive)
          .optional("efficiency", &N::efficiency, "Share of the bandwidth large messages reach.", fraction)
          .optional("latency", &N::latency, "End-to-end latency of a small message.", positive)
          .optional("hop_latency", &N::hop_latency, "Latency of one switch.", positive)
          .optional("links", &N::links, "Links of one accelerator.", positive)
          .optional("switch_radix", &N::switch_radix, "Ports of one switch.", positive)
          .optional("switch_price", &N::switch_price, "Price of one switch.", positive)
          .optional("port_price", &N::port_price, "Price of one network card port.", positive)
          .optional("optic_price", &N::optic_price, "Price of one optical module.", not_negative)
          .optional("switch_power", &N::switch_power, "Power of one switch.", positive)
          .optional("optic_power", &N::optic_power, "Power of one optical module.", positive)
          .optional("in_network_reduction", &N::in_network_reduction, "Switches can add (SHARP).")
          .optional("transport", &N::transport,
                    "Which collective coefficients across domains are its: rdma (InfiniBand, RoCE) or efa.");
  return table;
}

}  // namespace stargate
