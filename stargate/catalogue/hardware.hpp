// What can be bought: accelerators, the systems they come in, host CPUs, memory kinds and networks.
// Rates are dense (no sparsity), links per direction. One YAML file a record; the tables below are their only
// definition.
#pragma once

#include "stargate/catalogue/precision.hpp"
#include "stargate/catalogue/source.hpp"

namespace stargate {

/// Sold in volume, or only promised; announced figures are as trustworthy as their source says.
enum class Status { shipping, announced };

/// A price is known as a range; `mid` is what plans use.
template <class Q>
struct PriceRange {
  Q low, mid, high;  ///< in order; one value in a file sets all three
  static const RecordTable<PriceRange>& table();
};
using Price = PriceRange<Money>;
using PricePerByte = PriceRange<MoneyPerByte>;
using PricePerPower = PriceRange<MoneyPerPower>;

/// One chip or package as software sees it; of a dual-die package the whole. Optional figures are empty when nobody
/// published them, never a guess.
struct Accelerator : Record {
  std::string vendor;                ///< in words; kernels carry over inside one vendor's architectures
  std::string architecture;          ///< id of an architecture record: "hopper"; what coefficients carry over within
  std::string kernel_table_name;     ///< name in collected kernel tables, when not the id with '_' for '-'
  Status status = Status::shipping;  ///< announced parts have no measurements
  Quarter available;                 ///< first deliveries
  std::string process, form;         ///< node of manufacture; "SXM5", "OAM": for lists only
  std::string memory;                ///< id of a memory record
  /// 0: not known.
  int memory_stacks = 0;
  Bytes memory_capacity;                   ///< usable
  Bytes driver_memory;                     ///< of it, what driver and error correction keep from programs
  ByteRate memory_bandwidth;               ///< peak of the data sheet
  std::map<Precision, FlopRate> peak;      ///< dense data-sheet rate of the matrix units
  std::map<Precision, double> best_share;  ///< of it, in the best matrix multiply measured over many shapes (MAMF)
  int compute_units = 100;                 ///< SMs, CUs, TensorCores; a file must say
  Frequency clock = Frequency::from_base(1.9e9);  ///< the highest; a file must say
  std::optional<Bytes> last_level_cache;          ///< shared by all compute units; laws of kernels look at its size
  Power power;                                    ///< maximum, of the part
  std::optional<Power> idle_power;      ///< with nothing to do; empty: 0.14 of the maximum (perf/power_law.hpp)
  std::string scale_up;                 ///< id of a network record; empty when there is none
  ByteRate scale_up_bandwidth;          ///< per direction, of one accelerator
  /// Accelerators; 1: no network of this kind.
  int scale_up_domain = 1;
  ByteRate scale_out_bandwidth;              ///< per direction, of one accelerator
  ByteRate host_bandwidth;                   ///< per direction, to the host's memory
  std::optional<Price> price;                ///< of the part alone
  std::optional<double> packages_per_wafer;  ///< of advanced packaging (CoWoS or like)
  static const RecordTable<Accelerator>& table();

