// system, owner, site -> ownership_cost at the three prices -> the bill
#include "stargate/questions/cost.hpp"

#include "stargate/questions/cost_report.hpp"
#include "stargate/questions/serving_fields.hpp"

namespace stargate {
namespace {

/// From what a chip earns until the next is better to what books write it off over, years.
constexpr double kLives[] = {2, 3, 4, 5, 6};

Result<const Owner*> find_owner(const QuestionContext& context, const Catalogue& catalogue, const std::string& id) {
  const auto owner = catalogue.owners.find(id);
  if (owner != catalogue.owners.end()) return &owner->second;
  return context.fault("owner", "there is no owner '" + id + "'", suggest_name(id, record_ids(catalogue, "owner")));
}

/// Null when none is named.
Result<const Site*> find_site(const QuestionContext& context, const Catalogue& catalogue, const CostQuestion& question,
                              const Owner& owner) {
  if (question.site.empty()) return static_cast<const Site*>(nullptr);
  if (owner.colocation) {
    return context.fault("site", "has no effect: '" + owner.id + "' rents power and room at one price anywhere",
                         "leave it out, or name an owner who builds");
  }
  const auto site = catalogue.sites.find(question.site);
  if (site != catalogue.sites.end()) return &site->second;
  return context.fault("site", "there is no site '" + question.site + "'",
                       suggest_name(question.site, record_ids(catalogue, "site")));
}

std::optional<MemoryBill> memory_bill(const Catalogue& catalogue, const System& system) {
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  const auto kind = catalogue.memories.find(accelerator.memory);
  if (kind == catalogue.memories.end() || !kind->second.price) return std::nullopt;
  const auto& price = *kind->second.price;
  const Bytes capacity = accelerator.memory_capacity;
  return MemoryBill{kind->first, capacity, price.low * capacity, price.mid * capacity, price.high * capacity};
}

}  // namespace

const QuestionTable<CostQuestion>& CostQuestion::table() {
  static const auto table = [] {
    QuestionTable<CostQuestion> t("cost", "What owning a machine costs: an hour, a system, a gigawatt, with the bill");
    t.group("What and whose").required("system", &CostQuestion::system, "Id of a system of the catalogue").type("ID");
    t.optional("owner", &CostQuestion::owner, "Id of an owner of the catalogue").type("ID");
    t.optional("site", &CostQuestion::site, "Id of a site: its construction, PUE and electricity")
        .type("ID")
        .otherwise("the owner's usual facility");
    t.optional("cluster", &CostQuestion::cluster, "Accelerators that one network joins",
               {.at_least = 1.0, .above = {}, .at_most = 1e8});
    t.optional("power", &CostQuestion::power, "Of a site full of it, at the meter", positive);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Result<Answer> answer_cost(const CostQuestion& question, const QuestionContext& context) {
  auto catalogue = load_changed_catalogue(context, question);
  if (!catalogue) return catalogue.faults();
  const auto system = find_system(context, *catalogue, "system", question.system);
  if (!system) return system.faults();
  const auto owner = find_owner(context, *catalogue, question.owner);
  if (!owner) return owner.faults();
  const auto site = find_site(context, *catalogue, question, **owner);
  if (!site) return site.faults();

  const auto of = [&](Money price, const Owner& owned_by) {
    return ownership_cost(*catalogue, **system, price, owned_by, {*site, question.cluster});
  };
  const auto at = [&](Money price) { return of(price, **owner); };
  const Price& price = (*system)->price;
  const std::optional<Site> there = *site == nullptr ? std::nullopt : std::optional(**site);
  CostAnswer report{**system,       **owner,       there,                question.cluster,
                    question.power, at(price.mid), at(price.low).hour(), at(price.high).hour(),
                    rental_price(*catalogue, **system), memory_bill(*catalogue, **system), {}};
  for (const double years : kLives) {
    Owner shorter = **owner;
    shorter.system_life = shorter.network_life = shorter.storage_life = years * year;
    report.by_life.emplace_back(years, of(price.mid, shorter).hour());
  }
  const std::string file = context.path_of("csv");
  const std::string csv = file.empty() ? "" : bill_csv(report);
  Answer answer = make_answer(AnswerKind::answered, std::move(report), bill_text, write_bill);
  if (!file.empty()) answer.files.push_back({file, csv});
  return answer;
}

Question cost_question() {
  return make_question(answer_cost,
                       {{"--system gb200-nvl72", "a rack of a hyperscaler, and a gigawatt of them"},
                        {"--system hgx-h100 --owner neocloud", "in colocation"},
                        {"--system vera-rubin-nvl72 --site abilene --cluster 100000 --power 1.2GW",
                         "at a site, joined in one network"}},
                       bill_answer_fields(), {{"csv", "FILE.csv", "The bill, a line a class"}});
}

}  // namespace stargate
