// What a changed part does to the whole: its change reaches what is made of it, a better figure never worsens time,
// energy or price on any system of the catalogue, and every figure of the records that a training step and a serving
// step rest on either acts on them or stands in the list of those that do not, for which the commands say "no part of
// this answer uses it".
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "few_files.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/finance/cluster_share.hpp"
#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/step.hpp"
#include "stargate/training/energy.hpp"
#include "stargate/training/step.hpp"

using namespace stargate;

namespace {

/// The figures of a training step and of serving on one kind of machine.
struct Figures {
  Duration training_step, decode, prefill, narrow_decode;
  Energy step_energy;
  Bytes training_memory, kv_room;
  Power idle, busy, cluster_power;
  Money price, cluster_price;
  MoneyRate hour;
  friend bool operator==(const Figures&, const Figures&) = default;
};

class Machine {
 public:
  explicit Machine(std::string system) : system_(std::move(system)), files_(system_, {"llama-3.1-8b"}) {}

  Result<Figures> figures(const std::vector<Override>& changes) const {
    auto catalogue = load_catalogue(files_, kCatalogueFolder, {changes, {}});
    if (!catalogue) return catalogue.faults();
    Figures out;
    train(*catalogue, out);
    serve(*catalogue, out);
    const System& system = catalogue->systems.at(system_);
    const ReplicaPower power = replica_power(*catalogue, system, 1);
    const ClusterShare share = cluster_share(*catalogue, system, system.price.mid, kCampusAccelerators);
    out.idle = power.idle, out.busy = power.busy, out.price = system.price.mid;
    out.cluster_power = share.power, out.cluster_price = share.price();
    out.hour = accelerator_hour_price(*catalogue, system).mid;
    return out;
  }
  Figures must(const std::vector<Override>& changes) const {
    auto out = figures(changes);
    if (!out) FAIL(format_diagnostics(out.faults()));
    return *out;
  }

 private:
  void train(const Catalogue& catalogue, Figures& out) const {
    auto job = make_training_job(catalogue, "llama-3.1-8b", system_);
    REQUIRE(job.ok());
    TrainingLayout layout;
    layout.tp = 2, layout.pp = 2, layout.dp = 16, layout.sequence_parallel = true;
    job->gpus = 64, job->global_batch_size = 64, job->seq_length = 4096;
    const StepReport report = simulate_step(*job, layout);
    out.training_step = report.step_time(), out.training_memory = report.memory.missing() + report.memory.capacity;
    out.step_energy = step_energy(*job, layout, report.step_time());
  }

  void serve(const Catalogue& catalogue, Figures& out) const {
    const Model& model = catalogue.models.at("llama-3.1-8b");
    auto machine = make_serving_machine(catalogue, catalogue.systems.at(system_), kernel_choice(model, "vllm"));
    REQUIRE(machine.ok());
    Replica replica{&model, &*machine, {.tp = 4}, stored_precision(model), *find_engine(catalogue, "vllm")};
    const SequenceGroup prompt{1, 2048, 2048, false, 1};
    const StepModel steps(replica);
    out.decode = steps.decode_time(32, 2048).total();
    out.prefill = steps.step_time(std::span(&prompt, 1)).total();
    out.kv_room = replica_memory(replica).kv_room;
    replica.precision = serving_precision(Precision::fp8, Precision::fp8);
    out.narrow_decode = StepModel(replica).decode_time(256, 2048).total();
  }

