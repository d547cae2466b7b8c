// Checks across fields and records. Faults name the record's file and the path; load_catalogue finds the line again.
#include "stargate/catalogue/catalogue_check.hpp"

#include <algorithm>

namespace stargate {

Diagnostics check_sources(const Document& document, const Record& record) {
  Diagnostics faults;
  const Node* sources = document.root.find("sources");
  for (const auto& member : document.root.members) {
    const bool plain = member.key == "name" || member.key == "sources" || member.key == "notes";
    if (!plain && record.source_of(member.key) == nullptr) {
      faults.push_back(
          document.fault(member.at, member.key, "has no source", "name it under sources, or give a source for \"*\""));
    }
  }
  for (const auto& member : sources == nullptr ? std::vector<Member>{} : sources->members) {
    if (member.key != "*" && document.root.find(member.key) == nullptr) {
      faults.push_back(document.fault(member.at, "sources", "'" + member.key + "' is not a field of this record"));
    }
  }
  return faults;
}

namespace {

/// Knows the file it is in; collects faults with file and path.
class ReferenceCheck {
 public:
  ReferenceCheck(const Catalogue& catalogue, std::string folder, const std::vector<std::string>& without)
      : catalogue_(catalogue), folder_(std::move(folder)), without_(without) {}

  void enter(std::string file) { file_ = folder_ + "/" + file + ".yaml"; }

  void note(const std::string& path, const SourceNote& note) {
    for (const auto& id : note.sources) {
      if (catalogue_.sources.contains(id)) continue;
      std::vector<std::string> known;
      for (const auto& [source, record] : catalogue_.sources) known.push_back(source);
      fault(path, "there is no source '" + id + "' in sources.yaml", suggest_name(id, known));
    }
  }
  void sources(const Record& record) {
    for (const auto& [field, source_note] : record.sources) note("sources." + field, source_note);
  }
  /// An empty id means the optional field was not given.
  void reference(const std::string& path, const std::string& kind, const std::string& id) {
    if (id.empty()) return;
    if (std::find(without_.begin(), without_.end(), kind + ":" + id) != without_.end()) return;
    const auto known = record_ids(catalogue_, kind);
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      fault(path, "there is no " + kind + " '" + id + "'", suggest_name(id, known));
    }
  }
  template <class Q>
  void range(const std::string& path, const std::optional<PriceRange<Q>>& price) {
    if (price && !(price->low <= price->mid && price->mid <= price->high))
      fault(path, "low, mid and high are out of order");
  }
  template <Dim D>
  void below(const std::string& path, Quantity<D> value, const std::string& other, Quantity<D> limit) {
    if (value <= limit) return;
    fault(path, "is " + format_quantity(value) + ", above '" + other + "', " + format_quantity(limit),
          "one of the two is wrong");
  }
  /// Memory is counted in bytes, everything else in pieces: a supply states the one that is its product's.
  void product(const std::string& path, const Supply& supply) {
    note(path + ".source", supply.source);
    const bool memory = supply.product.starts_with("memory:");
    if (memory != supply.capacity.has_value() || memory == supply.units.has_value()) {
      fault(path, "memory is supplied as 'capacity', everything else as 'units'");
    }
    // Kinds of packaging and processes need no record: wafers are wafers.
    if (supply.product.starts_with("packaging:") || supply.product.starts_with("wafers:")) return;
    auto name = parse_record_name(supply.product);
    if (!name) return fault(path + ".product", name.faults()[0].message, name.faults()[0].hint);
    reference(path + ".product", name->kind, name->id);
  }
  void fault(const std::string& path, const std::string& message, const std::string& hint = {}) {
    faults_.push_back({file_, 0, 0, path, message, hint, {}});
  }
  Diagnostics take() { return std::move(faults_); }

