// Messages to the user, and the reading of --set and --without.
#include "stargate/app/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "stargate/catalogue/model_config.hpp"

namespace stargate {

namespace {

/// A program outside its tree finds no catalogue; a missing file of it would not say so.
std::optional<Diagnostic> missing_catalogue(const std::string& folder, const Diagnostics& faults) {
  std::error_code error;
  const auto inside = [&](const Diagnostic& fault) { return fault.file.starts_with(folder + "/"); };
  if (std::none_of(faults.begin(), faults.end(), inside) || std::filesystem::is_directory(folder, error)) return {};
  return Diagnostic{folder,
                    0,
                    0,
                    {},
                    "there is no catalogue",
                    "name its folder with --catalogue, or set STARGATE_HOME to the folder that holds 'catalogue'",
                    {}};
}

}  // namespace

void Session::fail(const Diagnostics& faults) {
  const auto missing = missing_catalogue(catalogue_folder, faults);
  std::fputs(format_diagnostics(missing ? Diagnostics{*missing} : faults).c_str(), stderr);
  exit_code = kExitWrongInput;
}

void Session::fail(const std::string& message, const std::string& hint) {
  fail(Diagnostics{Diagnostic{{}, 0, 0, {}, message, hint, {}}});
}

bool Session::write(const std::string& path, const std::string& content) {
  if (files.was_read(path)) {
    fail(path + ": is a file that the answer was made from; it is not written over", "choose another name");
    return false;
  }
  auto written = write_file(path, content);
  if (written.ok()) return true;
  fail(written.faults());
  exit_code = kExitInternal;
  return false;
}

void Session::progress(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "%s\n", text.c_str());
}

void Session::progress_line(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

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

std::string describe_changes(const ChangeFlags& flags) {
  std::string out;
  for (const auto& without : flags.without) out += (out.empty() ? "" : " ") + ("--without " + without);
  for (const auto& set : flags.set) out += (out.empty() ? "" : " ") + ("--set " + set);
  return out;
}

Result<Changes> parse_changes(const ChangeFlags& flags) {
  Changes changes;
  Diagnostics faults;
  for (const auto& text : flags.set) {
    auto change = parse_override(text);
    if (!change) {
      faults.insert(faults.end(), change.faults().begin(), change.faults().end());
    } else if (change->path.find(':') < change->path.find('.')) {
      changes.catalogue.set.push_back(*change);
    } else {
      changes.study.push_back(*change);
    }
  }
  for (const auto& text : flags.without) {
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

Result<Catalogue> load_changed_catalogue(const Session& session, const ChangeFlags& flags) {
  auto changes = parse_changes(flags);
  if (!changes) return changes.faults();
  return load_catalogue(session.files, session.catalogue_folder, changes->catalogue);
}

}  // namespace stargate