  std::string system_;
  FewFiles files_;
};

/// Paths of the numbers of a record's document, but for where they are from.
void add_paths(const Node& node, const std::string& path, std::vector<std::string>& paths) {
  if (node.is_mapping()) {
    for (const Member& member : node.members) {
      const bool words = member.key == "sources" || member.key == "name" || member.key == "notes";
      if (path.empty() && words) continue;
      add_paths(member.value, path.empty() ? member.key : path + "." + member.key, paths);
    }
  } else if (node.is_scalar() && !node.text.empty() && std::isdigit(static_cast<unsigned char>(node.text[0])) != 0 &&
             node.text.find('Q') == std::string::npos) {
    paths.push_back(path);
  }
}

std::vector<std::string> number_paths(const std::string& kind, const std::string& id) {
  for (const RecordKind& known : record_kinds()) {
    if (known.name != kind) continue;
    const std::string file = kCatalogueFolder + "/" + known.folder + "/" + id + ".yaml";
    const auto text = DiskFileReader().read(file);
    REQUIRE(text.ok());
    const auto document = parse_yaml(file, *text);
    REQUIRE(document.ok());
    std::vector<std::string> paths;
    add_paths(document->root, {}, paths);
    return paths;
  }
  return {};
}

/// Figures of these records that no part of a training or serving step, its energy, memory and price uses.
const std::set<std::string> kUnused = {
    // of this accelerator: formats the two steps do not multiply in, figures that measured kernels stand for, what only
    // the programme's site and supply use, and prices that are not the likely one
    "accelerator:peak.tf32", "accelerator:peak.int8", "accelerator:best_share.bf16", "accelerator:best_share.fp8",
    "accelerator:scale_up_domain", "accelerator:host_bandwidth", "accelerator:price.low",
    "accelerator:price.high", "accelerator:packages_per_wafer", "system:accelerators_per_node", "system:cpus",
    "system:price.low", "system:price.high", "system:host_memory", "memory:price.low", "memory:price.high",
    "memory:device_energy", "memory:year",
    // switches' own latency is inside `latency`; links are counted for meshes alone
    "network:hop_latency", "network:links", "network:nvlink4.switch_radix", "network:port_price", "network:year",
    // of other recipes: experts, launches by the host, older attention, offloading, allocators
    "training:expert_overlap", "training:host_operator", "training:host_experts", "training:expert_stall",
    "training:flash1_slowdown", "training:flash2_slowdown", "training:host_update_rate", "training:allocator_slack",
    // of whole requests, of experts, and of a profiled step that is larger than its sampling
    "engine:since", "engine:request_overhead", "engine:stream_overhead", "engine:token_overhead", "engine:warm_up",
    "engine:expert_skew", "engine:max_num_batched_tokens"};

}  // namespace

TEST_CASE("every figure of the records behind a step acts on it, or stands in the list of those that do not") {
  const Machine machine("hgx-h100");
  const Figures before = machine.must({});
  const std::pair<const char*, const char*> records[] = {
      {"accelerator", "h100-sxm"}, {"system", "hgx-h100"},       {"network", "nvlink4"}, {"network", "infiniband-ndr"},
      {"memory", "hbm3"},          {"training", "coefficients"}, {"engine", "vllm-0.14"}};
  for (const auto& [kind, id] : records) {
    for (const std::string& path : number_paths(kind, id)) {
      const std::string name = std::string(kind) + ":" + id + "." + path;
      auto after = machine.figures({{name, "x2"}});
      if (!after.ok()) after = machine.figures({{name, "-50%"}});
      if (!after.ok()) after = machine.figures({{name, "+10%"}});
      if (after.ok() && *after == before && path == "step_overhead") after = machine.figures({{name, "1 ms"}});  // of 0
      if (!after.ok()) continue;  // a fault names what the value would break: said too
      const bool acts = !(*after == before);
      const bool listed = kUnused.contains(std::string(kind) + ":" + path) || kUnused.contains(name);
      CHECK_MESSAGE(acts != listed,
                    fmt::format("{} {}", name, listed ? "is listed as unused, and acts" : "acts on nothing"));
    }
  }
}

TEST_CASE("no bandwidth at all is a fault, not the absence of a figure") {
  const Machine machine("hgx-h100");
  for (const char* path :
       {"network:nvlink4.bandwidth", "network:infiniband-ndr.bandwidth", "accelerator:h100-sxm.scale_up_bandwidth",
        "accelerator:h100-sxm.scale_out_bandwidth", "accelerator:h100-sxm.host_bandwidth",
        "accelerator:h100-sxm.memory_bandwidth", "memory:hbm3.bandwidth_per_stack"}) {
    CHECK_MESSAGE(!machine.figures({{path, "0 GB/s"}}).ok(), path);
  }
}

TEST_CASE("a part's change reaches what is made of it") {
  const Machine machine("hgx-h100");
  const Figures before = machine.must({});
  CHECK(machine.must({{"memory:hbm3.pin_rate", "+50%"}}).decode < before.decode);
  CHECK(machine.must({{"memory:hbm3.bandwidth_per_stack", "+50%"}}).decode < before.decode);
  CHECK(machine.must({{"memory:hbm3.capacity_per_stack", "+50%"}}).kv_room > before.kv_room);
  CHECK(machine.must({{"memory:hbm3.price.mid", "16 $/GB"}}).price > before.price);
  CHECK(machine.must({{"accelerator:h100-sxm.price.mid", "30 k$"}}).price > before.price);
  CHECK(machine.must({{"accelerator:h100-sxm.power", "+20%"}}).step_energy > before.step_energy);
  CHECK(machine.must({{"accelerator:h100-sxm.power", "+20%"}}).busy > before.busy);
  CHECK(machine.must({{"network:nvlink4.latency", "x4"}}).decode > before.decode);
  CHECK(machine.must({{"network:nvlink4.bandwidth", "-50%"}}).prefill > before.prefill);
  CHECK(machine.must({{"network:infiniband-ndr.bandwidth", "-50%"}}).training_step > before.training_step);
}

