// One small file, read when a question is asked.
#include "stargate/questions/published_mfu.hpp"

#include <fmt/format.h>

#include "stargate/catalogue/model_experts.hpp"

namespace stargate {

const RecordTable<PublishedMfu>& PublishedMfu::table() {
  using P = PublishedMfu;
  static const auto table = RecordTable<P>("published runs", "MFU of published runs of one kind.")
                                .required("low", &P::low, "A quarter of the runs lies below.", fraction)
                                .required("median", &P::median, "Half of them.", fraction)
                                .required("high", &P::high, "A quarter lies above.", fraction)
                                .required("runs", &P::runs, "Configurations, each once.", not_negative)
                                .required("sources", &P::sources, "Who published them.");
  return table;
}

const RecordTable<PublishedMfus>& PublishedMfus::table() {
  using P = PublishedMfus;
  static const auto table = RecordTable<P>("published MFU", "What published training runs reach.")
                                .optional("runs", &P::runs, "By accelerator, format and kind of model.")
                                .optional("sources", &P::sources, "Titles by key.");
  return table;
}

Result<PublishedMfus> load_published_mfu(const QuestionContext& context) {
  const std::string path = context.catalogue_folder + "/published_mfu.yaml";
  const auto text = context.files.read(path);
  if (!text) return PublishedMfus{};
  auto document = parse_yaml(path, *text);
  if (!document) return document.faults();
  auto out = read_record<PublishedMfus>(*document);
  if (!out) return out.faults();
  Diagnostics faults;
  for (const auto& [key, published] : out->runs) {
    for (const std::string& source : published.sources) {
      if (out->sources.contains(source)) continue;
      faults.push_back({path, 0, 0, "runs." + key + ".sources", "no source '" + source + "' in this file",
                        "name it under 'sources'", {}});
    }
  }
  if (!faults.empty()) return faults;
  return out;
}

std::string published_mfu_key(const TrainingJob& job) {
  const char* kind = job.recipe.frozen_weights ? "lora" : has_experts(*job.model) ? "moe" : "dense";
  return fmt::format("{} {} {}", job.accelerator->id, precision_name(job.recipe.precision.linear), kind);
}

std::string format_published_mfu(const PublishedMfus& published, const TrainingJob& job) {
  const char* model = job.recipe.frozen_weights ? "LoRA"
                      : has_experts(*job.model) ? "models with experts"
                                                : "dense models";
  const std::string kind =
      fmt::format("{} on {} in {}", model, job.accelerator->id, precision_name(job.recipe.precision.linear));
  const auto found = published.runs.find(published_mfu_key(job));
  if (found == published.runs.end()) return "none known of " + kind;
  const PublishedMfu& p = found->second;
  return fmt::format("half of {} of {} reach {:.0f} to {:.0f} % MFU, median {:.0f} %", p.runs, kind, 100 * p.low,
                     100 * p.high, 100 * p.median);
}

void write_published_mfu(JsonWriter& json, const std::optional<PublishedMfu>& published) {
  if (!published) return;
  json.key("published_mfu").begin_object();
  json.member("low", published->low).member("median", published->median).member("high", published->high);
  json.member("runs", published->runs).end_object();
}

const AnswerFields& published_mfu_fields() {
  static const AnswerFields fields{
      {"published_mfu/low", "number", "MFU below which a quarter of the published runs of this kind lies"},
      {"published_mfu/median", "number", "Half of them"},
      {"published_mfu/high", "number", "A quarter lies above"},
      {"published_mfu/runs", "integer", "Configurations published on this accelerator, in this format, dense or not"}};
  return fields;
}

}  // namespace stargate
