// What a question changes before it is answered: values of records and of the study (`set`), records left out
// (`without`), and a model that is not in the catalogue but in a file. Read in one place for every question.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

/// Fields that questions share.
struct ChangeFields {
  std::vector<std::string> set;      ///< path=value
  std::vector<std::string> without;  ///< kind:id

  bool any() const { return !set.empty() || !without.empty(); }
};

template <class Q>
void add_change_fields(QuestionTable<Q>& table) {
  table.group("Changes")
      .optional("set", &Q::set, "Change a value: path=value, or +10%, x2; a record's path begins with kind:id")
      .type("PATH=VALUE");
  table.optional("without", &Q::without, "Leave a record out, such as supplier:samsung").type("KIND:ID");
}

/// The changes to be made: all that are asked for but the one the context leaves out. Whoever answers a question takes
/// its changes from here.
ChangeFields asked_changes(const QuestionContext& context, const ChangeFields& fields);

/// In words: "--set system.scale_up_domain=x10 --without supplier:samsung".
std::string describe_changes(const ChangeFields& fields);

/// What is asked, told apart by where it is made.
struct Changes {
  CatalogueChanges catalogue;   ///< of records
  std::vector<Override> study;  ///< of the study's own values
};
/// A path that begins with "kind:id." changes a record, any other the study. A change without '=' and a record of no
/// kind are faults of the flag that gave them.
Result<Changes> parse_changes(const ChangeFields& fields);

/// The catalogue with the changes to its records, for questions without a study.
Result<Catalogue> load_changed_catalogue(const QuestionContext& context, const ChangeFields& fields);

/// A model by its id in the catalogue, or from a Hugging Face config.json anywhere (with hf_quant_config.json beside
/// it), which is then added to the catalogue under its path. Returns the id.
Result<std::string> resolve_model(const FileReader& files, Catalogue& catalogue, const std::string& model);
/// The same for the question's field "model", where a fault is placed. A file whose type is not known is a fault unless
/// `assume` is the family it was read as ("llama"); the id then says so, and with it every answer.
Result<std::string> resolve_model(const QuestionContext& context, Catalogue& catalogue, const std::string& model,
                                  const std::string& assume);
/// Of every question that costs a model.
inline constexpr const char* kAssumeSentence = "Family to read a model of unknown type as: llama";

}  // namespace stargate