  /// The dense peak in that precision, or of the next wider format the chip multiplies (without fp8 units, fp8 runs as
  /// bf16).
  FlopRate peak_rate(Precision precision) const;
};

/// What takes the heat of a system away; a facility spends less on liquid (Owner::pue_air, pue_liquid).
enum class Cooling { air, liquid };

/// What is ordered as a piece: a node or a rack with accelerators, hosts, cards and, in a rack, switches.
struct System : Record {
  std::string accelerator;  ///< id
  /// In the whole system as it is ordered.
  int accelerators = 8;
  int accelerators_per_node = 8;          ///< behind one host operating system (a tray of an NVL72 has 4)
  std::string cpu;                        ///< id
  int cpus = 0;                           ///< of the whole system
  Status status = Status::shipping;       ///< of the system
  Quarter available;                      ///< first deliveries of the system
  Power power;                            ///< maximum at its plug, hosts and fans included
  Cooling cooling = Cooling::air;          ///< what takes its heat away
  Price price;                            ///< of the whole system with its network cards
  int scale_up_domain = 8;                ///< accelerators that reach each other at scale-up bandwidth
  std::string scale_up, scale_out;        ///< ids of network records
  std::optional<Bytes> host_memory;       ///< of all hosts together
  std::optional<double> host_contention;  ///< of cards on PCIe, in place of the measured host's
  static const RecordTable<System>& table();
};

/// A host processor; only its figures for supply and lists matter, no law of time reads it.
struct Cpu : Record {
  std::string vendor, core_ip, process;      ///< for lists
  int cores = 0;                             ///< of one processor
  std::string memory;                        ///< in words: "12x DDR5-6400"
  std::optional<Bytes> memory_capacity;      ///< the most it takes
  std::optional<ByteRate> memory_bandwidth;  ///< peak
  std::optional<Power> power;                ///< thermal design power
  std::string links;
  int year = 0;  ///< of first products
  static const RecordTable<Cpu>& table();
};

/// One generation and height of stacks ("hbm3e-12hi"); figures of a stack. Energies are of a byte moved.
struct MemoryKind : Record {
  int year = 0;
  int stack_high = 0;                           ///< dies of a stack
  std::optional<int> interface_bits;            ///< width of a stack's interface
  std::optional<ByteRate> pin_rate;             ///< of one data pin
  std::optional<Bytes> capacity_per_stack;      ///< of one stack
  std::optional<ByteRate> bandwidth_per_stack;  ///< interface times pin rate
  std::optional<PricePerByte> price;            ///< by capacity
  /// Inside the memory; with interface and controller.
  std::optional<EnergyPerByte> device_energy, system_energy;
  static const RecordTable<MemoryKind>& table();
};

/// Inside a scale-up domain, between systems, or the host's PCIe.
enum class NetworkClass { scale_up, scale_out, host };
/// `mesh`: a link for each pair; `torus`: neighbours in a grid, as TPUs have; `none`: a host's own PCIe.
enum class Topology { none, switched, mesh, torus, fat_tree };

/// One generation of links with its switches.
struct Network : Record {
  NetworkClass network_class = NetworkClass::scale_out;  ///< which place in a system it may take
  Topology topology = Topology::switched;                ///< says what a small group can use of a link
  int year = 0;
  Status status = Status::shipping;
  ByteRate bandwidth;                      ///< per direction of one accelerator; of one port for scale-out
  std::optional<double> efficiency;        ///< share of the bandwidth that large messages were measured to reach
  std::optional<Duration> latency;         ///< software-visible, end to end, of a small message
  std::optional<Duration> hop_latency;     ///< of one switch
  std::optional<int> links, switch_radix;  ///< of one accelerator; ports of a switch
  /// Each of one.
  std::optional<Money> switch_price, port_price, optic_price;
  std::optional<Power> switch_power, optic_power;  ///< each of one
  bool in_network_reduction = false;               ///< NVLink SHARP, InfiniBand SHARP
  std::string transport = "rdma";  ///< of a scale-out network: which collective coefficients across domains are its
  static const RecordTable<Network>& table();
};

template <>
struct EnumNames<Status> {
  static constexpr std::pair<const char*, Status> names[] = {{"shipping", Status::shipping},
                                                             {"announced", Status::announced}};
};
template <>
struct EnumNames<Cooling> {
  static constexpr std::pair<const char*, Cooling> names[] = {{"air", Cooling::air}, {"liquid", Cooling::liquid}};
};
template <>
struct EnumNames<NetworkClass> {
  static constexpr std::pair<const char*, NetworkClass> names[] = {
      {"scale_up", NetworkClass::scale_up}, {"scale_out", NetworkClass::scale_out}, {"host", NetworkClass::host}};
};
template <>
struct EnumNames<Topology> {
  static constexpr std::pair<const char*, Topology> names[] = {{"none", Topology::none},
                                                               {"switched", Topology::switched},
                                                               {"mesh", Topology::mesh},
                                                               {"torus", Topology::torus},
                                                               {"fat_tree", Topology::fat_tree}};
};

}  // namespace stargate
