// Reads the file, finds the catalogue's model of that shape or name, prints command, YAML and what was ignored.
#include "stargate/app/command_import.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/import/import_layout.hpp"

namespace stargate {
namespace {

bool same_shape(const Model& model, const ImportedLayout& l) {
  int heads = 0, experts = 0;
  for (const auto& shape : model.shapes) {
    heads = std::max(heads, shape.attention.heads), experts = std::max(experts, shape.feed_forward.experts);
  }
  return model.layer_count() == *l.layers && model.hidden == *l.hidden && l.heads.value_or(heads) == heads &&
         l.experts.value_or(experts) == experts;
}

std::string letters_and_digits(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

/// The model of this shape; else the newest by name whose id begins with the name and ends with the flavour
/// ("llama3", "405B": llama-3.1-405b).
std::string find_model(const Catalogue& catalogue, const ImportedLayout& l) {
  std::string found;
  const std::string name = letters_and_digits(l.model_name), flavor = letters_and_digits(l.model_flavor);
  for (const auto& [id, model] : catalogue.models) {
    if (l.layers && l.hidden) {
      if (same_shape(model, l)) return id;
      continue;
    }
    const std::string plain = letters_and_digits(id);
    if (!name.empty() && plain.starts_with(name) && plain.ends_with(flavor)) found = id;
  }
  return found;
}

std::string option_text(const ImportedOption& option) {
  std::string value = option.value;
  std::replace(value.begin(), value.end(), '\n', ' ');
  return fmt::format("  line {}: {}{}{}\n", option.at.line, option.path, value.empty() ? "" : " ", value);
}

}  // namespace

void import_file(Session& session, const ImportFlags& flags) {
  auto text = session.files.read(flags.file);
  if (!text) return session.fail(text.faults());
  auto options = read_import_options(flags.file, *text);
  if (!options) return session.fail(options.faults());
  auto layout = import_layout(*options, flags.gpus);
  if (!layout) return session.fail(layout.faults());
  if (layout->ignored.size() == options->options.size()) {
    return session.fail(Diagnostics{Diagnostic{flags.file,
                                               0,
                                               0,
                                               {},
                                               "holds no option of a layout",
                                               "give Megatron-LM arguments, a torchtitan or a NeMo configuration",
                                               {}}});
  }
  auto catalogue = load_catalogue(session.files, session.catalogue_folder);
  if (!catalogue) return session.fail(catalogue.faults());
  const std::string model = flags.model.empty() ? find_model(*catalogue, *layout) : flags.model;
  session.print_text(fmt::format("{} configuration {}\n\nCommand\n{}\nLayout, in Megatron-Core's names\n{}",
                                 import_dialect_name(layout->dialect), flags.file,
                                 format_import_command(*layout, model, flags.system), format_import_yaml(*layout)));
  if (!layout->notes.empty()) session.print_text("\nAssumed\n");
  for (const auto& note : layout->notes) session.print_text(fmt::format("  {}\n", note));
  if (!layout->ignored.empty()) session.print_text("\nIgnored: no part of the layout\n");
  for (const auto& option : layout->ignored) session.print_text(option_text(option));
}

}  // namespace stargate