 private:
  const Catalogue& catalogue_;
  std::string folder_;
  const std::vector<std::string>& without_;
  std::string file_;
  Diagnostics faults_;
};

/// A full mesh has as many links for each pair as its listed domain has, one at least. In a larger domain each pair
/// would have fewer, and the groups inside it would be slower for being given more room.
void check_mesh(ReferenceCheck& check, const Catalogue& catalogue, const System& system) {
  const auto network = catalogue.networks.find(system.scale_up);
  if (network == catalogue.networks.end() || network->second.topology != Topology::mesh) return;
  if (!network->second.links) return;
  const auto listed = catalogue.listed.systems.find(system.id);
  const auto listed_network = catalogue.listed.networks.find(system.scale_up);
  const int before = (listed == catalogue.listed.systems.end() ? system : listed->second).scale_up_domain - 1;
  const int links = *(listed_network == catalogue.listed.networks.end() ? network->second : listed_network->second).links;
  const int peers = system.scale_up_domain - 1, pair = std::max(1, before > 0 ? links / before : 1);
  if (*network->second.links >= pair * peers) return;
  check.fault("scale_up_domain",
              "a full mesh of " + std::to_string(peers + 1) + " with " + std::to_string(pair) +
                  " to each peer needs " + std::to_string(pair * peers) + " links of each accelerator; network:" +
                  system.scale_up + " has " + std::to_string(*network->second.links),
              "keep the domain, give the network more links, or a topology with switches");
}

void check_hardware(ReferenceCheck& check, const Catalogue& catalogue) {
  for (const auto& [id, a] : catalogue.architectures) check.enter("architectures/" + id), check.sources(a);
  for (const auto& [id, a] : catalogue.accelerators) {
    check.enter("accelerators/" + id);
    check.sources(a);
    check.reference("architecture", "architecture", a.architecture);
    check.reference("memory", "memory", a.memory);
    check.reference("scale_up", "network", a.scale_up);
    check.range("price", a.price);
    if (a.idle_power) check.below("idle_power", *a.idle_power, "power", a.power);
  }
  for (const auto& [id, s] : catalogue.systems) {
    check.enter("systems/" + id);
    check.sources(s);
    check.reference("accelerator", "accelerator", s.accelerator);
    check.reference("cpu", "cpu", s.cpu);
    check.reference("scale_up", "network", s.scale_up);
    check.reference("scale_out", "network", s.scale_out);
    check.range("price", std::optional(s.price));
    check_mesh(check, catalogue, s);
  }
  for (const auto& [id, c] : catalogue.cpus) {
    check.enter("cpus/" + id);
    check.sources(c);
    check.reference("memory", "memory", c.memory);
  }
  for (const auto& [id, m] : catalogue.memories) {
    check.enter("memories/" + id);
    check.sources(m);
    check.range("price", m.price);
  }
  for (const auto& [id, n] : catalogue.networks) check.enter("networks/" + id), check.sources(n);
}

/// A file is named by what it holds, and each coefficient of a group is one of the head's and within its bounds, but
/// for six digits' rounding; 0 says that the group has no such term.
void check_calibrations(ReferenceCheck& check, const Catalogue& catalogue) {
  for (const auto& [id, c] : catalogue.calibrations) {
    check.enter("calibration/" + id);
    check.sources(c);
    check.reference("device", "accelerator", c.device);
    if (id != c.device + "." + c.law) check.fault("device", "the file is not named DEVICE.LAW.yaml");
    for (std::size_t i = 0; i < c.groups.size(); ++i) {
      const std::string path = "groups[" + std::to_string(i) + "].coefficients";
      for (const auto& [name, value] : c.groups[i].coefficients) {
        const auto text = c.coefficients.find(name);
        if (text == c.coefficients.end()) {
          check.fault(path, "'" + name + "' is not among the coefficients at the head");
        } else if (value != 0 &&
                   !(text->second.lower * (1 - 1e-5) <= value && value <= text->second.upper * (1 + 1e-5))) {
          check.fault(path + "." + name, "is outside its bounds");
        }
      }
    }
  }
}

void check_engines(ReferenceCheck& check, const Catalogue& catalogue) {
  for (const auto& [id, e] : catalogue.engines) {
    check.enter("engines/" + id);
    check.sources(e);
    if (!e.before.empty() && compare_versions(e.since, e.before) >= 0) {
      check.fault("before", "is no later version than 'since'");
    }
  }
}

/// An owner builds or takes colocation; a field of the other way would change nothing.
void check_owners(ReferenceCheck& check, const Catalogue& catalogue) {
  for (const auto& [id, o] : catalogue.owners) {
    check.enter("owners/" + id);
    check.sources(o);
    check.range("construction_price", o.construction_price);
    if (o.colocation.has_value() == o.construction_price.has_value()) {
      check.fault("colocation", "an owner rents power and room (colocation) or builds (construction_price)",
                  "give one of the two");
      continue;
    }
    if (o.colocation) {
      if (o.electricity_price) check.fault("electricity_price", "has no effect: power is inside 'colocation'");
      continue;
    }
    if (!o.electricity_price) {
      check.fault("construction_price", "whoever builds pays for power: 'electricity_price' is missing");
    }
    if (o.power_share + o.cooling_share > 1) {
      check.fault("cooling_share", "is above what 'power_share' leaves of the whole");
    }
    for (const auto& [field, life] : {std::pair("building_life", o.building_life), {"power_life", o.power_life},
                                      {"cooling_life", o.cooling_life}}) {
      if (life.base() > 0) continue;
      check.fault("construction_price", std::string("is paid over years: '") + field + "' is missing");
    }
  }
}

void check_places(ReferenceCheck& check, const Catalogue& catalogue) {
  for (const auto& [id, s] : catalogue.sites) {
    check.enter("sites/" + id);
    check.sources(s);
    check.range("construction_price", std::optional(s.construction_price));
  }
  for (const auto& [id, r] : catalogue.routes) check.enter("routes/" + id), check.sources(r);
  for (const auto& [id, s] : catalogue.suppliers) {
    check.enter("suppliers/" + id);
    check.sources(s);
    for (std::size_t i = 0; i < s.delivers.size(); ++i)
      check.product("delivers[" + std::to_string(i) + "]", s.delivers[i]);
  }
  for (const auto& [id, r] : catalogue.rentals) {
    check.enter("rentals/" + id);
    check.sources(r);
    check.reference("accelerator", "accelerator", r.accelerator);
    for (const auto& quote : r.quotes) check.note("quotes.source", quote.source);
  }
  for (const auto& [id, c] : catalogue.training) {
    check.enter("training/" + id);
    check.sources(c);
  }
  for (const auto& [id, r] : catalogue.reliabilities) {
    check.enter("reliability/" + id);
    check.sources(r);
    check.reference("accelerator", "accelerator", r.accelerator);
  }
}

}  // namespace

Diagnostics check_references(const Catalogue& catalogue, const std::string& folder,
                             const std::vector<std::string>& without) {
  ReferenceCheck check(catalogue, folder, without);
  check_hardware(check, catalogue);
  check_places(check, catalogue);
  check_owners(check, catalogue);
  check_calibrations(check, catalogue);
  check_engines(check, catalogue);
  return check.take();
}

}  // namespace stargate
