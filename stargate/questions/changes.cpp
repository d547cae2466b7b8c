// Reading of `set` and `without`, and of models in files.
#include "stargate/questions/changes.hpp"

#include "stargate/catalogue/model_config.hpp"

namespace stargate {

Result<std::string> resolve_model(const FileReader& files, Catalogue& catalogue, const std::string& model) {
  if (!model.ends_with(".json")) {
    if (catalogue.models.contains(model)) return model;
    const auto hint = suggest_name(model, record_ids(catalogue, "model"));
    return Diagnostic{{}, 0, 0, {}, "there is no model '" + model + "'", hint + " Or give the path of a config.json.",
                      {}};
  }
  auto text = files.read(model);
  if (!text) return text.faults();
  const auto slash = model.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : model.substr(0, slash);
  auto quantised = files.read(folder + "/hf_quant_config.json");  // only ModelOpt checkpoints have one
  auto parsed = parse_model_config(model, *text, quantised ? &*quantised : nullptr);
  if (!parsed) return parsed.faults();
  parsed->id = model;
  if (parsed->name.empty()) parsed->name = model;
  catalogue.models.insert_or_assign(model, std::move(*parsed));
  return model;
}

Result<std::string> resolve_model(const QuestionContext& context, Catalogue& catalogue, const std::string& model,
                                  const std::string& assume) {
  if (!assume.empty() && assume != "llama") {
    return context.fault("assume", "'" + assume + "' is no family that a model can be read as", "llama is");
  }
  auto id = resolve_model(context.files, catalogue, model);
  if (!id && !id.faults()[0].file.empty()) return id;
  if (!id) return context.fault("model", id.faults()[0].message, id.faults()[0].hint);
  const Model& found = catalogue.models.at(*id);
  if (found.assumed.empty()) return id;
  if (assume != found.assumed) {
    return context.fault("model", "'" + model + "' is of no type that is known: " + found.notes.front(),
                         "'stargate model' counts it so; ask for that with --assume " + found.assumed);
  }
  Model named = found;
  named.id = *id + " (type not known, read as " + found.assumed + ")";
  named.name += " (type not known, read as " + found.assumed + ")";
  const std::string name = named.id;
  catalogue.models.insert_or_assign(name, std::move(named));
  return name;
}

ChangeFields asked_changes(const QuestionContext& context, const ChangeFields& fields) {
  ChangeFields out = fields;
  if (!context.left_out_change) return out;
  const std::size_t at = *context.left_out_change;
  if (at < out.set.size()) {
    out.set.erase(out.set.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (at - out.set.size() < out.without.size()) {
    // left_out_change counts `set` first, then `without`.
    out.without.erase(out.without.begin() + static_cast<std::ptrdiff_t>(at - fields.set.size()));
  }
  return out;
}

std::string describe_changes(const ChangeFields& fields) {
  std::string out;
  for (const auto& without : fields.without) out += (out.empty() ? "" : " ") + ("--without " + without);
  for (const auto& set : fields.set) out += (out.empty() ? "" : " ") + ("--set " + set);
  return out;
}

/// "kind:id.field" is of the catalogue, a path without a colon before its first dot of the study or the job.
Result<Changes> parse_changes(const ChangeFields& fields) {
  Changes changes;
  Diagnostics faults;
  for (const auto& text : fields.set) {
    auto change = parse_override(text);
    if (!change) {
      faults.insert(faults.end(), change.faults().begin(), change.faults().end());
    } else if (change->path.find(':') < change->path.find('.')) {
      changes.catalogue.set.push_back(*change);
    } else {
      changes.study.push_back(*change);
    }
  }
  for (const auto& text : fields.without) {
    auto name = parse_record_name(text);
    if (!name) {
      faults.push_back(name.faults()[0]);
      faults.back().file = "--without " + text;
    } else {
      changes.catalogue.without.push_back(text);
    }
  }
  if (!faults.empty()) return faults;
  return changes;
}

Result<Catalogue> load_changed_catalogue(const QuestionContext& context, const ChangeFields& fields) {
  auto changes = parse_changes(asked_changes(context, fields));
  if (!changes) return changes.faults();
  return load_catalogue(context.files, context.catalogue_folder, changes->catalogue);
}

}  // namespace stargate