TEST_CASE("a figure that the question sets stays, whatever its parts become") {
  const Machine machine("hgx-h100");
  const Override own{"accelerator:h100-sxm.memory_bandwidth", "3 TB/s"};
  CHECK(machine.must({own, {"memory:hbm3.pin_rate", "+50%"}}) == machine.must({own}));
}

namespace {

/// Changes that make a system better, each in one respect. An accelerator's power is none: it is what it may draw, and
/// less of it is slower (hardware_laws.cpp).
std::vector<Override> better_figures(const System& system) {
  const Catalogue& shipped = shipped_catalogue();
  const Accelerator& accelerator = shipped.accelerators.at(system.accelerator);
  const std::string part = "accelerator:" + accelerator.id, whole = "system:" + system.id;
  const std::string memory = "memory:" + accelerator.memory;
  std::vector<Override> out = {{part + ".memory_bandwidth", "+50%"},    {part + ".memory_capacity", "+50%"},
                               {part + ".scale_out_bandwidth", "+50%"}, {whole + ".price.low", "-20%"},
                               {whole + ".power", "-10%"},
                               {memory + ".bandwidth_per_stack", "+20%"},
                               {memory + ".capacity_per_stack", "+20%"}};
  for (const auto& [precision, rate] : accelerator.peak) {
    out.push_back({part + ".peak." + precision_name(precision), "+50%"});
  }
  if (accelerator.scale_up_bandwidth.base() > 0) out.push_back({part + ".scale_up_bandwidth", "+50%"});
  if (accelerator.host_bandwidth.base() > 0) out.push_back({part + ".host_bandwidth", "+50%"});
  if (accelerator.last_level_cache) out.push_back({part + ".last_level_cache", "+50%"});
  if (system.scale_up_domain > 1) out.push_back({whole + ".scale_up_domain", "x2"});
  for (const std::string& id : {system.scale_up, system.scale_out}) {
    if (id.empty()) continue;
    const Network& network = shipped.networks.at(id);
    out.push_back({"network:" + id + ".bandwidth", "+50%"});
    if (network.latency) out.push_back({"network:" + id + ".latency", "-50%"});
    if (network.efficiency && *network.efficiency < 0.9) out.push_back({"network:" + id + ".efficiency", "+10%"});
  }
  return out;
}

}  // namespace

TEST_CASE("on every system a better figure never worsens time, energy, memory or price") {
  int tried = 0;
  for (const auto& [id, system] : shipped_catalogue().systems) {
    const Machine machine(id);
    const Figures before = machine.must({});
    for (const Override& change : better_figures(system)) {
      const auto result = machine.figures({change});
      const std::string name = id + ": " + change.path + "=" + change.value;
      if (!result.ok()) {
        MESSAGE(name << "\n" << format_diagnostics(result.faults()));
        continue;  // the record's limits say why: told to the user too
      }
      ++tried;
      const Figures& after = *result;
      CHECK_MESSAGE(after.training_step <= before.training_step * 1.001, name);
      CHECK_MESSAGE(after.decode <= before.decode * 1.005, name);
      CHECK_MESSAGE(after.prefill <= before.prefill * 1.005, name);
      CHECK_MESSAGE(after.narrow_decode <= before.narrow_decode * 1.005, name);
      CHECK_MESSAGE(after.kv_room >= before.kv_room, name);
      CHECK_MESSAGE(after.idle <= before.idle, name);
      CHECK_MESSAGE(after.busy <= before.busy, name);
      // More memory costs what the memory costs, and more bandwidth needs switches to put its ports in.
      const bool more_memory = change.path.ends_with("memory_capacity") || change.path.ends_with("capacity_per_stack");
      if (!more_memory) CHECK_MESSAGE(after.price <= before.price, name);
      const bool more_ports = change.path.ends_with("scale_out_bandwidth");
      if (!more_memory && !more_ports) CHECK_MESSAGE(after.cluster_price <= before.cluster_price * (1 + 1e-9), name);
      // Units that wait less draw more, and are done earlier: the energy of a step stays about the same.
      CHECK_MESSAGE(after.step_energy <= before.step_energy * 1.02, name);
    }
  }
  CHECK(tried > 300);
}
